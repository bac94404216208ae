package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.catalog.ServedImage;
import io.rawcow.testing.Host;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The service as it is, but for its jobs: everything goes through the catalog. */
final class CatalogService implements Service {
    private final Layout layout;
    private final Host host;
    private @Nullable ServedImage served;

    CatalogService(Layout layout, Host host) {
        this.layout = layout;
        this.host = host;
    }

    private ImageRequest request(boolean acceptLoss) {
        return new ImageRequest(
                Layout.SIDECAR,
                layout.backing() == null ? null : Layout.BACKING,
                layout.backing() == null ? null : "raw",
                layout.rawPath(),
                (long) layout.size(),
                layout.sectorSize(),
                layout.existing() != null,
                null,
                acceptLoss ? true : null,
                null);
    }

    @Override
    public boolean create() throws BlockException {
        start(Rig.Phase.CREATING, false);
        stop();
        return true;
    }

    @Override
    public LiveImage open(Rig.Phase phase, boolean sidecarKept, boolean acceptLoss) throws BlockException {
        LiveImage image = start(phase, acceptLoss);
        if (phase == Rig.Phase.DETACHED) {
            Rig.require(image.isStandalone(), "a detached image has a backing again");
            Rig.require(host.exists(Layout.SIDECAR) == sidecarKept, "the sidecar was kept: " + !sidecarKept);
        }
        return image;
    }

    private LiveImage start(Rig.Phase phase, boolean acceptLoss) throws BlockException {
        var starting = ServedImage.start(Service.roots(host), TestLive.on(host, layout.liveBudget()));
        served = starting;
        boolean started = false;
        try {
            Rig.require(phase == Rig.Phase.CREATING || starting.isKnown(), "the catalog has forgotten the image");
            if (phase == Rig.Phase.CREATING || acceptLoss) {
                starting.put(request(acceptLoss));
            }
            LiveImage image = starting.image();
            started = true;
            return image;
        } finally {
            if (!started) {
                stop();
            }
        }
    }

    @Override
    public StandaloneRecord record(boolean keepSidecar) {
        return Objects.requireNonNull(served).record(keepSidecar);
    }

    @Override
    public void stop() {
        if (served != null) {
            served.stop();
            served = null;
        }
    }
}
