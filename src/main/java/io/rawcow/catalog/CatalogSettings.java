package io.rawcow.catalog;

import io.rawcow.stream.StreamSettings;

/**
 * How a catalog works.
 *
 * @param runningJobs streams that run at once; others wait
 * @param keptJobs concluded jobs that are remembered; the oldest are forgotten
 * @param bufferBytes memory that all streams share
 * @param images that there may be at one time
 * @param exports that there may be at one time
 */
public record CatalogSettings(
        StreamSettings stream, int runningJobs, int keptJobs, long bufferBytes, int images, int exports) {
    public static final CatalogSettings DEFAULT =
            new CatalogSettings(StreamSettings.DEFAULT, 8, 1000, 64L << 20, 1000, 1000);
}
