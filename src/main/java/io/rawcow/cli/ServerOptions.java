package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceAddress;
import io.rawcow.cli.remote.ServiceClient;
import io.rawcow.cli.remote.ServiceException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which service a command asks, and what it shows of itself. */
final class ServerOptions {
    private static final String USUAL = "http://127.0.0.1:8080";

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Where the service is. Default: RAWCOW_SERVER, else " + USUAL + ".")
    private @Nullable String server;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "The file with the token to show. Default: RAWCOW_TOKEN_FILE, else none.")
    private @Nullable String tokenFile;

    @Option(
            names = "--cacert",
            paramLabel = "FILE",
            description = "PEM certificates to trust with https, instead of those that Java trusts.")
    private @Nullable String caFile;

    ServiceClient connect() throws CommandFailure {
        String url = given(server, "RAWCOW_SERVER");
        try {
            ServiceAddress address = ServiceAddress.of(
                    url == null ? USUAL : url, path(given(tokenFile, "RAWCOW_TOKEN_FILE")), path(caFile));
            return new ServiceClient(address);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        } catch (ServiceException e) {
            throw failure(e);
        }
    }

    private static @Nullable Path path(@Nullable String name) {
        return name == null ? null : Path.of(name);
    }

    private static @Nullable String given(@Nullable String option, String variable) {
        String set = option == null ? System.getenv(variable) : option;
        return set == null || set.isEmpty() ? null : set;
    }

    /** What a service said, or that it says nothing, as this command's own failure. */
    static CommandFailure failure(ServiceException failure) {
        String action = failure.action();
        return new CommandFailure(
                Printable.of(String.valueOf(failure.getMessage())), action == null ? null : Printable.of(action));
    }
}
