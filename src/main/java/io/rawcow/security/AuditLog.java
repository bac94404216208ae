package io.rawcow.security;

import io.rawcow.catalog.ProblemCode;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * A line for every call that could change something, refused ones too: who, from where, what, how it ended. No body, no
 * query, no header. A flood does not flood the log: of calls that nobody known makes, and of those that are refused for
 * being too many, some are shown with the number of the others.
 */
final class AuditLog extends OncePerRequestFilter {
    private static final Logger LOG = System.getLogger("rawcow.audit");
    private static final String NONE = "-";
    private static final int FAILED = 500;
    private static final int LIMITED_A_SECOND = 1;
    private static final int LIMITED_AT_ONCE = 10;

    private final Buckets limited = new Buckets(LIMITED_A_SECOND, LIMITED_AT_ONCE, System::nanoTime);
    private final AtomicLong notShown = new AtomicLong();

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (Permissions.isReading(request)) {
            chain.doFilter(request, response);
            return;
        }
        long started = System.nanoTime();
        boolean answered = false;
        try {
            chain.doFilter(request, response);
            answered = true;
        } finally {
            write(request, answered ? response.getStatus() : FAILED, System.nanoTime() - started);
        }
    }

    /** Writes the line of a call that is over. */
    void write(HttpServletRequest request, int status, long nanos) {
        Object problem = request.getAttribute(ProblemCode.class.getName());
        Authentication caller = SecurityContextHolder.getContext().getAuthentication();
        boolean throttled = caller == null || problem == ProblemCode.RATE_LIMITED;
        if (throttled && !limited.take(Addresses.keyOf(request)).isZero()) {
            notShown.incrementAndGet();
            return;
        }
        long others = throttled ? notShown.getAndSet(0) : 0;
        String line = "who=%s role=%s address=%s method=%s path=%s status=%d problem=%s millis=%d%s"
                .formatted(
                        caller == null ? NONE : caller.getName(),
                        roleOf(caller),
                        request.getRemoteAddr(),
                        Plain.text(request.getMethod()),
                        Plain.text(request.getRequestURI()),
                        status,
                        problem instanceof ProblemCode code ? code.word() : NONE,
                        TimeUnit.NANOSECONDS.toMillis(nanos),
                        others == 0 ? "" : " notShown=" + others);
        LOG.log(Level.INFO, line);
    }

    private static String roleOf(@Nullable Authentication caller) {
        return Arrays.stream(Role.values())
                .filter(role -> role.isHeldBy(caller))
                .reduce((lower, higher) -> higher)
                .map(Role::word)
                .orElse(NONE);
    }
}
