package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;

/**
 * Says as a problem what the server itself refuses, before any of our code sees it: request lines and headers that
 * cannot be read, paths with an encoded slash, methods it does not know. Public for the server, which makes it by name.
 */
public final class ProblemValve extends ErrorReportValve {
    private static final Logger LOG = System.getLogger(ProblemValve.class.getName());
    private static final int FIRST_ERROR = 400;
    private static final int FIRST_OF_OURS = 500;

    @Override
    protected void report(Request request, Response response, @Nullable Throwable throwable) {
        int status = response.getStatus();
        if (status < FIRST_ERROR || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        if (throwable != null && status >= FIRST_OF_OURS) {
            LOG.log(Level.ERROR, "internal error: path=" + request.getRequestURI(), throwable);
        }
        try {
            ProblemWriter.write(problemOf(status), response.getResponse());
        } catch (IOException | IllegalStateException e) {
            LOG.log(Level.DEBUG, "problem not delivered", e);
        }
    }

    private static ProblemException problemOf(int status) {
        return switch (status) {
            case 404 ->
                new ProblemException(ProblemCode.NOT_FOUND, "the path is none of this interface")
                        .withAction("correct the path; openapi.yaml has all of them");
            case 405 ->
                new ProblemException(ProblemCode.METHOD_NOT_ALLOWED, "the path does not take this method")
                        .withAction("use a method of the Allow header");
            case 413 ->
                new ProblemException(ProblemCode.BODY_TOO_LARGE, "the body is too large")
                        .withAction("send a smaller body");
            case 503 ->
                new ProblemException(ProblemCode.BUSY, "the service works at its limits")
                        .withAction("repeat the request after the time of the Retry-After header");
            default ->
                status < FIRST_OF_OURS || status == 501 || status == 505
                        ? new ProblemException(
                                        ProblemCode.MALFORMED_REQUEST,
                                        "the request line, a header or the path cannot be read")
                                .withAction("correct the request")
                        : new ProblemException(ProblemCode.INTERNAL, "the service made an error")
                                .withAction("repeat the request; if it happens again, report it with the log");
        };
    }
}
