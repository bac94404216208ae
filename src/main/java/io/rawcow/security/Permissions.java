package io.rawcow.security;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import java.util.function.Supplier;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.core.Authentication;

/** Viewers read, operators do the rest; what says nothing of images is open to all. */
final class Permissions implements AuthorizationManager<HttpServletRequest> {
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    /** The page without its data, and what probes ask. By the letter, as controllers are found. */
    private static final Set<String> OPEN =
            Set.of("/", "/actuator/health", "/actuator/health/liveness", "/actuator/health/readiness");

    /** The page's files. The firewall lets no path through that leaves a folder it names, unless it is encoded. */
    private static final String OPEN_FOLDER = "/assets/";

    static boolean isReading(HttpServletRequest request) {
        return READING.contains(request.getMethod());
    }

    @Override
    public AuthorizationDecision authorize(Supplier<? extends Authentication> caller, HttpServletRequest request) {
        if (!isReading(request)) {
            return new AuthorizationDecision(Role.OPERATOR.isHeldBy(caller.get()));
        }
        return new AuthorizationDecision(isOpen(request.getRequestURI()) || Role.VIEWER.isHeldBy(caller.get()));
    }

    private static boolean isOpen(String path) {
        return OPEN.contains(path) || (path.startsWith(OPEN_FOLDER) && path.indexOf('%') < 0);
    }
}
