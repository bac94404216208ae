package io.rawcow.nbd.server;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a server share.
 *
 * @param tls null where TLS is refused
 * @param stopping set when the server takes no more work
 */
record ServerContext(
        NbdSettings settings,
        @Nullable TlsSettings tls,
        ServerObserver observer,
        Exports exports,
        LargeBuffers buffers,
        Watch watch,
        TroubleLog troubles,
        AtomicBoolean stopping) {

    boolean isStopping() {
        return stopping.get();
    }
}
