package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request that cannot be carried out: why, what it is about, what to do. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ProblemCode code;
    private final @Nullable String field;
    private final transient @Nullable Object value;
    private final @Nullable String action;
    private final transient List<Difference> differences;

    /** A problem with everything that may be said of one. */
    private ProblemException(
            ProblemCode code, String detail, About about, List<Difference> differences, @Nullable Throwable cause) {
        super(detail, cause);
        this.code = code;
        this.field = about.field();
        this.value = about.value();
        this.action = about.action();
        this.differences = List.copyOf(differences);
    }

    private record About(
            @Nullable String field,
            @Nullable Object value,
            @Nullable String action) {
        static final About NOTHING = new About(null, null, null);
    }

    public ProblemException(ProblemCode code, String detail) {
        this(code, detail, About.NOTHING, List.of(), null);
    }

    /** A problem with one field of the request. */
    public static ProblemException ofField(
            ProblemCode code, String detail, String field, @Nullable Object value, @Nullable String action) {
        return new ProblemException(code, detail, new About(field, value, action), List.of(), null);
    }

    public static ProblemException of(BlockException fault) {
        return new ProblemException(
                ProblemCode.of(fault.kind()),
                String.valueOf(fault.getMessage()),
                new About(null, null, fault.action()),
                List.of(),
                fault);
    }

    static ProblemException differs(ProblemCode code, String detail, List<Difference> differences) {
        String action = "send the recorded values, leave the fields out, or take another name";
        return new ProblemException(code, detail, new About(null, null, action), differences, null);
    }

    public ProblemException withAction(String nextStep) {
        return new ProblemException(
                code, String.valueOf(getMessage()), new About(field, value, nextStep), differences, getCause());
    }

    public ProblemCode code() {
        return code;
    }

    public @Nullable String field() {
        return field;
    }

    public @Nullable Object value() {
        return value;
    }

    public @Nullable String action() {
        return action;
    }

    public List<Difference> differences() {
        return differences;
    }
}
