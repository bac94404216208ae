package io.rawcow.nbd.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An export with its clients: decides who may come, and when the device is left alone. */
final class OfferedDevice implements OfferedExport {
    private enum State {
        VISIBLE,
        HIDDEN,
        GONE
    }

    /** Whether a client may use the export. */
    enum Admission {
        ADMITTED,
        FULL,
        GONE
    }

    private final Export export;
    private final Exports exports;
    private final long sizeBytes;
    private final List<ExportClient> clients = new ArrayList<>();
    private State state = State.VISIBLE;

    OfferedDevice(Export export, Exports exports) {
        this.export = export;
        this.exports = exports;
        this.sizeBytes = export.device().sizeBytes();
    }

    @Override
    public Export export() {
        return export;
    }

    /** Of the device, without asking it: clients may come when it is closed already. */
    long sizeBytes() {
        return sizeBytes;
    }

    synchronized boolean isVisible() {
        return state == State.VISIBLE;
    }

    synchronized Admission admit(ExportClient client) {
        if (state != State.VISIBLE) {
            return Admission.GONE;
        }
        if (clients.size() >= export.maxConnections()) {
            return Admission.FULL;
        }
        clients.add(client);
        return Admission.ADMITTED;
    }

    /** The client has left: none of its requests is in the device, and none will be. */
    void left(ExportClient client) {
        boolean gone;
        synchronized (this) {
            clients.remove(client);
            gone = clients.isEmpty() && state == State.HIDDEN;
            if (gone) {
                state = State.GONE;
            }
            notifyAll();
        }
        if (gone) {
            exports.forget(this);
        }
    }

    @Override
    public synchronized List<ClientView> clients() {
        return clients.stream().map(ExportClient::view).toList();
    }

    @Override
    public boolean withdrawIfUnused() {
        synchronized (this) {
            if (!clients.isEmpty()) {
                return false;
            }
            state = State.GONE;
        }
        exports.forget(this);
        return true;
    }

    @Override
    public void hide() {
        synchronized (this) {
            if (state == State.VISIBLE) {
                state = clients.isEmpty() ? State.GONE : State.HIDDEN;
            }
            if (state != State.GONE) {
                return;
            }
        }
        exports.forget(this);
    }

    @Override
    public boolean drop(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        List<ExportClient> cut;
        synchronized (this) {
            state = State.GONE;
            cut = List.copyOf(clients);
        }
        exports.forget(this);
        cut.forEach(ExportClient::cut);
        synchronized (this) {
            while (!clients.isEmpty()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                // Rounded up: a wait of 0 would be for ever.
                wait(left / 1_000_000 + 1);
            }
            return true;
        }
    }
}
