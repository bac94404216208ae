package io.rawcow;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rawcow serve}. */
@Command(
        name = "serve",
        description = "Serve images over NBD and REST until stopped.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  rawcow serve --data /var/lib/images --data-ro /srv/golden --config images.yaml"})
final class ServeCommand implements Callable<Integer> {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder for images; repeats. The first one holds the catalog, in .rawcow, and relative paths"
                    + " resolve against it.")
    private List<String> data = List.of();

    @Option(names = "--data-ro", paramLabel = "DIR", description = "Folder for backings only; repeats.")
    private List<String> dataRo = List.of();

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where the REST interface listens (default 127.0.0.1:8080): loopback only, unless the"
                    + " configuration says who may call and has TLS; port 0 takes a free one.")
    private @Nullable String listen;

    @Option(
            names = "--management",
            paramLabel = "HOST:PORT",
            description = "Where health and metrics listen, any address; with the REST interface if left out.")
    private @Nullable String management;

    @Option(
            names = "--live",
            paramLabel = "DIR",
            description = "Folder on tmpfs that keeps answered writes over the death of the service"
                    + " (default /dev/shm/rawcow-UID).")
    private @Nullable String live;

    @Option(
            names = "--nbd",
            paramLabel = "HOST:PORT",
            description = "Where NBD clients connect (default 127.0.0.1:10809): loopback only, unless the configuration"
                    + " requires TLS; port 0 takes a free one, 'none' listens on no port.")
    private @Nullable String nbd;

    @Option(names = "--nbd-socket", paramLabel = "PATH", description = "A Unix socket for NBD clients too.")
    private @Nullable String nbdSocket;

    @Option(
            names = "--nbd-socket-mode",
            paramLabel = "MODE",
            description = "The permissions of that socket, octal (default 0660).")
    private @Nullable String nbdSocketMode;

    @Option(names = "--config", paramLabel = "FILE", description = "Configuration, YAML or properties.")
    private @Nullable String config;

    @Override
    public Integer call() throws InterruptedException {
        return new ServiceProcess().run(properties());
    }

    /** The options as properties of the framework: they go before files and environment. */
    List<String> properties() {
        var properties = new ArrayList<String>();
        for (int i = 0; i < data.size(); i++) {
            properties.add("--rawcow.data[%d]=%s".formatted(i, data.get(i)));
        }
        for (int i = 0; i < dataRo.size(); i++) {
            properties.add("--rawcow.data-ro[%d]=%s".formatted(i, dataRo.get(i)));
        }
        add(properties, "rawcow.listen", listen);
        add(properties, "rawcow.management", management);
        add(properties, "rawcow.live.folder", live);
        add(properties, "rawcow.nbd.listen", nbd);
        add(properties, "rawcow.nbd.socket", nbdSocket);
        add(properties, "rawcow.nbd.socket-mode", nbdSocketMode);
        // Only what is named: no file that happens to lie in the folder of the start configures the service.
        add(properties, "spring.config.location", config == null ? "optional:classpath:/" : locations(config));
        return properties;
    }

    private static String locations(String file) {
        return "optional:classpath:/,file:" + Path.of(file).toAbsolutePath();
    }

    private static void add(List<String> properties, String name, @Nullable String value) {
        if (value != null) {
            properties.add("--%s=%s".formatted(name, value));
        }
    }
}
