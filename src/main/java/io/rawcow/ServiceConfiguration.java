package io.rawcow;

import io.rawcow.api.ApiConfiguration;
import io.rawcow.api.ApiSettings;
import io.rawcow.block.BlockException;
import io.rawcow.catalog.Catalog;
import io.rawcow.catalog.ClientWatch;
import io.rawcow.catalog.WebhookStatus;
import io.rawcow.image.LiveFolder;
import io.rawcow.metrics.MetricsConfiguration;
import io.rawcow.metrics.TlsCertificates;
import io.rawcow.security.AccessSettings;
import io.rawcow.security.SecurityConfiguration;
import io.rawcow.web.WebConfiguration;
import io.rawcow.webhook.Webhooks;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.info.InfoContributorAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.info.InfoEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.info.ProjectInfoAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.application.AvailabilityHealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.HealthContributorAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.jvm.JvmMetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.system.SystemMetricsAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.servlet.autoconfigure.actuate.web.ServletManagementContextAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcObservationAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.actuate.endpoint.web.WebMvcHealthEndpointExtensionAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** The service as beans. The framework's own are named one by one: what is not needed costs time at every start. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableConfigurationProperties(RawCowProperties.class)
@Import({ApiConfiguration.class, WebConfiguration.class, MetricsConfiguration.class, SecurityConfiguration.class})
@ImportAutoConfiguration({
    ConfigurationPropertiesAutoConfiguration.class,
    LifecycleAutoConfiguration.class,
    SslAutoConfiguration.class,
    ApplicationAvailabilityAutoConfiguration.class,
    // the web server and the dispatcher
    TomcatServletWebServerAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class,
    HttpMessageConvertersAutoConfiguration.class,
    JacksonAutoConfiguration.class,
    // health, info and metrics over HTTP
    EndpointAutoConfiguration.class,
    WebEndpointAutoConfiguration.class,
    JacksonEndpointAutoConfiguration.class,
    ManagementContextAutoConfiguration.class,
    ServletManagementContextAutoConfiguration.class,
    TomcatServletManagementContextAutoConfiguration.class,
    HealthEndpointAutoConfiguration.class,
    HealthContributorAutoConfiguration.class,
    HealthContributorRegistryAutoConfiguration.class,
    AvailabilityHealthContributorAutoConfiguration.class,
    AvailabilityProbesAutoConfiguration.class,
    WebMvcHealthEndpointExtensionAutoConfiguration.class,
    InfoEndpointAutoConfiguration.class,
    InfoContributorAutoConfiguration.class,
    ProjectInfoAutoConfiguration.class,
    MetricsAutoConfiguration.class,
    CompositeMeterRegistryAutoConfiguration.class,
    PrometheusMetricsExportAutoConfiguration.class,
    JvmMetricsAutoConfiguration.class,
    SystemMetricsAutoConfiguration.class,
    ObservationAutoConfiguration.class,
    WebMvcObservationAutoConfiguration.class,
})
class ServiceConfiguration {

    @Bean
    OpenRoots openRoots(RawCowProperties properties) {
        return OpenRoots.open(properties.data(), properties.dataRo());
    }

    @Bean
    LiveFolder liveFolder(RawCowProperties properties) {
        return properties.live().open();
    }

    /** The catalog opens them, and closes them. */
    @Bean(destroyMethod = "")
    Webhooks webhooks(RawCowProperties properties) {
        return new Webhooks(properties.webhookSettings());
    }

    /** How they stand, for those who must not know webhooks. */
    @Bean
    Supplier<List<WebhookStatus>> webhookStatus(Webhooks webhooks) {
        return webhooks::status;
    }

    /** It closes the NBD server: that has to be before images are, and after REST requests have ended. */
    @Bean
    Catalog catalog(
            OpenRoots roots,
            LiveFolder live,
            RawCowProperties properties,
            Webhooks webhooks,
            TlsCertificates certificates)
            throws BlockException {
        return Catalog.open(
                new Catalog.Files(roots.roots(), live),
                properties.catalogSettings(),
                properties.declaredImages(),
                () -> clients(properties.nbd(), opened(webhooks, roots), certificates));
    }

    private static Webhooks opened(Webhooks webhooks, OpenRoots roots) {
        try {
            webhooks.open(roots.roots().primary().folder());
            return webhooks;
        } catch (BlockException e) {
            throw new StartException(StartFailure.explain(e), e);
        }
    }

    private static Catalog.Clients clients(NbdProperties nbd, Webhooks webhooks, TlsCertificates certificates) {
        var watch = new ClientWatch();
        boolean listening = false;
        try {
            var clients = new Catalog.Clients(NbdListeners.open(nbd, watch, certificates), watch, webhooks);
            listening = true;
            return clients;
        } finally {
            if (!listening) {
                webhooks.close();
            }
        }
    }

    @Bean
    Serving serving(Catalog catalog) {
        return new Serving(catalog);
    }

    @Bean
    ApiSettings apiSettings(RawCowProperties properties) {
        AccessProperties access = properties.access();
        return ApiSettings.DEFAULT.withStreamLife(access.asks() ? access.streamLife() : null);
    }

    @Bean
    AccessSettings accessSettings(RawCowProperties properties) throws IOException {
        return properties
                .access()
                .settings(HostPort.parse(properties.listen()), properties.tls().names());
    }

    @Bean
    RestCertificates restCertificates(RawCowProperties properties) {
        return new RestCertificates(properties.tls());
    }

    @Bean
    InitializingBean restCertificate(RawCowProperties properties, SslBundles bundles, TlsCertificates certificates) {
        return () -> {
            if (properties.tls().isOn()) {
                certificates.add("rest", () -> RestTls.expiry(bundles));
            }
        };
    }

    /** What strangers may know of a declared image that is not ready; the log has the paths. */
    record MissingView(String name, String code) {
        static MissingView of(Catalog.Missing missing) {
            return new MissingView(missing.name(), missing.code().word());
        }
    }

    /** Part of readiness, not of liveness: another start would not mend a file. */
    @Bean
    HealthIndicator catalogHealthIndicator(Catalog catalog) {
        return () -> {
            List<Catalog.Missing> missing = catalog.missing();
            return missing.isEmpty()
                    ? Health.up().build()
                    : Health.outOfService()
                            .withDetail(
                                    "missing",
                                    missing.stream().map(MissingView::of).toList())
                            .build();
        };
    }
}
