package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import java.util.List;

/** What the rest of the catalog has to do with an image. What changes something is called with its name held. */
interface ImageUsers {
    /** Nobody else is there. */
    ImageUsers NOBODY = new ImageUsers() {};

    /** Its jobs that are not concluded. */
    default List<String> activeJobs(String image) {
        return List.of();
    }

    default List<String> exports(String image) {
        return List.of();
    }

    /** Whether the configuration wants it. */
    default boolean isDeclared(String image) {
        return false;
    }

    /** How many images there may be. */
    default Room room() {
        return Room.UNLIMITED;
    }

    /**
     * A request for it was done, and its name is free again.
     *
     * @return whether more was done, since the configuration wants more of it than there was
     */
    default boolean wanted(String image) {
        return false;
    }

    /** A request has opened it. */
    default void opened(String image) {}

    /**
     * It is going to be closed: nobody may come to it any more.
     *
     * @throws ProblemException IMAGE_IN_USE if a client is connected; then nothing has changed
     */
    default void release(String image) {}

    /** It is going to be forgotten: what cannot be without it goes first, durably. */
    default void forget(String image) throws BlockException {}
}
