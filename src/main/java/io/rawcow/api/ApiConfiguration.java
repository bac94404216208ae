package io.rawcow.api;

import io.rawcow.catalog.Catalog;
import java.util.Arrays;
import java.util.List;
import org.apache.catalina.Pipeline;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.boot.tomcat.ConfigurableTomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.json.JsonMapper;

/** The REST interface as beans. Needs a {@link Catalog} and {@link ApiSettings}. */
@Configuration(proxyBeanMethods = false)
public class ApiConfiguration {

    @Bean
    JsonMapper jsonMapper() {
        return ApiJson.MAPPER;
    }

    @Bean
    ImagesController imagesController(Catalog catalog) {
        return new ImagesController(catalog.images());
    }

    @Bean
    ImageMapController imageMapController(Catalog catalog) {
        return new ImageMapController(catalog.images());
    }

    @Bean
    ActivityController activityController(Catalog catalog) {
        return new ActivityController(catalog.activity());
    }

    @Bean
    ExportsController exportsController(Catalog catalog) {
        return new ExportsController(catalog.exports());
    }

    @Bean
    JobsController jobsController(Catalog catalog, Closing closing, ApiSettings settings) {
        return new JobsController(catalog.jobs(), new JobWaits(catalog.jobs(), closing, settings));
    }

    @Bean
    EventsController eventsController(Catalog catalog, Closing closing, ApiSettings settings) {
        return new EventsController(catalog.events(), closing, settings);
    }

    @Bean
    Closing closing() {
        return new Closing();
    }

    @Bean
    ProblemResolver problemResolver() {
        return new ProblemResolver();
    }

    @Bean
    WebServerFactoryCustomizer<ConfigurableTomcatWebServerFactory> problemsOfTheServer() {
        return factory -> factory.addContextCustomizers(context -> {
            if (context.getParent() instanceof StandardHost host) {
                Pipeline pipeline = host.getPipeline();
                Arrays.stream(pipeline.getValves())
                        .filter(ErrorReportValve.class::isInstance)
                        .forEach(pipeline::removeValve);
                host.setErrorReportValveClass(ProblemValve.class.getName());
            }
        });
    }

    @Bean
    WebMvcConfigurer strictRequests(Closing closing) {
        return new WebMvcConfigurer() {
            @Override
            public void addInterceptors(InterceptorRegistry registry) {
                registry.addInterceptor(closing);
                registry.addInterceptor(new StrictTarget());
            }

            @Override
            public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
                resolvers.add(new JsonBodyResolver());
            }
        };
    }
}
