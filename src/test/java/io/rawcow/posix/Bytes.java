package io.rawcow.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text in and out of files. */
final class Bytes {
    private Bytes() {}

    static MemorySegment of(String text) {
        return of(text.getBytes(StandardCharsets.US_ASCII));
    }

    static MemorySegment of(byte[] bytes) {
        MemorySegment segment = Arena.ofAuto().allocate(bytes.length, 1);
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
        return segment;
    }

    static MemorySegment filled(int length, char value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return of(bytes);
    }

    /** What a read of so many bytes gives: less at the end of the file. */
    static byte[] read(OpenFile file, long offset, int length) throws PosixException {
        MemorySegment target = filled(length, '?');
        long done = file.read(offset, target);
        return target.asSlice(0, done).toArray(JAVA_BYTE);
    }

    static String text(OpenFile file, long offset, int length) throws PosixException {
        return new String(read(file, offset, length), StandardCharsets.US_ASCII);
    }
}
