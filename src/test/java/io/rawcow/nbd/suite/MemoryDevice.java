package io.rawcow.nbd.suite;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.FaultKind;
import io.rawcow.block.Zeroing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Bytes in memory, sparse at any size, that can fail, hang, and tell who used them wrongly. */
final class MemoryDevice implements BlockDevice {
    private static final int PAGE = 4096;
    private static final int REMEMBERED = 100_000;

    /** What a server can ask of a device. */
    enum Kind {
        READ,
        WRITE,
        ZERO,
        ZERO_FAST,
        TRIM,
        PREFETCH,
        FLUSH
    }

    /** @param how null unless zeros are wanted */
    record Call(Kind kind, long offset, long length, Zeroing how) {
        boolean touches(long at) {
            return kind != Kind.FLUSH && offset <= at && at < offset + length;
        }
    }

    /** What happens before a call. */
    interface Hook {
        void before(Call call) throws BlockException;
    }

    private final long sizeBytes;
    private final TreeMap<Long, byte[]> pages = new TreeMap<>();
    private final List<Call> calls = new ArrayList<>();
    private final Queue<String> misuse = new ConcurrentLinkedQueue<>();
    private volatile Hook hook = call -> {};
    private volatile boolean zeroesFast = true;
    private volatile boolean abandoned;

    MemoryDevice(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    /** With a byte at every offset of the range that tells the offset. */
    MemoryDevice filled(long offset, long length) {
        put(offset, pattern(offset, (int) length));
        return this;
    }

    static byte[] pattern(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            long at = offset + i;
            bytes[i] = (byte) (1 + Math.floorMod(at ^ at >>> 8 ^ at >>> 16, 255));
        }
        return bytes;
    }

    MemoryDevice withoutFastZeroes() {
        zeroesFast = false;
        return this;
    }

    void onCall(Hook next) {
        hook = next;
    }

    /** Calls of that sort fail. */
    void fail(Predicate<Call> victims, FaultKind kind) {
        hook = call -> {
            if (victims.test(call)) {
                throw new BlockException(kind, "the medium is worn out: offset=" + call.offset());
            }
        };
    }

    /** Calls of that sort hang until they are let go. */
    Gate hang(Predicate<Call> victims) {
        var gate = new Gate(victims);
        hook = gate;
        return gate;
    }

    /** From now on nobody may touch the device. */
    void abandon() {
        abandoned = true;
    }

    synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    List<Call> calls(Kind kind) {
        return calls().stream().filter(call -> call.kind() == kind).toList();
    }

    synchronized void forgetCalls() {
        calls.clear();
    }

    /** What was done with the device that its contract forbids. */
    List<String> misuse() {
        return List.copyOf(misuse);
    }

    private void begin(Call call) throws BlockException {
        if (abandoned) {
            misuse.add("used after it was given back: " + call);
        }
        boolean inRange = call.offset() >= 0 && call.length() >= 0 && call.length() <= sizeBytes;
        if (!inRange || call.offset() > sizeBytes - call.length()) {
            misuse.add("out of range: " + call);
            throw new BlockException(FaultKind.OUT_OF_RANGE, "cannot reach beyond the end: " + call);
        }
        synchronized (this) {
            if (calls.size() < REMEMBERED) {
                calls.add(call);
            }
        }
        hook.before(call);
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void read(long offset, MemorySegment target) throws BlockException {
        begin(new Call(Kind.READ, offset, target.byteSize(), null));
        synchronized (this) {
            for (long done = 0; done < target.byteSize(); ) {
                long at = offset + done;
                int inPage = (int) (at % PAGE);
                int part = (int) Math.min(PAGE - inPage, target.byteSize() - done);
                byte[] page = pages.get(at / PAGE);
                if (page == null) {
                    target.asSlice(done, part).fill((byte) 0);
                } else {
                    MemorySegment.copy(page, inPage, target, ValueLayout.JAVA_BYTE, done, part);
                }
                done += part;
            }
        }
    }

    /** What is there, past every hook. */
    synchronized byte[] peek(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            int part = Math.min(PAGE - inPage, length - done);
            byte[] page = pages.get(at / PAGE);
            if (page != null) {
                System.arraycopy(page, inPage, bytes, done, part);
            }
            done += part;
        }
        return bytes;
    }

