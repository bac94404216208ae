package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Host;
import java.util.List;

/** Whoever creates and opens an image for a guest, and remembers what became of it. One process each. */
interface Service {

    /**
     * Creates the image, or finishes a creation that was cut off; leaves it closed.
     *
     * @return false if there was one already
     */
    boolean create() throws BlockException, PosixException;

    /**
     * Opens the image after a start.
     *
     * @param phase how far it has come; one that is being created is created once more
     * @param sidecarKept whether an answered detach left the sidecar
     * @param acceptLoss of answered writes
     */
    LiveImage open(Rig.Phase phase, boolean sidecarKept, boolean acceptLoss) throws BlockException, PosixException;

    /** Where a detach is recorded. */
    StandaloneRecord record(boolean keepSidecar);

    /** The image is closed: the rest too. */
    void stop();

    static DataRoots roots(Host host) {
        return new DataRoots(List.of(new DataRoots.Root(host.root(), true, "")));
    }
}
