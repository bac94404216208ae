package io.rawcow;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/** Says in the framework's own properties where to listen, before it reads them; and refuses what may not be. */
final class Listeners implements ApplicationContextInitializer<ConfigurableApplicationContext> {
    private static final Logger LOG = System.getLogger(Listeners.class.getName());
    private static final String LISTEN = "rawcow.listen";
    private static final String MANAGEMENT = "rawcow.management";

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        ConfigurableEnvironment environment = context.getEnvironment();
        Binder binder = Binder.get(environment);
        RestTls tls = binder.bindOrCreate("rawcow.tls", RestTls.class);
        HostPort rest = parse(LISTEN, environment.getProperty(LISTEN, "127.0.0.1:8080"));
        requireAccess(rest, binder.bindOrCreate("rawcow.access", AccessProperties.class), tls);
        tls.requireUsable();
        Map<String, Object> properties = new HashMap<>(tls.properties());
        properties.put("server.address", rest.host());
        properties.put("server.port", rest.port());
        // Who calls is who connected: a header that says otherwise is anybody's.
        properties.put("server.forward-headers-strategy", "none");
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

    /** Nobody who reaches the listener may be taken for an operator by mistake, nor a token be read on its way. */
    private static void requireAccess(HostPort rest, AccessProperties access, RestTls tls) {
        if (access.subjects().isEmpty() != (tls.clientCa() == null)) {
            throw new StartException("cannot start: rawcow.access.subjects and rawcow.tls.client-ca need each other:"
                    + " whose certificates are trusted, and what their subjects may do");
        }
        if (rest.isLoopback()) {
            return;
        }
        if (!access.asks() && access.allowUnauthenticatedNetwork() == null) {
            throw new StartException("cannot start: --listen " + rest + " is not a loopback address, and the REST"
                    + " interface is not told to ask who calls: whoever reaches it could delete images. Configure"
                    + " rawcow.access.tokens or rawcow.access.subjects, or listen on 127.0.0.1; --management may listen"
                    + " anywhere");
        }
        if (!access.asks()) {
            LOG.log(
                    Level.WARNING,
                    "rawcow.access.allow-unauthenticated-network: ANYBODY who reaches " + rest
                            + " may read, write and delete EVERY disk of this service");
        } else if (!tls.isOn() && !access.tlsTerminatedInFront()) {
            throw new StartException(
                    "cannot start: --listen " + rest + " is not a loopback address: without TLS whoever"
                            + " is on the way could read the tokens. Configure rawcow.tls; or, if a proxy in front of"
                            + " it speaks TLS to the world, say rawcow.access.tls-terminated-in-front: true");
        }
    }
}
