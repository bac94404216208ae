package io.rawcow.nbd.server;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a server share.
 *
 * @param troubles what clients do
 * @param faults what devices suffer, which no client's doings may hide
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
        TroubleLog faults,
        AtomicBoolean stopping) {

    boolean isStopping() {
        return stopping.get();
    }
}
