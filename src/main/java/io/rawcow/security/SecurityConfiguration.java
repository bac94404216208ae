package io.rawcow.security;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.EnumSet;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.web.FilterChainProxy;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Access to the REST listener as beans. Needs {@link AccessSettings}, and a {@code problemResolver} that answers
 * problems. A management listener of its own is a context of its own, which this does not reach.
 */
@Configuration(proxyBeanMethods = false)
public class SecurityConfiguration {
    private static final int BEFORE_THE_INTERFACE = -100;

    /** Requests alone: what is dispatched again has been let in. */
    @Bean
    FilterRegistrationBean<FilterChainProxy> access(
            AccessSettings settings, @Qualifier("problemResolver") HandlerExceptionResolver problems)
            throws IOException, ServletException {
        var registration = new FilterRegistrationBean<>(AccessFilters.chain(settings, problems));
        registration.setDispatcherTypes(EnumSet.of(DispatcherType.REQUEST));
        registration.setOrder(BEFORE_THE_INTERFACE);
        return registration;
    }
}
