package io.rawcow.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A receiver over HTTP. 2xx is a delivery, anything else is not: redirects are not followed, since the signature is
 * meant for the one that is configured. Messages of the outside never reach the log with a URL in them.
 */
final class HttpReceiver implements Receiver {
    private static final int GONE = 410;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;

    private final WebhookSettings settings;
    private final Secrets secrets;
    private final InstantSource clock;
    private final HttpClient client;

    /** @throws IOException if the secret or the authority cannot be read, in words for whoever configured them */
    HttpReceiver(WebhookSettings settings, InstantSource clock) throws IOException {
        this.settings = settings;
        this.clock = clock;
        this.secrets = new Secrets(settings.secretFile());
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.timeout());
        if (settings.authority() != null) {
            builder.sslContext(trusting(settings.authority()));
        }
        this.client = builder.build();
    }

    private static SSLContext trusting(Path authority) throws IOException {
        try (InputStream pem = Files.newInputStream(authority)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("authority" + store.size(), each);
            }
            if (store.size() == 0) {
                throw new CertificateException("there is none in the file");
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot read certificate: %s: path=%s".formatted(e.getMessage(), authority), e);
        } catch (IOException e) {
            throw new IOException(
                    "cannot read certificate: there is no such file, or it is not readable: path=" + authority, e);
        }
    }

    @Override
    public Attempt send(Message message) throws InterruptedException {
        long timestamp = clock.instant().getEpochSecond();
        HttpRequest request = HttpRequest.newBuilder(settings.url())
                .timeout(settings.timeout())
                .header("Content-Type", CloudEvents.MEDIA_TYPE)
                .header("User-Agent", "rawcow")
                .header("webhook-id", message.id())
                .header("webhook-timestamp", String.valueOf(timestamp))
                .header("webhook-signature", secrets.signature(message.id(), timestamp, message.body()))
                .POST(BodyPublishers.ofString(message.body()))
                .build();
        CompletableFuture<HttpResponse<Long>> answer = client.sendAsync(request, _ -> new IgnoredBody());
        boolean ended = false;
        try {
            Attempt attempt = judge(answer.get(settings.timeout().toNanos(), TimeUnit.NANOSECONDS));
            ended = true;
            return attempt;
        } catch (ExecutionException e) {
            return new Failed(reason(e.getCause()), null);
        } catch (TimeoutException e) {
            return new Failed(late(), null);
        } finally {
            if (!ended) {
                answer.cancel(true);
            }
        }
    }

    private String late() {
        return "no answer in %d ms".formatted(settings.timeout().toMillis());
    }

    private Attempt judge(HttpResponse<?> answer) {
        int status = answer.statusCode();
        if (status >= 200 && status < 300) {
            return new Delivered();
        }
        return new Failed(
                "the answer is " + status,
                switch (status) {
                    // It wants no more, but whoever configured it does: it is asked rarely.
                    case GONE -> Backoff.LONGEST;
                    case TOO_MANY_REQUESTS, UNAVAILABLE ->
                        retryAfter(answer.headers().firstValue("Retry-After").orElse(""));
                    default -> null;
                });
    }

    /** Seconds, or a date. */
    private @Nullable Duration retryAfter(String header) {
        if (header.matches("[0-9]{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(header));
        }
        try {
            var until = ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME);
            return Duration.between(clock.instant(), until.toInstant());
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** An exception's own message may have the URL in it, or nothing at all. */
    private String reason(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case HttpTimeoutException _ -> {
                    return late();
                }
                case UnresolvedAddressException _ -> {
                    return "there is no such host";
                }
                case SSLException tls -> {
                    return "TLS: " + tls.getMessage();
                }
                default -> {}
            }
        }
        return failure instanceof ConnectException ? "no connection" : "the connection broke before an answer";
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
