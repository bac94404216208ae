package io.rawcow;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/** Says in the framework's own properties where to listen, before it reads them; and refuses what may not be. */
final class Listeners implements ApplicationContextInitializer<ConfigurableApplicationContext> {
    private static final String LISTEN = "rawcow.listen";
    private static final String MANAGEMENT = "rawcow.management";

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        ConfigurableEnvironment environment = context.getEnvironment();
        Map<String, Object> properties = new HashMap<>();
        HostPort rest = parse(LISTEN, environment.getProperty(LISTEN, "127.0.0.1:8080"));
        requireLoopback(rest);
        properties.put("server.address", rest.host());
        properties.put("server.port", rest.port());
        String management = environment.getProperty(MANAGEMENT);
        if (management != null) {
            HostPort own = parse(MANAGEMENT, management);
            if (own.port() != 0 && own.port() == rest.port()) {
                throw new StartException("cannot start: rawcow.management needs another port than rawcow.listen: "
                        + "leave it out to have both on one listener");
            }
            properties.put("management.server.address", own.host());
            properties.put("management.server.port", own.port());
        }
        // In front of all others: a server.address from elsewhere must not get round the check.
        environment.getPropertySources().addFirst(new MapPropertySource("listeners", properties));
    }

    private static HostPort parse(String property, String text) {
        try {
            return HostPort.parse(text);
        } catch (IllegalArgumentException e) {
            throw new StartException("cannot start: %s is %s".formatted(property, e.getMessage()), e);
        }
    }

    private static void requireLoopback(HostPort rest) {
        try {
            for (InetAddress address : InetAddress.getAllByName(rest.host())) {
                if (!address.isLoopbackAddress()) {
                    throw new StartException("cannot start: --listen " + rest + " is not a loopback address: the REST"
                            + " interface does not ask who calls, so whoever reaches it could delete images. Listen on"
                            + " 127.0.0.1 and let a proxy with authentication pass requests on; --management may listen"
                            + " anywhere");
                }
            }
        } catch (UnknownHostException e) {
            throw new StartException("cannot start: --listen: there is no such host: " + rest.host(), e);
        }
    }
}
