package io.rawcow.security;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/** Keeps one caller from taking the service from the others. Who is not known is counted by address. */
final class RateLimit extends OncePerRequestFilter {
    private final Buckets buckets;
    private final Refusals refusals;

    RateLimit(int perSecond, Refusals refusals) {
        this.buckets = new Buckets(perSecond, 2 * perSecond, System::nanoTime);
        this.refusals = refusals;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Duration wait = buckets.take(keyOf(request));
        if (wait.isZero()) {
            chain.doFilter(request, response);
        } else {
            refusals.tooMany(request, response, wait, "the caller sends more requests than rawcow.access.rate");
        }
    }

    /** A slash is in no name. */
    private static String keyOf(HttpServletRequest request) {
        Authentication caller = SecurityContextHolder.getContext().getAuthentication();
        return caller == null || caller instanceof AnonymousAuthenticationToken
                ? "/" + Addresses.keyOf(request)
                : caller.getName();
    }
}
