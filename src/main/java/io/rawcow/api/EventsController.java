package io.rawcow.api;

import io.rawcow.catalog.Event;
import io.rawcow.catalog.EventJson;
import io.rawcow.catalog.EventLog;
import io.rawcow.catalog.EventLog.ResetReason;
import io.rawcow.catalog.EventLog.Subscription;
import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code /v1/events}. Each listener has a virtual thread that takes its events and writes them; one that does not read
 * blocks only that thread, until the server's write timeout ends it. One that falls behind is told to list again.
 */
@RestController
final class EventsController {
    private static final Logger LOG = System.getLogger(EventsController.class.getName());

    private final EventLog events;
    private final Closing closing;
    private final ApiSettings settings;
    private final Places places;

    EventsController(EventLog events, Closing closing, ApiSettings settings) {
        this.events = events;
        this.closing = closing;
        this.settings = settings;
        this.places = new Places(settings.listeners());
    }

    @GetMapping(path = "/v1/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    void follow(
            @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastSeen,
            HttpServletRequest request,
            HttpServletResponse response) {
        response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        if (request.getMethod().equals(HttpMethod.HEAD.name())) {
            return;
        }
        String caller = Places.callerOf(request);
        if (!places.take(caller)) {
            throw new ProblemException(ProblemCode.BUSY, "too many clients follow the events, of this caller or in all")
                    .withAction("repeat the request after the time of the Retry-After header");
        }
        boolean served = false;
        try {
            AsyncContext context = request.startAsync();
            context.setTimeout(0);
            // From here on nothing happens that this client does not hear of.
            Subscription subscription = events.subscribe(lastSeen == null || lastSeen.isEmpty() ? null : lastSeen);
            Thread.ofVirtual().name("events").start(() -> {
                try {
                    serve(context, response, subscription);
                } finally {
                    places.giveBack(caller);
                }
            });
            served = true;
        } finally {
            if (!served) {
                places.giveBack(caller);
            }
        }
    }

    private void serve(AsyncContext context, HttpServletResponse response, Subscription first) {
        Subscription subscription = first;
        try (var _ = closing.interruptible(Thread.currentThread())) {
            write(response, ":\n\n");
            ResetReason reset = first.reset();
            if (reset != null) {
                write(response, reset(reset));
            }
            long begunNanos = System.nanoTime();
            while (deliver(response, subscription, begunNanos)) {
                subscription.close();
                subscription = events.subscribe(null);
                write(response, reset(ResetReason.TOO_SLOW));
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "listener ends with the service");
        } catch (Exception e) {
            LOG.log(Level.DEBUG, "listener gone", e);
        } finally {
            subscription.close();
            complete(context);
        }
    }

    private static void complete(AsyncContext context) {
        try {
            context.complete();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "the server has ended the request before: its client is gone", e);
        }
    }

    /** Delivers until the subscription has lost events; false if the stream's life is over before. */
    private boolean deliver(HttpServletResponse response, Subscription subscription, long begunNanos)
            throws IOException, InterruptedException {
        for (Event event : subscription.replay()) {
            write(response, text(event));
        }
        while (!subscription.isOverrun()) {
            long leftNanos = leftNanos(begunNanos);
            if (leftNanos <= 0) {
                return false;
            }
            long patience = Math.min(settings.heartbeat().toNanos(), leftNanos);
            Event event = subscription.queue().poll(patience, TimeUnit.NANOSECONDS);
            write(response, event == null ? ":\n\n" : text(event));
        }
        return true;
    }

    /** Whoever may not listen any more, since its token was taken out, finds out when it comes again. */
    private long leftNanos(long begunNanos) {
        Duration life = settings.streamLife();
        return life == null ? Long.MAX_VALUE : life.toNanos() - (System.nanoTime() - begunNanos);
    }

    private static void write(HttpServletResponse response, String text) throws IOException {
        response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        response.flushBuffer();
    }

    private static String text(Event event) {
        return frame(event.id(), EventJson.word(event.kind()), EventJson.of(event));
    }

    private String reset(ResetReason reason) {
        String id = events.lastId();
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("id", id);
        data.put("time", Instant.now());
        data.put("kind", "reset");
        data.put("reason", reason.name().toLowerCase(Locale.ROOT));
        return frame(id, "reset", ApiJson.MAPPER.writeValueAsString(data));
    }

    private static String frame(String id, String kind, String data) {
        return "id: %s\nevent: %s\ndata: %s\n\n".formatted(id, kind, data);
    }
}
