package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The kernel's names for descriptors of this process. */
final class ProcPaths {
    /** PATH_MAX. */
    private static final int MOST_BYTES = 4096;

    private ProcPaths() {}

    static String ofDescriptor(int descriptor) {
        return "/proc/self/fd/" + descriptor;
    }

    /** The absolute path, without symbolic links, of what a descriptor stands for. */
    static String pathOf(int descriptor) throws PosixException {
        String link = ofDescriptor(descriptor);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocate(MOST_BYTES);
            long length = LibC.restarting(() -> LibC.readlink(link, path));
            if (length < 0) {
                throw new PosixException("read link", link, (int) -length);
            }
            return new String(path.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }
}
