package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdCommand;

/** Keeps the trouble of an observer from the connections it is told of. */
record GuardedObserver(ServerObserver observer, TroubleLog troubles) implements ServerObserver {

    private void tell(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            troubles.warn("the server's observer failed", e);
        }
    }

    @Override
    public void connected(String export, boolean tls) {
        tell(() -> observer.connected(export, tls));
    }

    @Override
    public void disconnected(String export, boolean tls) {
        tell(() -> observer.disconnected(export, tls));
    }

    @Override
    public void answered(String export, NbdCommand command, long bytes, long nanos, int error) {
        tell(() -> observer.answered(export, command, bytes, nanos, error));
    }

    @Override
    public void holeRead(String export, long bytes) {
        tell(() -> observer.holeRead(export, bytes));
    }

    @Override
    public void refused(String kind) {
        tell(() -> observer.refused(kind));
    }
}
