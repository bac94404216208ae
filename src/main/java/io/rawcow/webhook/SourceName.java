package io.rawcow.webhook;

import io.rawcow.posix.Access;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** What a catalog is called where it tells of events: made once, and the same as long as its folder is. */
final class SourceName {
    private static final String NAME = ".source";
    private static final String TEMPORARY = ".source.new";
    private static final int FILE_MODE = 0600;
    private static final int LENGTH = 36;

    private SourceName() {}

    static String in(Folder folder) throws PosixException {
        if (folder.status(NAME).isEmpty()) {
            make(folder);
        }
        return "urn:rawcow:" + read(folder);
    }

    private static void make(Folder folder) throws PosixException {
        if (folder.status(TEMPORARY).isPresent()) {
            folder.unlink(TEMPORARY);
        }
        try (OpenFile file = folder.create(TEMPORARY, FILE_MODE);
                Arena arena = Arena.ofConfined()) {
            byte[] text = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
            MemorySegment bytes = arena.allocate(text.length);
            bytes.copyFrom(MemorySegment.ofArray(text));
            file.write(0, bytes);
            file.sync();
        }
        folder.rename(TEMPORARY, NAME);
        folder.sync();
    }

    private static String read(Folder folder) throws PosixException {
        try (OpenFile file = folder.open(NAME, Access.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(LENGTH);
            long read = file.read(0, bytes);
            return new String(bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII).strip();
        }
    }
}
