package io.rawcow;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The whole service, in this process, on a free port. */
public final class TestService implements AutoCloseable {
    private final Service service;

    private TestService(Service service) {
        this.service = service;
    }

    /** @param properties as {@code rawcow.data-ro[0]=/golden} */
    public static TestService start(Path data, String... properties) {
        List<String> all = new ArrayList<>();
        all.add("--rawcow.data[0]=" + data);
        for (String listener : List.of("rawcow.listen=", "rawcow.nbd.listen=")) {
            if (Arrays.stream(properties).noneMatch(property -> property.startsWith(listener))) {
                all.add("--" + listener + "127.0.0.1:0");
            }
        }
        Arrays.stream(properties).map(property -> "--" + property).forEach(all::add);
        return new TestService(Service.start(all));
    }

    public URI base() {
        return URI.create(service.url());
    }

    /** Where health and metrics are, if they have a listener of their own. */
    public URI management() {
        String port = service.context().getEnvironment().getProperty("local.management.port");
        return URI.create("http://127.0.0.1:" + port);
    }

    public <T> T bean(Class<T> type) {
        return service.context().getBean(type);
    }

    @Override
    public void close() {
        service.close();
    }
}
