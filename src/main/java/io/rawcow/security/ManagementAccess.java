package io.rawcow.security;

import jakarta.servlet.DispatcherType;
import java.net.InetAddress;
import java.util.EnumSet;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Access to a management listener of its own. It asks nobody; on the loopback, pages of other sites are kept out all
 * the same. On the network whoever reaches it may read, under any name. Found by the framework, for its context is
 * another.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ManagementAccess {

    @Bean
    FilterRegistrationBean<BrowserGuard> managementGuard(
            ManagementServerProperties management, @Qualifier("problemResolver") HandlerExceptionResolver problems) {
        InetAddress address = management.getAddress();
        var registration = new FilterRegistrationBean<>(new BrowserGuard(Hosts.LOOPBACK_ONLY, new Refusals(problems)));
        registration.setDispatcherTypes(EnumSet.of(DispatcherType.REQUEST));
        registration.setEnabled(address != null && address.isLoopbackAddress());
        return registration;
    }
}
