package io.rawcow.security;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.web.DefaultSecurityFilterChain;
import org.springframework.security.web.FilterChainProxy;
import org.springframework.security.web.access.ExceptionTranslationFilter;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.context.RequestAttributeSecurityContextRepository;
import org.springframework.security.web.context.SecurityContextHolderFilter;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.HeaderWriterFilter;
import org.springframework.security.web.header.writers.StaticHeadersWriter;
import org.springframework.security.web.savedrequest.NullRequestCache;
import org.springframework.security.web.servletapi.SecurityContextHolderAwareRequestFilter;
import org.springframework.security.web.util.matcher.AnyRequestMatcher;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** The filters in their order. Put together by hand: there is one chain, and it never changes. */
final class AccessFilters {
    private AccessFilters() {}

    /** @throws IOException if a file of tokens cannot be used */
    static FilterChainProxy chain(AccessSettings settings, HandlerExceptionResolver problems)
            throws IOException, ServletException {
        var refusals = new Refusals(problems);
        var audit = new AuditLog();
        List<Filter> filters = new ArrayList<>();
        filters.add(new SecurityContextHolderFilter(new RequestAttributeSecurityContextRepository()));
        filters.add(headers());
        filters.add(audit);
        filters.add(new BrowserGuard(settings.hosts(), refusals));
        filters.add(settings.asks() ? authentication(new Callers(settings), refusals) : everybodyIsAnOperator());
        filters.add(new RateLimit(settings.rate(), refusals));
        filters.add(translation(refusals));
        filters.add(new AuthorizationFilter(new Permissions()));
        filters.add(names());
        var proxy = new FilterChainProxy(new DefaultSecurityFilterChain(AnyRequestMatcher.INSTANCE, filters));
        proxy.setFirewall(firewall());
        proxy.setRequestRejectedHandler((request, response, rejected) -> {
            refusals.answer(
                    request,
                    response,
                    new ProblemException(ProblemCode.MALFORMED_REQUEST, "the path is not written as a path is")
                            .withAction("correct the request"));
            if (!Permissions.isReading(request)) {
                audit.write(request, response.getStatus(), 0);
            }
        });
        return proxy;
    }

    private static Filter headers() {
        var writer = new StaticHeadersWriter(List.of(
                header("X-Content-Type-Options", "nosniff"),
                header("X-Frame-Options", "DENY"),
                header("Referrer-Policy", "no-referrer"),
                header("Cross-Origin-Resource-Policy", "same-origin")));
        var filter = new HeaderWriterFilter(List.of(writer));
        // At once: an event stream is written by another thread.
        filter.setShouldWriteHeadersEagerly(true);
        return filter;
    }

    private static org.springframework.security.web.header.Header header(String name, String value) {
        return new org.springframework.security.web.header.Header(name, value);
    }

    private static Filter authentication(AuthenticationManager callers, Refusals refusals) {
        var filter = new AuthenticationFilter(callers, new Credentials());
        filter.setSuccessHandler((request, response, caller) -> {
            // The request goes on; the default would lead the caller elsewhere.
        });
        filter.setFailureHandler(refusals);
        return filter;
    }

    private static Filter everybodyIsAnOperator() {
        return new AnonymousAuthenticationFilter(
                AccessSettings.LOCAL, AccessSettings.LOCAL, Role.OPERATOR.authorities());
    }

    /** Tells those behind who calls: {@code getRemoteUser()}, null where nobody is asked. */
    private static Filter names() throws ServletException {
        var filter = new SecurityContextHolderAwareRequestFilter();
        filter.afterPropertiesSet();
        return filter;
    }

    /** Remembers nothing of a request that was refused: there are no sessions. */
    private static Filter translation(Refusals refusals) {
        var filter = new ExceptionTranslationFilter(refusals, new NullRequestCache());
        filter.setAccessDeniedHandler(refusals);
        return filter;
    }

    /** Refuses paths that are read in two ways; methods, names and values are judged where they are known. */
    private static StrictHttpFirewall firewall() {
        var firewall = new StrictHttpFirewall();
        firewall.setUnsafeAllowAnyHttpMethod(true);
        firewall.setAllowSemicolon(true);
        firewall.setAllowUrlEncodedPercent(true);
        firewall.setAllowUrlEncodedPeriod(true);
        firewall.setAllowedHeaderNames(name -> true);
        firewall.setAllowedHeaderValues(value -> true);
        firewall.setAllowedParameterNames(name -> true);
        firewall.setAllowedParameterValues(value -> true);
        return firewall;
    }
}
