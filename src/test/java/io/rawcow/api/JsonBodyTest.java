package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import io.rawcow.stream.ErrorPolicy;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBodyTest {

    private static JsonBody body(String json) {
        return JsonBody.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(ProblemCode code, String json, Consumer<JsonBody> use) {
        var problem = catchThrowableOfType(ProblemException.class, () -> use.accept(body(json)));
        assertThat(problem).as(json).isNotNull();
        assertThat(problem.code()).as(problem.getMessage()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "1",
                "null",
                "\"a\"",
                "{",
                "{\"a\": 1,}",
                "{a: 1}",
                "{'a': 1}",
                "{\"a\": 01}",
                "{\"a\": 1} {}",
                "{\"a\": 1} x",
                "{\"a\": 1, \"a\": 1}",
                "{\"a\": NaN}",
                "{\"a\": .5}",
                "/**/{}",
                "{\"a\": \"\n\"}",
                "\uFEFF{}"
            })
    void whatIsNotAJsonObjectIsMalformed(String json) {
        refused(ProblemCode.MALFORMED_REQUEST, json, _ -> {});
    }

    @Test
    void deepNestingIsMalformed() {
        refused(ProblemCode.MALFORMED_REQUEST, "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}", _ -> {});
    }

    @Test
    void bytesThatAreNotUtf8AreMalformed() {
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> JsonBody.parse(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}))
                .withMessageContaining("UTF-8");
    }

    @Test
    void duplicateKeyIsNamedAsSuch() {
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> body("{\"size\": 1, \"size\": 2}"))
                .withMessageContaining("twice");
    }

    @Test
    void unknownFieldIsNamed() {
        var problem = catchThrowableOfType(
                ProblemException.class, () -> body("{\"Size\": 1}").allowing("size"));

        assertThat(problem.code()).isEqualTo(ProblemCode.UNKNOWN_FIELD);
        assertThat(problem.field()).isEqualTo("Size");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"1\"",
                "1.0",
                "1e3",
                "true",
                "null",
                "[1]",
                "{}",
                "-1",
                "11",
                "9223372036854775808",
                "100000000000000000000000000000"
            })
    void integerIsWrittenAsOneAndInItsRange(String value) {
        refused(ProblemCode.INVALID_VALUE, "{\"n\": " + value + "}", body -> body.integer("n", 0, 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"true\"", "null", "0", "[]"})
    void flagIsTrueOrFalse(String value) {
        refused(ProblemCode.INVALID_VALUE, "{\"f\": " + value + "}", body -> body.flag("f"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "1", "null", "\"a\\u0000b\"", "\"\\ud800\"", "\"12345678901\"", "\"ééé éé\""})
    void textIsAStringWithoutNulAndInItsLength(String value) {
        refused(ProblemCode.INVALID_VALUE, "{\"t\": " + value + "}", body -> body.text("t", 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"STOP\"", "\"Stop\"", "\"halt\"", "1", "null", "\"stop \""})
    void wordIsWrittenExactly(String value) {
        refused(ProblemCode.INVALID_VALUE, "{\"w\": " + value + "}", body -> body.word("w", ErrorPolicy.class));
    }

    @Test
    void whatIsStatedRightIsRead() {
        JsonBody body = body("{\"n\": 9223372036854775807, \"t\": \"ä/b\", \"f\": false, \"w\": \"stop\"}");

        assertThat(body.integer("n", 0, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
        assertThat(body.text("t", 10)).isEqualTo("ä/b");
        assertThat(body.flag("f")).isFalse();
        assertThat(body.word("w", ErrorPolicy.class)).isEqualTo(ErrorPolicy.STOP);
    }

    @Test
    void whatIsNotStatedIsNull() {
        JsonBody body = body("{}");

        assertThat(body.integer("n", 0, 1)).isNull();
        assertThat(body.text("t", 10)).isNull();
        assertThat(body.flag("f")).isNull();
        assertThat(body.word("w", ErrorPolicy.class)).isNull();
    }
}
