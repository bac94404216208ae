package io.rawcow.cli.remote;

import io.rawcow.cli.remote.ServiceException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Asks one service. Safe from many threads. */
public final class ServiceClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MAX_BODY = 64 << 20;
    private static final int MAX_PROBLEM = 64 << 10;
    private static final int PAGE = 1000;
    private static final int MAX_PAGES = 1000;

    private final ServiceAddress address;
    private final HttpClient http;

    /** Reads the certificates to trust; nothing is asked yet. */
    public ServiceClient(ServiceAddress address) throws ServiceException {
        this.address = address;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(PATIENCE)
                .sslContext(Trust.of(address))
                .build();
    }

    /** For messages. */
    public URI base() {
        return address.base();
    }

    /** One resource; names in the path are those of images and jobs, which need no escaping. */
    public Item get(String path) throws ServiceException, InterruptedException {
        HttpRequest request = request(path, "application/json").build();
        HttpResponse<String> response =
                exchange(request, BodyHandlers.limiting(BodyHandlers.ofString(StandardCharsets.UTF_8), MAX_BODY));
        Item answer = JsonText.object(response.body());
        if (response.statusCode() != 200) {
            throw problem(response.statusCode(), answer);
        }
        if (answer == null) {
            throw noService("HTTP 200 without JSON");
        }
        return answer;
    }

    /** A whole list, over all of its pages. */
    public List<Item> list(String path) throws ServiceException, InterruptedException {
        var items = new ArrayList<Item>();
        String cursor = null;
        for (int page = 0; page < MAX_PAGES; page++) {
            Item answer = get(path + "?limit=" + PAGE
                    + (cursor == null ? "" : "&cursor=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8)));
            items.addAll(answer.items("items"));
            cursor = answer.textOrNull("next");
            if (cursor == null) {
                return items;
            }
        }
        throw noService("a list that does not end");
    }

    /** What changes from now on. Close it when done. */
    public ServiceEvents events() throws ServiceException, InterruptedException {
        HttpRequest request = request("/v1/events", "text/event-stream").build();
        HttpResponse<InputStream> response = exchange(request, BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            try (InputStream body = response.body()) {
                String text = new String(body.readNBytes(MAX_PROBLEM), StandardCharsets.UTF_8);
                throw problem(response.statusCode(), JsonText.object(text));
            } catch (IOException e) {
                throw unreachable(e);
            }
        }
        return new ServiceEvents(response.body(), this::unreachable);
    }

    private HttpRequest.Builder request(String path, String accepted) throws ServiceException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.at(path)).header("Accept", accepted);
        Path tokenFile = address.tokenFile();
        if (tokenFile != null) {
            request.header("Authorization", "Bearer " + Token.read(tokenFile));
        }
        return request;
    }

    /** The client's own timeout ends with the headers; this one covers the body too. */
    private <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> handler)
            throws ServiceException, InterruptedException {
        CompletableFuture<HttpResponse<T>> answer = http.sendAsync(request, handler);
        try {
            return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw unreachable(e.getCause());
        } catch (TimeoutException e) {
            throw unreachable("no answer within %d seconds".formatted(PATIENCE.toSeconds()));
        } finally {
            answer.cancel(true);
        }
    }

    private ServiceException unreachable(@Nullable Throwable failure) {
        if (failure instanceof SSLException tls) {
            return new ServiceException(
                    Kind.REFUSED,
                    "the service at %s cannot be trusted: %s".formatted(base(), tls.getMessage()),
                    "name the file with the certificate of its authority: --cacert FILE");
        }
        if (failure instanceof ConnectException refused) {
            boolean unknown = refused.getCause() instanceof UnresolvedAddressException
                    || (refused.getCause() instanceof ConnectException inner
                            && inner.getCause() instanceof UnresolvedAddressException);
            return unreachable(unknown ? "the host's name is not known" : "the connection is refused");
        }
        String said = failure == null ? null : failure.getMessage();
        return unreachable(said == null ? "the connection broke" : said);
    }

    private ServiceException unreachable(String why) {
        return new ServiceException(
                Kind.UNREACHABLE,
                "cannot reach the service at %s: %s".formatted(base(), why),
                "start one with: rawcow serve --data DIR; or say where it is: --server URL, or RAWCOW_SERVER");
    }

    /** @param answer the body; null if it is no JSON */
    private ServiceException problem(int status, @Nullable Item answer) throws ServiceException {
        String detail = answer == null ? null : answer.textOrNull("detail");
        if (answer == null || detail == null) {
            return noService("HTTP " + status + " without a reason");
        }
        String action = answer.textOrNull("action");
        return switch (status) {
            case 401 ->
                new ServiceException(
                        Kind.REFUSED,
                        detail,
                        action != null ? action : "name the file with your token: --token-file FILE");
            case 404 -> new ServiceException(Kind.NOT_FOUND, detail, action);
            case 429, 503 -> new ServiceException(Kind.BUSY, detail, action);
            default -> new ServiceException(Kind.REFUSED, detail, action);
        };
    }

    private ServiceException noService(String answer) {
        return new ServiceException(
                Kind.MALFORMED,
                "what answers at %s is no rawcow service: %s".formatted(base(), answer),
                "see that the address is right: --server URL, or RAWCOW_SERVER");
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
