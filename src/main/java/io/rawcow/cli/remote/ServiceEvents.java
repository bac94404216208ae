package io.rawcow.cli.remote;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The events of a service, in order. A thread of its own reads them; it stops reading when nobody takes what it read,
 * and the service then says that some are lost.
 */
public final class ServiceEvents implements AutoCloseable {
    private static final int QUEUE = 1024;
    private static final int MAX_LINE = 1 << 20;
    private static final String DATA = "data: ";
    /** A service writes every 15 seconds, be it a comment. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

    /** What a service has to say. */
    public sealed interface Signal {}

    /**
     * Something changed.
     *
     * @param kind {@code image}, {@code job} or {@code export}
     * @param resource how it is after that; null once it is gone
     */
    public record Changed(
            String kind, String name, @Nullable Item resource) implements Signal {}

    /** Some events are lost: list again. */
    public record Lost() implements Signal {}

    /** No more come over this connection: the service ends one every few minutes, or it stops. */
    public record Ended() implements Signal {}

    /** A signal, or the end. */
    private record Delivery(
            @Nullable Signal signal, @Nullable ServiceException end) {}

    private final InputStream stream;
    private final Function<String, ServiceException> broken;
    private final BlockingQueue<Delivery> queue = new LinkedBlockingQueue<>(QUEUE);
    private volatile long heardAtNanos = System.nanoTime();

    /** @param broken makes what is thrown at the end, from the reason */
    ServiceEvents(InputStream stream, Function<String, ServiceException> broken) {
        this.stream = new BufferedInputStream(stream);
        this.broken = broken;
        Thread.ofVirtual().name("events").start(this::read);
    }

    /**
     * The next one; null if none comes in time.
     *
     * @throws ServiceException if no more come over this connection, which may be dead without a word
     */
    public @Nullable Signal next(Duration patience) throws ServiceException, InterruptedException {
        Delivery next = queue.poll(Math.max(0, patience.toNanos()), TimeUnit.NANOSECONDS);
        if (next == null) {
            if (System.nanoTime() - heardAtNanos > LONGEST_SILENCE.toNanos()) {
                throw broken.apply("no sign of life for %d seconds".formatted(LONGEST_SILENCE.toSeconds()));
            }
            return null;
        }
        if (next.end != null) {
            throw next.end;
        }
        return next.signal;
    }

    private void read() {
        try {
            queue.put(new Delivery(null, deliver()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Reads until it ends, and answers how. */
    private ServiceException deliver() throws InterruptedException {
        try {
            String data = "";
            for (String line = line(); line != null; line = line()) {
                heardAtNanos = System.nanoTime();
                if (line.startsWith(DATA)) {
                    data = line.substring(DATA.length());
                } else if (line.isEmpty() && !data.isEmpty()) {
                    queue.put(new Delivery(signal(data), null));
                    data = "";
                }
            }
            queue.put(new Delivery(new Ended(), null));
            return broken.apply("it ended its events");
        } catch (IOException e) {
            return broken.apply("its events broke off");
        } catch (ServiceException e) {
            return e;
        }
    }

    /** The next line without its end; null at the end of the stream. */
    private @Nullable String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = stream.read(); next >= 0; next = stream.read()) {
            if (next == '\n') {
                return line.toString(StandardCharsets.UTF_8);
            }
            if (line.size() == MAX_LINE) {
                throw new IOException("a line does not end");
            }
            line.write(next);
        }
        return null;
    }

    private static Signal signal(String data) throws ServiceException {
        Item event = JsonText.object(data);
        if (event == null) {
            throw Item.unexpected("data");
        }
        String kind = event.text("kind");
        return kind.equals("reset") ? new Lost() : new Changed(kind, event.text("name"), event.itemOrNull(kind));
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            // It is closed to let go of the connection, and that is gone then.
        }
    }
}
