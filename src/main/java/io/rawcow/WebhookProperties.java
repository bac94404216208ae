package io.rawcow;

import io.rawcow.catalog.Event;
import io.rawcow.webhook.WebhookSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * A receiver of events.
 *
 * @param url where they are sent to, http or https
 * @param secretFile what requests are signed with
 * @param events kinds of events that it gets
 * @param queue events that may wait
 * @param timeout of one attempt
 * @param ca PEM file with the receiver's authority; those of the JDK if not stated
 * @param source of its events; the catalog's own name if not stated
 */
record WebhookProperties(
        @Nullable String url,
        @Nullable String secretFile,
        @DefaultValue({"image", "job", "export"}) List<Event.Kind> events,
        @DefaultValue("10000") int queue,
        @DefaultValue("10s") Duration timeout,
        @Nullable String ca,
        @Nullable String source) {

    /** It is a folder's name, and part of a thread's. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?");

    WebhookProperties {
        RawCowProperties.requireWithin("rawcow.webhooks.NAME.queue", queue, 1, 400_000);
        if (timeout.compareTo(Duration.ofMillis(100)) < 0 || timeout.compareTo(Duration.ofMinutes(5)) > 0) {
            throw new IllegalArgumentException("rawcow.webhooks.NAME.timeout is from 100ms to 5m, not " + timeout);
        }
        if (events.isEmpty()) {
            throw new IllegalArgumentException("rawcow.webhooks.NAME.events is a list of image, job, export");
        }
    }

    /**
     * @param least events that have to have room in the queue
     * @throws StartException if it cannot be used, in words without what may be a secret
     */
    WebhookSettings named(String name, int least) {
        String property = "rawcow.webhooks." + name;
        if (!NAME.matcher(name).matches()) {
            throw new StartException("cannot start: " + property + ": a name has 1 to 64 letters, digits, dots,"
                    + " underscores and hyphens, and begins and ends with a letter or digit");
        }
        if (url == null || secretFile == null) {
            throw new StartException("cannot start: " + property + " needs url and secret-file");
        }
        if (queue < least) {
            String why = "twice rawcow.limits.images and .exports together, since every start tells of all of them";
            throw new StartException(
                    "cannot start: %s.queue is %d and has to be %d or more, %s: raise it, or lower those"
                            .formatted(property, queue, least, why));
        }
        return new WebhookSettings(
                name,
                target(property),
                Path.of(secretFile),
                EnumSet.copyOf(events),
                queue,
                timeout,
                ca == null ? null : Path.of(ca),
                source == null ? null : reference(property + ".source", source));
    }

    private URI target(String property) {
        try {
            URI parsed = new URI(String.valueOf(url));
            boolean http = "http".equalsIgnoreCase(parsed.getScheme()) || "https".equalsIgnoreCase(parsed.getScheme());
            if (http && parsed.getHost() != null && parsed.getUserInfo() == null && parsed.getFragment() == null) {
                return parsed;
            }
        } catch (URISyntaxException e) {
            throw new StartException(badUrl(property), e);
        }
        throw new StartException(badUrl(property));
    }

    /** Does not repeat it: what is wrong may be a password. */
    private static String badUrl(String property) {
        return "cannot start: " + property + ".url is not http://HOST/… or https://HOST/…,"
                + " without user, password and fragment";
    }

    private static String reference(String property, String text) {
        try {
            if (!text.isEmpty()) {
                return new URI(text).toString();
            }
        } catch (URISyntaxException e) {
            throw new StartException("cannot start: " + property + " is not a URI reference: " + text, e);
        }
        throw new StartException("cannot start: " + property + " is empty");
    }
}
