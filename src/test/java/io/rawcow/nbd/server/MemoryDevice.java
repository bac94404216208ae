package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.Zeroing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A device in memory that writes down what is asked of it, and can be told to fail or to hang. */
final class MemoryDevice implements BlockDevice {
    static final int GRAIN = 4096;

    /** Runs before every call; may throw, or wait. */
    interface Hook {
        void before(String call, long offset, long length) throws BlockException;
    }

    private final byte[] bytes;
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile Hook hook = (call, offset, length) -> {};
    private volatile @Nullable FaultKind fault;

    MemoryDevice(int size) {
        this.bytes = new byte[size];
    }

    byte[] bytes() {
        return bytes;
    }

    /** What was asked, without reads and writes: {@code zero 0 4096 PUNCH}. */
    List<String> calls() {
        return calls;
    }

    void hook(Hook next) {
        hook = next;
    }

    void failWith(@Nullable FaultKind kind) {
        fault = kind;
    }

    private void enter(String call, long offset, long length) throws BlockException {
        hook.before(call, offset, length);
        FaultKind kind = fault;
        if (kind != null) {
            throw new BlockException(kind, "as told: path=/secret/place");
        }
    }

    @Override
    public long sizeBytes() {
        return bytes.length;
    }

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        enter("read", offset, target.byteSize());
        MemorySegment.copy(bytes, (int) offset, target, ValueLayout.JAVA_BYTE, 0, (int) target.byteSize());
    }

    @Override
    public void write(long offset, MemorySegment source) throws BlockException {
        enter("write", offset, source.byteSize());
        MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, bytes, (int) offset, (int) source.byteSize());
    }

    @Override
    public Extent extentAt(long offset, long limit) throws BlockException {
        enter("extent", offset, limit - offset);
        boolean zero = isZero(offset, limit);
        long end = offset;
        while (end < limit && isZero(end, limit) == zero) {
            end = Math.min(limit, (end / GRAIN + 1) * GRAIN);
        }
        return new Extent(ByteRange.between(offset, end), zero);
    }

    private boolean isZero(long from, long limit) {
        long end = Math.min(limit, (from / GRAIN + 1) * GRAIN);
        for (long at = from; at < end; at++) {
            if (bytes[(int) at] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void zero(ByteRange range, Zeroing how) throws BlockException {
        clear("zero", range, how);
    }

    @Override
    public void zeroFast(ByteRange range, Zeroing how) throws BlockException {
        clear("zeroFast", range, how);
    }

    private void clear(String call, ByteRange range, Zeroing how) throws BlockException {
        enter(call, range.offset(), range.length());
        java.util.Arrays.fill(bytes, (int) range.offset(), (int) range.end(), (byte) 0);
        calls.add("%s %d %d %s".formatted(call, range.offset(), range.length(), how));
    }

    @Override
    public void trim(ByteRange range) throws BlockException {
        enter("trim", range.offset(), range.length());
        calls.add("trim %d %d".formatted(range.offset(), range.length()));
    }

    @Override
    public void prefetch(ByteRange range) throws BlockException {
        enter("prefetch", range.offset(), range.length());
        calls.add("prefetch %d %d".formatted(range.offset(), range.length()));
    }

    @Override
    public void flush() throws BlockException {
        enter("flush", 0, 0);
        calls.add("flush");
    }

    @Override
    public void close() {
        throw new AssertionError("the server closes no devices");
    }
}