    @Override
    public void write(long offset, MemorySegment source) throws BlockException {
        begin(new Call(Kind.WRITE, offset, source.byteSize(), null));
        put(offset, source.toArray(ValueLayout.JAVA_BYTE));
    }

    private synchronized void put(long offset, byte[] source) {
        for (int done = 0; done < source.length; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE);
            int part = Math.min(PAGE - inPage, source.length - done);
            byte[] page = pages.computeIfAbsent(at / PAGE, p -> new byte[PAGE]);
            System.arraycopy(source, done, page, inPage, part);
            done += part;
        }
    }

    @Override
    public void zero(ByteRange range, Zeroing how) throws BlockException {
        begin(new Call(Kind.ZERO, range.offset(), range.length(), how));
        clear(range, how);
    }

    @Override
    public void zeroFast(ByteRange range, Zeroing how) throws BlockException {
        begin(new Call(Kind.ZERO_FAST, range.offset(), range.length(), how));
        if (!zeroesFast) {
            throw new BlockException(FaultKind.NOT_SUPPORTED, "cannot zero any faster than by writing");
        }
        clear(range, how);
    }

    @Override
    public void trim(ByteRange range) throws BlockException {
        begin(new Call(Kind.TRIM, range.offset(), range.length(), null));
        clear(range, Zeroing.PUNCH);
    }

    @Override
    public void prefetch(ByteRange range) throws BlockException {
        begin(new Call(Kind.PREFETCH, range.offset(), range.length(), null));
    }

    @Override
    public void flush() throws BlockException {
        begin(new Call(Kind.FLUSH, 0, 0, null));
    }

    private synchronized void clear(ByteRange range, Zeroing how) {
        long first = Math.ceilDiv(range.offset(), PAGE);
        long end = range.end() == sizeBytes ? Math.ceilDiv(sizeBytes, PAGE) : range.end() / PAGE;
        if (how == Zeroing.PUNCH && first < end) {
            put(range.offset(), new byte[(int) (first * PAGE - range.offset())]);
            pages.subMap(first, end).clear();
            put(Math.min(end * PAGE, range.end()), new byte[(int) Math.max(0, range.end() - end * PAGE)]);
        } else {
            for (long at = range.offset(); at < range.end(); at += PAGE) {
                put(at, new byte[(int) Math.min(PAGE, range.end() - at)]);
            }
        }
    }

    @Override
    public synchronized Extent extentAt(long offset, long limit) throws BlockException {
        if (abandoned) {
            misuse.add("used after it was given back: extentAt");
        }
        if (offset < 0 || offset >= limit || limit > sizeBytes) {
            misuse.add("extentAt(%d, %d) of %d".formatted(offset, limit, sizeBytes));
            throw new BlockException(FaultKind.OUT_OF_RANGE, "cannot look there");
        }
        long page = offset / PAGE;
        if (!pages.containsKey(page)) {
            Long data = pages.higherKey(page);
            long end = data == null ? limit : Math.min(limit, data * PAGE);
            return new Extent(ByteRange.between(offset, end), true);
        }
        while (pages.containsKey(page) && page * PAGE < limit) {
            page++;
        }
        return new Extent(ByteRange.between(offset, Math.min(limit, page * PAGE)), false);
    }

    @Override
    public void close() {
        misuse.add("closed");
    }

    /** Where calls wait. */
    static final class Gate implements Hook, AutoCloseable {
        private final Predicate<Call> victims;
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        private Gate(Predicate<Call> victims) {
            this.victims = victims;
        }

        @Override
        public void before(Call call) {
            if (!victims.test(call)) {
                return;
            }
            entered.countDown();
            // As a system call on a dead disk: nothing but the disk ends it.
            boolean interrupted = false;
            while (true) {
                try {
                    open.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** Waits until a call hangs. */
        void awaitCaller() throws InterruptedException {
            if (!entered.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("no call came to hang");
            }
        }

        void release() {
            open.countDown();
        }

        @Override
        public void close() {
            release();
        }
    }
}
