package io.rawcow.api;

import io.rawcow.block.BlockException;
import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.catalina.connector.ClientAbortException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.HttpMediaTypeException;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.NoHandlerFoundException;
import org.springframework.web.servlet.resource.NoResourceFoundException;

/** Turns whatever a handler or the framework throws into a problem. */
final class ProblemResolver implements HandlerExceptionResolver, Ordered {
    private static final Logger LOG = System.getLogger(ProblemResolver.class.getName());

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public ModelAndView resolveException(
            HttpServletRequest request, HttpServletResponse response, @Nullable Object handler, Exception cause) {
        if (isGone(cause) || response.isCommitted()) {
            // Nobody is there to be told, or it is too late to say anything else.
            LOG.log(Level.DEBUG, () -> "answer cut short: path=" + request.getRequestURI(), cause);
            return new ModelAndView();
        }
        try {
            response.resetBuffer();
            ProblemException problem = problemOf(request, cause);
            // For whoever writes down how the request ended.
            request.setAttribute(ProblemCode.class.getName(), problem.code());
            if (cause instanceof HttpRequestMethodNotSupportedException method
                    && method.getSupportedMethods() != null) {
                response.setHeader(HttpHeaders.ALLOW, String.join(", ", method.getSupportedMethods()));
            }
            ProblemWriter.write(problem, response);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "problem not delivered: path=" + request.getRequestURI(), e);
        }
        return new ModelAndView();
    }

    private static boolean isGone(Exception cause) {
        return cause instanceof ClientAbortException || cause instanceof AsyncRequestNotUsableException;
    }

    private static ProblemException problemOf(HttpServletRequest request, Exception cause) {
        return switch (cause) {
            case ProblemException problem -> problem;
            case BlockException fault -> ProblemException.of(fault);
            case NoHandlerFoundException _, NoResourceFoundException _ -> notFound(request);
            case HttpRequestMethodNotSupportedException method ->
                ProblemException.ofField(
                        ProblemCode.METHOD_NOT_ALLOWED,
                        "%s is not among the methods of %s".formatted(method.getMethod(), request.getRequestURI()),
                        "method",
                        method.getMethod(),
                        "use a method of the Allow header");
            case HttpMediaTypeNotAcceptableException type ->
                ProblemException.ofField(
                        ProblemCode.NOT_ACCEPTABLE,
                        "the answer is " + names(type),
                        HttpHeaders.ACCEPT,
                        request.getHeader(HttpHeaders.ACCEPT),
                        "leave out the Accept header or add that type to it");
            case HttpMediaTypeNotSupportedException type -> unsupported(request, type);
            case InvalidParameterException _ ->
                new ProblemException(ProblemCode.MALFORMED_REQUEST, "the query cannot be read")
                        .withAction("correct the request");
            // Reading the body failed: Tomcat says so with an IOException.
            case IOException broken ->
                new ProblemException(
                                ProblemCode.MALFORMED_REQUEST, "the request cannot be read: " + broken.getMessage())
                        .withAction("correct the request");
            default -> internal(request, cause);
        };
    }

    private static ProblemException notFound(HttpServletRequest request) {
        return new ProblemException(
                        ProblemCode.NOT_FOUND, "the path is none of this interface: path=" + request.getRequestURI())
                .withAction("correct the path; openapi.yaml has all of them");
    }

    private static ProblemException unsupported(HttpServletRequest request, HttpMediaTypeNotSupportedException type) {
        String stated = request.getContentType();
        return ProblemException.ofField(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                "the body is %s; %s is needed".formatted(stated == null ? "of no stated type" : stated, names(type)),
                HttpHeaders.CONTENT_TYPE,
                stated,
                "send JSON with Content-Type application/json");
    }

    private static String names(HttpMediaTypeException type) {
        List<MediaType> supported = type.getSupportedMediaTypes();
        return supported.isEmpty()
                ? MediaType.APPLICATION_JSON_VALUE
                : supported.stream().map(MediaType::toString).collect(Collectors.joining(" or "));
    }

    private static ProblemException internal(HttpServletRequest request, Exception cause) {
        String incident = UUID.randomUUID().toString().substring(0, 8);
        LOG.log(
                Level.ERROR,
                () -> "internal error: incident=%s method=%s path=%s"
                        .formatted(incident, request.getMethod(), request.getRequestURI()),
                cause);
        return new ProblemException(
                        ProblemCode.INTERNAL, "the service made an error; its log has more under " + incident)
                .withAction("repeat the request; if it happens again, report it with the log");
    }
}
