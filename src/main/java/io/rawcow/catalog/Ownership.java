package io.rawcow.catalog;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Which files belong to which image of the catalog, open or not. */
final class Ownership {
    private Ownership() {}

    /** @throws ProblemException IMAGE_IN_USE if a file is another image's */
    static void requireNobodys(Collection<ManagedImage> images, @Nullable String sidecar, @Nullable String rawFile) {
        for (ManagedImage other : images) {
            ImageRequest theirs = other.record().request();
            boolean gone = other.record().state() == ImageState.STANDALONE
                    && !other.record().sidecarKept();
            boolean same = (sidecar != null && !gone && sidecar.equals(theirs.sidecar()))
                    || (rawFile != null && rawFile.equals(theirs.rawFile()));
            if (same) {
                throw new ProblemException(
                                ProblemCode.IMAGE_IN_USE, "its files belong to another image: image=" + other.name())
                        .withAction("use that image, or delete it first");
            }
        }
    }

    /** A backing is never deleted, not as another image's raw file either. */
    static void requireNoBacking(Collection<ManagedImage> images, ManagedImage image) {
        String rawFile = image.record().request().rawFile();
        for (ManagedImage other : images) {
            ImageRecord theirs = other.record();
            boolean backs = other != image
                    && theirs.state() != ImageState.STANDALONE
                    && rawFile != null
                    && rawFile.equals(theirs.request().backingFile());
            if (backs) {
                throw new ProblemException(
                                ProblemCode.IMAGE_IN_USE,
                                "its raw file is the backing of another image: image=" + other.name())
                        .withAction("let that image be streamed first, or keep the files");
            }
        }
    }
}
