package io.rawcow.catalog;

import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.StreamOptions;

/**
 * What a job was started with, defaults filled in.
 *
 * @param type {@code stream}
 * @param speed bytes a second, 0 for no limit
 */
public record JobRequest(
        String type,
        String image,
        long speed,
        ErrorPolicy onError,
        boolean autoFinalize,
        boolean autoDismiss,
        boolean keepSidecar) {

    public static final String STREAM = "stream";

    StreamOptions options(long currentSpeed) {
        return new StreamOptions(currentSpeed, onError, autoFinalize, keepSidecar);
    }
}
