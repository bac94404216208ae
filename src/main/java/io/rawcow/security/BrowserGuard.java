package io.rawcow.security;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses what pages of other sites make a browser send: under a name that is not this service's, or with the marks of
 * another origin. Following a link to this service is all that they may do. Other programs send no such marks, and a
 * browser lets no page take them away.
 */
final class BrowserGuard extends OncePerRequestFilter {
    private static final Set<String> OWN_SITES = Set.of("same-origin", "none");

    private final Hosts hosts;
    private final Refusals refusals;

    BrowserGuard(Hosts hosts, Refusals refusals) {
        this.hosts = hosts;
        this.refusals = refusals;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        ProblemException reason = against(request);
        if (reason == null) {
            chain.doFilter(request, response);
        } else {
            refusals.answer(request, response, reason);
        }
    }

    private @Nullable ProblemException against(HttpServletRequest request) {
        String host = request.getHeader(HttpHeaders.HOST);
        if (!hosts.isOwn(host)) {
            return new ProblemException(ProblemCode.FORBIDDEN, "the Host header does not name this service")
                    .withAction("call it by its address; the REST interface also by a name of rawcow.access.hosts");
        }
        for (String origin : all(request, HttpHeaders.ORIGIN)) {
            if (!isOwn(origin, request, String.valueOf(host))) {
                return foreign("Origin");
            }
        }
        for (String site : all(request, "Sec-Fetch-Site")) {
            if (!OWN_SITES.contains(site) && !isNavigation(request)) {
                return foreign("Sec-Fetch-Site");
            }
        }
        return null;
    }

    private static ProblemException foreign(String header) {
        return new ProblemException(
                        ProblemCode.FORBIDDEN, "the %s header says that a page of another site asks".formatted(header))
                .withAction("call from this service's own page, or without a browser");
    }

    private static List<String> all(HttpServletRequest request, String header) {
        return Collections.list(request.getHeaders(header));
    }

    /** Browsers leave the usual port out of both. Behind a proxy that ends TLS, the scheme is the proxy's. */
    private static boolean isOwn(String origin, HttpServletRequest request, String host) {
        String stated = origin.toLowerCase(Locale.ROOT);
        String own = host.toLowerCase(Locale.ROOT);
        return stated.equals("https://" + own) || (!request.isSecure() && stated.equals("http://" + own));
    }

    /** Somebody follows a link; the page that has it cannot read the answer, nor show it in a frame. */
    private static boolean isNavigation(HttpServletRequest request) {
        return request.getMethod().equals("GET")
                && "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
                && "document".equals(request.getHeader("Sec-Fetch-Dest"));
    }
}
