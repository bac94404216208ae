package io.rawcow.catalog;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/** How many there may be of something. Safe from many threads: requests at once do not exceed it together. */
final class Room {
    static final Room UNLIMITED = new Room("things", Integer.MAX_VALUE);

    private final String what;
    private final int most;
    private final AtomicInteger coming = new AtomicInteger();

    /** @param what in words for people, and the last part of the setting's name */
    Room(String what, int most) {
        this.what = what;
        this.most = most;
    }

    /** Room for one, until it is among those that are there. */
    interface Taken extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Takes room for one more.
     *
     * @param there how many there are: looked at after this one counts, so that one that moves from coming to there is
     *     counted twice rather than not at all
     * @throws ProblemException BUSY if there are as many as there may be
     */
    Taken take(IntSupplier there) {
        long all = coming.incrementAndGet();
        all += there.getAsInt();
        if (all > most) {
            coming.decrementAndGet();
            throw new ProblemException(
                            ProblemCode.BUSY, "there are as many %s as there may be: limit=%d".formatted(what, most))
                    .withAction("delete some, or raise rawcow.limits." + what);
        }
        return coming::decrementAndGet;
    }
}
