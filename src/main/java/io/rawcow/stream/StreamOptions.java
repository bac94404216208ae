package io.rawcow.stream;

/**
 * What a caller asks of a stream.
 *
 * @param speed bytes a second, 0 for no limit
 * @param autoFinalize false to wait in {@code pending} before the detach
 * @param keepSidecar leave the sidecar where it is after the detach
 */
public record StreamOptions(long speed, ErrorPolicy onError, boolean autoFinalize, boolean keepSidecar) {
    public static final StreamOptions DEFAULT = new StreamOptions(0, ErrorPolicy.ENOSPC, true, false);
}
