package io.rawcow.webhook;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where messages go. */
interface Receiver extends AutoCloseable {

    /** What came of one attempt. */
    sealed interface Attempt {}

    /** The receiver has it. */
    record Delivered() implements Attempt {}

    /**
     * The receiver may have it or not.
     *
     * @param reason in words, without anything secret
     * @param retryAfter what it asked to wait; null if it did not
     */
    record Failed(String reason, @Nullable Duration retryAfter) implements Attempt {}

    /**
     * Sends a message, in bounded time.
     *
     * @throws InterruptedException if the service ends
     */
    Attempt send(Message message) throws InterruptedException;

    /** Gives up what is under way. */
    @Override
    void close();
}
