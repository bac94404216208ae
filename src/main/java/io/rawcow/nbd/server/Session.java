package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A client in the transmission phase: what its workers share. */
final class Session {
    /** Requests up to this length may be done while keeping the lead. */
    static final int SMALL_BYTES = 16 << 10;

    /** Devices that take longer than this for small requests are given many at once. */
    private static final long FAST_NANOS = 50_000;

    /** No request counts as slower, so that a device that was slow once is tried again soon. */
    private static final long SLOW_NANOS = 4_000_000;

    private final ServerContext server;
    private final Client client;
    private final Negotiated with;
    private final RequestRules rules;
    private final RequestReader reader;
    private final Lead lead;
    private final ReentrantLock writing = new ReentrantLock();
    private final StallTimer giving = new StallTimer();
    /** Whether half an answer has left and the rest will not: guarded by the write lock. */
    private boolean torn;

    private final StallTimer taking = new StallTimer();
    private final AtomicLong workers = new AtomicLong();
    private final AtomicInteger largeBuffers = new AtomicInteger();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final LongAdder requests = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();
    /** Moving average of what small requests take in the device. Races lose a sample, no more. */
    private volatile long serviceNanos;

    Session(ServerContext server, Client client, Negotiated with) {
        this.server = server;
        this.client = client;
        this.with = with;
        this.rules = new RequestRules(with);
        this.reader = new RequestReader(with.channel(), with.style(), giving);
        this.lead = new Lead(this, server.watch(), server.settings().workersPerConnection());
    }

    ServerContext server() {
        return server;
    }

    Negotiated with() {
        return with;
    }

    ReplyStyle style() {
        return with.style();
    }

    BlockDevice device() {
        return with.device().export().device();
    }

    RequestRules rules() {
        return rules;
    }

    RequestReader reader() {
        return reader;
    }

    Lead lead() {
        return lead;
    }

    /** The worker to begin with; others come when they are needed, and one of them may be the last. */
    Worker firstWorker() {
        var worker = new Worker(this);
        lead.join();
        return worker;
    }

    /** Called by the lead, which counts the worker already. */
    void startWorker() {
        Worker worker = null;
        boolean started = false;
        try {
            worker = new Worker(this);
            Thread.ofPlatform()
                    .name("nbd-%d.%d".formatted(client.id(), workers.incrementAndGet()))
                    .daemon()
                    .start(worker);
            started = true;
        } catch (OutOfMemoryError e) {
            server.troubles().warn("cannot start another worker: client=" + client.id(), e);
        } finally {
            if (!started) {
                if (worker != null) {
                    // Without the write lock, which the watch must not wait for: nobody else knows this memory.
                    worker.outgoing().memory().close();
                }
                left();
            }
        }
    }

    /** A request was read: from now on it is in flight. */
    void begin() throws IOException {
        inFlight.incrementAndGet();
        requireAlive();
    }

    /** @throws ClosedChannelException if the client was cut off: then nothing new may go into the device */
    void requireAlive() throws ClosedChannelException {
        if (client.isCut()) {
            throw new ClosedChannelException();
        }
    }

    /**
     * Whether requests are left unanswered from now on. An error would reach the guest, while a client whose connection
     * ends asks the next server.
     */
    boolean isStopping() {
        return server.isStopping();
    }

    /** Memory for a large request; null if there is none to be had. */
    @Nullable
    NativeBuffer borrow() {
        NativeBuffer buffer = server.buffers().tryBorrow(largeBuffers.get());
        if (buffer != null) {
            largeBuffers.incrementAndGet();
        }
        return buffer;
    }

    void giveBack(NativeBuffer buffer) {
        largeBuffers.decrementAndGet();
        server.buffers().giveBack(buffer);
    }

    /** Answers have left. */
    void sent(int answers) {
        inFlight.addAndGet(-answers);
    }

    /** A request's answer is ready. */
    void answered(NbdRequest request, long beganNanos, @Nullable NbdError error) {
        requests.increment();
        NbdCommand command = NbdCommand.of(request.type()).orElse(null);
        if (error != null) {
            errors.increment();
        } else if (command == NbdCommand.READ) {
            bytesRead.add(request.length());
        } else if (command == NbdCommand.WRITE) {
            bytesWritten.add(request.length());
        }
        if (command != null) {
            long nanos = System.nanoTime() - beganNanos;
            int number = error == null ? 0 : error.number();
            server.observer().answered(with.device().export().name(), command, request.length(), nanos, number);
        }
    }

    void holeRead(long bytes) {
        server.observer().holeRead(with.device().export().name(), bytes);
    }

    /** Whether requests like this one are best done by the leader itself. */
    boolean isFast() {
        return serviceNanos < FAST_NANOS;
    }

    void noteService(int length, long nanos) {
        if (length > SMALL_BYTES) {
            return;
        }
        long average = serviceNanos;
        serviceNanos = average + (Math.min(nanos, SLOW_NANOS) - average) / 8;
    }

    void noteSlow() {
        serviceNanos = SLOW_NANOS;
    }

    ReentrantLock writeLock() {
        return writing;
    }

    /** An answer cannot be finished: nothing may follow what has left of it. The write lock is held. */
    void tear() {
        torn = true;
    }

    /** Sends all of it; the write lock is held. */
    void write(ByteBuffer bytes) throws IOException {
        if (torn) {
            throw new ClosedChannelException();
        }
        torn = true;
        ByteChannel channel = with.channel();
        taking.start();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            torn = false;
        } catch (RuntimeException e) {
            // Of TLS: half an answer has left, so no other answer may follow.
            throw new IOException("cannot send", e);
        } finally {
            taking.stop();
        }
    }

    boolean isStalled() {
        var patience = server.settings().stallTimeout();
        return giving.isOver(patience) || taking.isOver(patience);
    }

    /** A worker could not go on. */
    void broken(Throwable cause) {
        lead.end();
        client.broken(cause);
    }

    /** A worker leaves; the last one ends the connection. */
    void left() {
        if (lead.leave()) {
            client.over();
        }
    }

    void release() {
        reader.close();
    }

    /** Tells the client properly that there is no more, where it should hear that. */
    void closeProperly() throws IOException {
        taking.start();
        try {
            with.channel().close();
        } finally {
            taking.stop();
        }
    }

    /** Counts into a view of the client. */
    ClientView view(Client of) {
        return new ClientView(
                of.id(),
                of.address(),
                of.isSecure(),
                of.tlsSubject(),
                of.connectedAt(),
                requests.sum(),
                bytesRead.sum(),
                bytesWritten.sum(),
                errors.sum(),
                inFlight.get());
    }
}
