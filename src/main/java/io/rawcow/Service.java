package io.rawcow;

import io.rawcow.catalog.Catalog;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;

/** A running service. */
final class Service implements AutoCloseable {
    private static final Map<String, Object> DEFAULTS = Map.ofEntries(
            Map.entry("server.shutdown", "graceful"),
            // The first of the parts that ServiceProcess gives 25 s in all.
            Map.entry("spring.lifecycle.timeout-per-shutdown-phase", "4s"),
            // Platform threads, since the catalog's I/O blocks in the kernel; what only waits takes none of them.
            Map.entry("server.tomcat.threads.max", "64"),
            Map.entry("server.tomcat.threads.min-spare", "4"),
            // Those that wait for jobs and that follow events are at most 1200 of them.
            Map.entry("server.tomcat.max-connections", "2000"),
            // How long a client may keep a read or a write of ours waiting.
            Map.entry("server.tomcat.connection-timeout", "20s"),
            Map.entry("spring.web.resources.add-mappings", "false"),
            Map.entry("spring.mvc.formcontent.filter.enabled", "false"),
            Map.entry("spring.jmx.enabled", "false"),
            Map.entry("spring.main.log-startup-info", "false"),
            // A path that is none is the caller's affair.
            Map.entry("logging.level.org.springframework.web.servlet.PageNotFound", "ERROR"),
            Map.entry("management.endpoints.web.exposure.include", "health,info,prometheus"),
            Map.entry("management.endpoints.web.discovery.enabled", "false"),
            // The framework's own looks at the file system of its working directory, and a scrape waits for no disk.
            Map.entry("management.metrics.enable.disk", "false"),
            Map.entry("management.endpoint.health.probes.enabled", "true"),
            Map.entry("management.endpoint.health.group.liveness.include", "livenessState"),
            Map.entry("management.endpoint.health.group.readiness.include", "readinessState,catalog"),
            // Which declared image is missing, and the code of why.
            Map.entry("management.endpoint.health.group.readiness.show-details", "always"));

    private final ServletWebServerApplicationContext context;
    private final Catalog catalog;
    private final String url;

    private Service(ServletWebServerApplicationContext context, String url) {
        this.context = context;
        this.catalog = context.getBean(Catalog.class);
        this.url = url;
    }

    /**
     * Starts a service; it listens when this returns.
     *
     * @param properties in the form {@code --name=value}; they go before all other configuration
     */
    static Service start(List<String> properties) {
        var application = new SpringApplication(ServiceConfiguration.class);
        application.setWebApplicationType(WebApplicationType.SERVLET);
        application.setBannerMode(Banner.Mode.OFF);
        application.setRegisterShutdownHook(false);
        application.setDefaultProperties(DEFAULTS);
        application.addInitializers(new Listeners());
        var context = (ServletWebServerApplicationContext) application.run(properties.toArray(String[]::new));
        RawCowProperties configured = context.getBean(RawCowProperties.class);
        int port = Objects.requireNonNull(context.getWebServer()).getPort();
        HostPort listen = HostPort.parse(configured.listen()).withPort(port);
        return new Service(context, (configured.tls().isOn() ? "https://" : "http://") + listen);
    }

    /** Where the REST interface listens. */
    String url() {
        return url;
    }

    /** Where NBD clients connect, as URIs without an export. */
    List<String> nbd() {
        return catalog.endpoints();
    }

    ServletWebServerApplicationContext context() {
        return context;
    }

    /** Whether it is closed, and every image was left in order. */
    boolean isClosedCleanly() {
        return catalog.isClosedCleanly();
    }

    /** Stops listening, ends what clients wait for, and leaves images and jobs so that the next start goes on. */
    @Override
    public void close() {
        context.close();
    }
}
