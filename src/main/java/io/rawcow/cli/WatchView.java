package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceException;
import java.util.List;

/** Where what is watched is shown. */
interface WatchView extends AutoCloseable {
    /** Shows how all is now; what is shown already is not shown again. */
    void show(List<WatchedImage> images) throws ServiceException, CommandFailure;

    /** Says something beside it, on standard error. */
    void say(String message);

    /** Leaves the terminal in order. Other threads may close it too, and nothing is shown any more then. */
    @Override
    void close();
}
