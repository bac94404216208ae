package io.rawcow.catalog;

import io.rawcow.block.EnumTable;
import io.rawcow.block.RequestCounts;
import io.rawcow.image.ImageActivity;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What the clients of one export have asked for since it was there. Safe from many threads. */
public final class ExportTraffic {
    private final EnumTable<NbdCommand, RequestCounts> requests = new EnumTable<>(NbdCommand.class, RequestCounts::new);
    private final EnumTable<NbdCommand, EnumTable<NbdError, LongAdder>> errors =
            new EnumTable<>(NbdCommand.class, () -> EnumTable.counts(NbdError.class));
    private final EnumTable<NbdCommand, LongAdder> done = EnumTable.counts(NbdCommand.class);
    private final AtomicInteger plainConnections = new AtomicInteger();
    private final AtomicInteger tlsConnections = new AtomicInteger();
    private volatile @Nullable ImageActivity image;

    // ---- told by the server

    void answered(NbdCommand command, long bytes, long nanos, int error) {
        boolean moves = command == NbdCommand.READ || command == NbdCommand.WRITE;
        requests.get(command).add(moves ? bytes : 0, nanos, error != 0);
        (error == 0 ? done.get(command) : errors.get(command).get(NbdError.of(error))).increment();
    }

    /** The image has been read too, though nobody asked it: it outlives the export, and so do its counts. */
    void holeRead(long bytes) {
        ImageActivity served = image;
        if (served != null) {
            served.served(ImageActivity.Source.ZERO, bytes);
        }
    }

    /** @param activity of the image that clients use from now on */
    void serves(ImageActivity activity) {
        image = activity;
    }

    void connected(boolean tls, int change) {
        (tls ? tlsConnections : plainConnections).addAndGet(change);
    }

    // ---- looking

    /** Requests of a kind; bytes are those of reads and writes alone. */
    public RequestCounts.Snapshot requests(NbdCommand command) {
        return requests.get(command).snapshot();
    }

    /** Requests of a kind that were answered without an error. */
    public long done(NbdCommand command) {
        return done.get(command).sum();
    }

    /** Requests of a kind that were answered with an error. */
    public long errors(NbdCommand command, NbdError error) {
        return errors.get(command).get(error).sum();
    }

    /** Clients that are connected now. */
    public int connections(boolean tls) {
        return (tls ? tlsConnections : plainConnections).get();
    }
}
