package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceException;
import org.jspecify.annotations.Nullable;

/**
 * What is shown of a service's image. Nothing in it is safe to print yet.
 *
 * @param progress the share that is in the raw file; null if the image is not open, as with both numbers of bytes
 * @param error why it cannot be used; null if it can
 */
record RemoteImage(
        String name,
        String state,
        @Nullable Double progress,
        @Nullable Long bytesAllocated,
        @Nullable Long size,
        @Nullable String error) {

    static RemoteImage of(Item image) throws ServiceException {
        Item error = image.itemOrNull("error");
        return new RemoteImage(
                image.text("name"),
                image.text("state"),
                image.shareOrNull("progress"),
                image.numberOrNull("bytesAllocated"),
                image.numberOrNull("size"),
                error == null ? null : error.text("detail"));
    }

    boolean isStandalone() {
        return state.equals("standalone");
    }

    /** Whether it stays as it is until somebody does something about it. */
    boolean isBroken() {
        return state.equals("failed") || state.equals("unavailable");
    }
}
