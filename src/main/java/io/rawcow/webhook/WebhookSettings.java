package io.rawcow.webhook;

import io.rawcow.catalog.Event;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One webhook.
 *
 * @param name that of its queue's folder too
 * @param url http or https, with a host
 * @param secretFile what requests are signed with; see {@link Secrets}
 * @param kinds of events that it wants
 * @param queue events that may wait
 * @param timeout of one attempt, from connecting to the end of the answer
 * @param authority certificates, PEM, that sign the receiver's; null for those that the JDK trusts
 * @param source of its events, a URI reference; null for one of this catalog's own
 */
public record WebhookSettings(
        String name,
        URI url,
        Path secretFile,
        Set<Event.Kind> kinds,
        int queue,
        Duration timeout,
        @Nullable Path authority,
        @Nullable String source) {

    /** Where it delivers to, without what may be a secret: paths and queries often hold a token. */
    String receiver() {
        String port = url.getPort() < 0 ? "" : ":" + url.getPort();
        return url.getScheme() + "://" + url.getHost() + port;
    }
}
