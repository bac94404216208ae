package io.rawcow.catalog;

/**
 * Who hears of every event, from the first of a start to the last before the catalog is given up, in order and one at a
 * time.
 */
public interface EventListener {
    /** Nobody. */
    EventListener NONE = event -> {};

    /**
     * Called before anybody else hears of the event, by whoever made the change and while the log is held: it must not
     * wait for others, nor throw.
     */
    void told(Event event);

    /** The service serves from now on. Called once, at most. */
    default void serve() {}

    /** The catalog's folder is given up after this returns, which has to be soon. */
    default void close() {}
}
