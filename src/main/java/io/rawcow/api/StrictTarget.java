package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Refuses query parameters that an operation does not declare, those stated twice, and parameters in the path, which
 * the framework would pass over in silence.
 */
final class StrictTarget implements HandlerInterceptor {

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getDispatcherType() == DispatcherType.REQUEST && handler instanceof HandlerMethod method) {
            if (request.getRequestURI().contains(";")) {
                throw new ProblemException(ProblemCode.NOT_FOUND, "no path of this interface has a semicolon")
                        .withAction("correct the path; openapi.yaml has all of them");
            }
            String query = request.getQueryString();
            if (query != null && !query.isEmpty()) {
                check(query, declaredBy(method));
            }
        }
        return true;
    }

    private static Set<String> declaredBy(HandlerMethod method) {
        return Arrays.stream(method.getMethodParameters())
                .map(StrictTarget::nameOf)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    private static @Nullable String nameOf(MethodParameter parameter) {
        RequestParam query = parameter.getParameterAnnotation(RequestParam.class);
        return query == null ? null : query.name();
    }

    private static void check(String query, Set<String> declared) {
        var seen = new HashSet<String>();
        for (String pair : query.split("&", -1)) {
            String name = decode(pair.contains("=") ? pair.substring(0, pair.indexOf('=')) : pair);
            if (!declared.contains(name)) {
                throw ProblemException.ofField(
                        ProblemCode.UNKNOWN_FIELD,
                        "there is no such query parameter here",
                        name,
                        null,
                        "correct the name, or leave the parameter out");
            }
            if (!seen.add(name)) {
                throw ProblemException.ofField(
                        ProblemCode.INVALID_VALUE,
                        "the query parameter is stated more than once",
                        name,
                        null,
                        "state it once");
            }
        }
    }

    private static String decode(String name) {
        try {
            return URLDecoder.decode(name, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.MALFORMED_REQUEST, "the query cannot be read")
                    .withAction("correct the request");
        }
    }
}
