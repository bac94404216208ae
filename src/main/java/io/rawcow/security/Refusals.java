package io.rawcow.security;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** Says no: as a problem, with the header that belongs to it. */
final class Refusals implements AuthenticationEntryPoint, AuthenticationFailureHandler, AccessDeniedHandler {
    private static final Logger LOG = System.getLogger(Refusals.class.getName());
    private static final String CHALLENGE = "Bearer realm=\"rawcow\"";
    private static final int WRONG_A_SECOND = 10;
    private static final int WRONG_AT_ONCE = 100;

    private final HandlerExceptionResolver problems;
    private final Buckets wrongTries = new Buckets(WRONG_A_SECOND, WRONG_AT_ONCE, System::nanoTime);

    /** @param problems answers a {@link ProblemException} */
    Refusals(HandlerExceptionResolver problems) {
        this.problems = problems;
    }

    /** Makes the problem the answer. */
    void answer(HttpServletRequest request, HttpServletResponse response, ProblemException problem) throws IOException {
        if (problems.resolveException(request, response, null, problem) == null) {
            throw new IOException("nobody answers problems", problem);
        }
    }

    /** No credentials where some are needed. */
    @Override
    public void commence(
            HttpServletRequest request, HttpServletResponse response, AuthenticationException notAuthenticated)
            throws IOException {
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
        answer(
                request,
                response,
                new ProblemException(ProblemCode.UNAUTHENTICATED, "this service asks who calls")
                        .withAction("send a token, as Authorization: Bearer TOKEN, or show a certificate"));
    }

    /**
     * Wrong credentials. Those that are right are never slowed by others that are wrong: callers behind one proxy share
     * its address.
     */
    @Override
    public void onAuthenticationFailure(
            HttpServletRequest request, HttpServletResponse response, AuthenticationException wrong)
            throws IOException {
        Duration wait = wrongTries.take(Addresses.keyOf(request));
        if (!wait.isZero()) {
            tooMany(request, response, wait, "too many wrong credentials came from this address");
            return;
        }
        LOG.log(
                Level.INFO,
                () -> "caller refused: %s: address=%s path=%s"
                        .formatted(wrong.getMessage(), request.getRemoteAddr(), Plain.text(request.getRequestURI())));
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE + ", error=\"invalid_token\"");
        answer(
                request,
                response,
                new ProblemException(ProblemCode.UNAUTHENTICATED, String.valueOf(wrong.getMessage()))
                        .withAction("send a token that is in force, or show a certificate of a known subject"));
    }

    /** A caller that is known, and may not. */
    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException denied)
            throws IOException {
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE + ", error=\"insufficient_scope\"");
        answer(
                request,
                response,
                new ProblemException(ProblemCode.FORBIDDEN, "a viewer may only look")
                        .withAction("call as somebody who has the role operator"));
    }

    void tooMany(HttpServletRequest request, HttpServletResponse response, Duration wait, String detail)
            throws IOException {
        long seconds = Math.max(1, wait.plusMillis(999).toSeconds());
        response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(seconds));
        answer(
                request,
                response,
                new ProblemException(ProblemCode.RATE_LIMITED, detail)
                        .withAction("repeat the request after the time of the Retry-After header"));
    }
}
