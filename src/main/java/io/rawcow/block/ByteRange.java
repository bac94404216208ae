package io.rawcow.block;

/**
 * A half-open range of bytes that is not empty.
 *
 * @param offset first byte, not negative
 * @param length bytes, positive
 */
public record ByteRange(long offset, long length) {
    public ByteRange {
        if (offset < 0 || length <= 0 || Math.addExact(offset, length) < 0) {
            throw new IllegalArgumentException("bad range: offset=%d length=%d".formatted(offset, length));
        }
    }

    public static ByteRange between(long start, long end) {
        return new ByteRange(start, end - start);
    }

    public long end() {
        return offset + length;
    }

    public boolean overlaps(ByteRange other) {
        return offset < other.end() && other.offset < end();
    }
}
