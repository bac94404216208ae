package io.rawcow.api;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/** Writes problems. There is no other way in which this service answers that something went wrong. */
final class ProblemWriter {
    private static final int RETRY_SECONDS = 1;

    private ProblemWriter() {}

    /** Makes the problem the whole answer; headers that were set, Allow for example, stay. */
    static void write(ProblemException cause, HttpServletResponse response) throws IOException {
        Problem problem = Problem.of(cause);
        byte[] body = ApiJson.MAPPER.writeValueAsBytes(problem);
        response.setStatus(problem.status());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        if (cause.code() == ProblemCode.BUSY || cause.code() == ProblemCode.SHUTTING_DOWN) {
            response.setIntHeader(HttpHeaders.RETRY_AFTER, RETRY_SECONDS);
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
    }
}
