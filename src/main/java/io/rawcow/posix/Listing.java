package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The names in a folder, read by getdents64(2). */
final class Listing {
    private static final int BUFFER_BYTES = 32 * 1024;

    // struct linux_dirent64
    private static final int RECORD_BYTES = 16;
    private static final int NAME = 19;

    private Listing() {}

    /** @param descriptor of a folder, at its beginning; nobody else may read it meanwhile */
    static List<String> of(int descriptor, String path) throws PosixException {
        List<String> names = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entries = arena.allocate(BUFFER_BYTES, Long.BYTES);
            long filled;
            do {
                filled = LibC.restarting(() -> LibC.getdents64(descriptor, entries));
                if (filled < 0) {
                    throw new PosixException("list", path, (int) -filled);
                }
                addNames(entries.asSlice(0, filled), names);
            } while (filled > 0);
        }
        return List.copyOf(names);
    }

    private static void addNames(MemorySegment entries, List<String> names) {
        long entry = 0;
        while (entry < entries.byteSize()) {
            String name = entries.getString(entry + NAME);
            if (!name.equals(".") && !name.equals("..")) {
                names.add(name);
            }
            entry += Short.toUnsignedLong(entries.get(JAVA_SHORT, entry + RECORD_BYTES));
        }
    }
}
