package io.rawcow;

import io.rawcow.block.BlockException;
import io.rawcow.security.TokenFileException;
import java.net.BindException;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.web.server.PortInUseException;

/** Says in one sentence why the service did not start. */
final class StartFailure {
    private StartFailure() {}

    static String explain(Throwable failure) {
        var reasons = new LinkedHashSet<String>();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String known = known(cause);
            if (known != null) {
                return known;
            }
            reasons.add(String.valueOf(cause.getMessage()));
        }
        return "cannot start: " + String.join(": ", reasons);
    }

    private static @Nullable String known(Throwable cause) {
        return switch (cause) {
            case StartException start -> start.getMessage();
            case TokenFileException tokens -> "cannot start: rawcow.access.tokens: " + tokens.getMessage();
            case BlockException fault ->
                "cannot start: " + fault.getMessage() + (fault.action() == null ? "" : "; " + fault.action());
            case PortInUseException port -> "cannot start: port %d is in use".formatted(port.getPort());
            case BindException bind -> "cannot start: cannot listen: " + bind.getMessage();
            case UnboundConfigurationPropertiesException unknown ->
                "cannot start: there is no such property: "
                        + unknown.getUnboundProperties().iterator().next().getName();
            default -> null;
        };
    }
}
