package io.rawcow.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.rawcow.catalog.Difference;
import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/** A problem as RFC 9457 has it. What says nothing is left out. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
        String type,
        String title,
        int status,
        String detail,
        String code,
        @Nullable String field,
        @Nullable Object value,
        @Nullable String action,
        @Nullable List<Difference> differences) {

    private static final String TYPE = "urn:rawcow:problem:";
    private static final int MAX_VALUE = 200;

    /** What a code says over HTTP, the same for every problem of that code. */
    record Meaning(HttpStatus status, String title) {}

    static Problem of(ProblemException problem) {
        Meaning meaning = meaningOf(problem.code());
        return new Problem(
                TYPE + problem.code().word(),
                meaning.title(),
                meaning.status().value(),
                unicode(String.valueOf(problem.getMessage())),
                problem.code().word(),
                problem.field() == null ? null : unicode(problem.field()),
                shown(problem.value()),
                problem.action(),
                problem.differences().isEmpty() ? null : problem.differences());
    }

    private static @Nullable Object shown(@Nullable Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        return unicode(text.length() > MAX_VALUE ? text.substring(0, MAX_VALUE) + "…" : text);
    }

    /** What came in may have half a character, as JSON can spell it or where it was cut: that cannot go out. */
    private static String unicode(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    /** The one place that knows the HTTP status of a code; {@code docs/problems.md} is held to it by a test. */
    static Meaning meaningOf(ProblemCode code) {
        return switch (code) {
            case MALFORMED_REQUEST -> new Meaning(HttpStatus.BAD_REQUEST, "Malformed request");
            case UNKNOWN_FIELD -> new Meaning(HttpStatus.BAD_REQUEST, "Unknown field");
            case MISSING_FIELD -> new Meaning(HttpStatus.BAD_REQUEST, "Missing field");
            case INVALID_VALUE -> new Meaning(HttpStatus.BAD_REQUEST, "Invalid value");
            case INVALID_NAME -> new Meaning(HttpStatus.BAD_REQUEST, "Invalid name");
            case UNAUTHENTICATED -> new Meaning(HttpStatus.UNAUTHORIZED, "Unauthenticated");
            case FORBIDDEN -> new Meaning(HttpStatus.FORBIDDEN, "Access refused");
            case PATH_OUTSIDE_ROOTS -> new Meaning(HttpStatus.FORBIDDEN, "Path outside the data roots");
            case IMAGE_NOT_FOUND -> new Meaning(HttpStatus.NOT_FOUND, "Image not found");
            case JOB_NOT_FOUND -> new Meaning(HttpStatus.NOT_FOUND, "Job not found");
            case EXPORT_NOT_FOUND -> new Meaning(HttpStatus.NOT_FOUND, "Export not found");
            case FILE_NOT_FOUND -> new Meaning(HttpStatus.NOT_FOUND, "File not found");
            case NOT_FOUND -> new Meaning(HttpStatus.NOT_FOUND, "No such resource");
            case METHOD_NOT_ALLOWED -> new Meaning(HttpStatus.METHOD_NOT_ALLOWED, "Method not allowed");
            case NOT_ACCEPTABLE -> new Meaning(HttpStatus.NOT_ACCEPTABLE, "Not acceptable");
            case IMAGE_DIFFERS -> conflict("Image differs");
            case JOB_DIFFERS -> conflict("Job differs");
            case EXPORT_DIFFERS -> conflict("Export differs");
            case IMAGE_IN_USE -> conflict("Image in use");
            case EXPORT_IN_USE -> conflict("Export in use");
            case JOB_ACTIVE -> conflict("Job active");
            case WRONG_JOB_STATUS -> conflict("Wrong job status");
            case IMAGE_LOCKED -> conflict("Image locked");
            case RAW_FILE_EXISTS -> conflict("Raw file exists");
            case RAW_FILE_NOT_EMPTY -> conflict("Raw file not empty");
            case SIDECAR_EXISTS -> conflict("Sidecar exists");
            case BACKING_CHANGED -> conflict("Backing changed");
            case RAW_FILE_CHANGED -> conflict("Raw file changed");
            case ANSWERED_WRITES_LOST -> conflict("Answered writes lost");
            case IMAGE_FAILED -> conflict("Image failed");
            case IMAGE_UNAVAILABLE -> conflict("Image unavailable");
            case BODY_TOO_LARGE -> new Meaning(HttpStatus.CONTENT_TOO_LARGE, "Body too large");
            case UNSUPPORTED_MEDIA_TYPE -> new Meaning(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported media type");
            case SIDECAR_INVALID -> unprocessable("Sidecar invalid");
            case FILE_TYPE_UNSUPPORTED -> unprocessable("File type unsupported");
            case BACKING_FORMAT_UNCLEAR -> unprocessable("Backing format unclear");
            case BACKING_FORMAT_UNSUPPORTED -> unprocessable("Backing format unsupported");
            case RATE_LIMITED -> new Meaning(HttpStatus.TOO_MANY_REQUESTS, "Rate limited");
            case IO_ERROR -> new Meaning(HttpStatus.INTERNAL_SERVER_ERROR, "I/O error");
            case INTERNAL -> new Meaning(HttpStatus.INTERNAL_SERVER_ERROR, "Internal error");
            case SHUTTING_DOWN -> new Meaning(HttpStatus.SERVICE_UNAVAILABLE, "Shutting down");
            case BUSY -> new Meaning(HttpStatus.SERVICE_UNAVAILABLE, "Busy");
            case NO_SPACE -> new Meaning(HttpStatus.INSUFFICIENT_STORAGE, "No space");
        };
    }

    private static Meaning conflict(String title) {
        return new Meaning(HttpStatus.CONFLICT, title);
    }

    private static Meaning unprocessable(String title) {
        return new Meaning(HttpStatus.UNPROCESSABLE_CONTENT, title);
    }
}
