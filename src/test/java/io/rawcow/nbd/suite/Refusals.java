package io.rawcow.nbd.suite;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.server.ServerObserver;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Remembers what a server tells of itself. */
final class Refusals implements ServerObserver {
    private final Queue<String> kinds = new ConcurrentLinkedQueue<>();
    private final AtomicInteger connected = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();

    @Override
    public void connected(String export, boolean tls) {
        connected.incrementAndGet();
    }

    @Override
    public void disconnected(String export, boolean tls) {
        connected.decrementAndGet();
    }

    @Override
    public void answered(String export, NbdCommand command, long bytes, long nanos, int error) {
        answered.incrementAndGet();
    }

    @Override
    public void refused(String kind) {
        kinds.add(kind);
    }

    List<String> kinds() {
        return List.copyOf(kinds);
    }

    /** Clients that came and have not left. */
    int connectedNow() {
        return connected.get();
    }

    int answered() {
        return answered.get();
    }
}
