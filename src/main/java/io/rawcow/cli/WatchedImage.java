package io.rawcow.cli;

import io.rawcow.cli.remote.Item;
import io.rawcow.cli.remote.ServiceException;
import org.jspecify.annotations.Nullable;

/**
 * An image and the job that counts for it, as the service has them.
 *
 * @param job the one that is at work, else the latest of this image, not of an earlier one; null if there is none
 */
record WatchedImage(Item image, @Nullable Item job) {

    RemoteImage shownImage() throws ServiceException {
        return RemoteImage.of(image);
    }

    @Nullable
    RemoteJob shownJob() throws ServiceException {
        return job == null ? null : RemoteJob.of(job);
    }
}
