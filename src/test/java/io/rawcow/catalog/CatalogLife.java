package io.rawcow.catalog;

import io.rawcow.catalog.CatalogRig.Files;
import io.rawcow.catalog.CatalogRig.Step;
import java.util.SplittableRandom;

/** The drawn life of an image in a catalog: what clients ask for, one after the other. */
final class CatalogLife {
    private final CatalogRig rig;
    private final SplittableRandom random;

    CatalogLife(CatalogRig rig, SplittableRandom random) {
        this.rig = rig;
        this.random = random;
    }

    void run() {
        rig.open();
        for (int steps = random.nextInt(8, 14); steps > 0; steps--) {
            rig.run(next());
        }
        rig.close();
    }

    /** What comes after a crash: the image goes, its name is free, and another one comes. */
    void liveOn() {
        for (int steps = random.nextInt(3); steps > 0; steps--) {
            rig.run(next());
        }
        if (!rig.isKnown()) {
            rig.run(put());
        }
        rig.run(Step.DELETE_FILES);
        rig.run(put());
        rig.run(Step.RESTART);
        rig.close();
    }

    private Step next() {
        if (!rig.isKnown()) {
            boolean foreign = rig.files() == Files.NONE && random.nextInt(4) == 0;
            return foreign ? Step.PUT_FOREIGN : put();
        }
        return switch (random.nextInt(10)) {
            case 0, 1 -> Step.WORK;
            case 2, 3 -> rig.hasSidecar() ? Step.DETACH : Step.WORK;
            case 4 -> rig.hasSidecar() ? Step.DETACH_AND_KEEP : Step.RESTART;
            case 5, 6 -> Step.RESTART;
            case 7, 8 -> Step.DELETE;
            default -> Step.DELETE_FILES;
        };
    }

    private Step put() {
        if (rig.files() == Files.NONE) {
            return rig.placeRawFile();
        }
        if (rig.hasSidecar()) {
            return random.nextBoolean() ? Step.PUT_ALL : Step.PUT_SIDECAR;
        }
        return Step.PUT_RAW_FILE;
    }
}
