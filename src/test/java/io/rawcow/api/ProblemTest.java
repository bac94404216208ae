package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.catalog.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The code, {@code docs/problems.md} and {@code openapi.yaml} have the same problems. */
class ProblemTest {
    private static final Pattern ROW = Pattern.compile("\\| `([a-z_]+)` \\| ([0-9]{3}) \\| ([^|]+) \\| .* \\| .* \\|");

    @Test
    void tableOfTheDocsIsThatOfTheCode() throws IOException {
        List<String> documented;
        try (var lines = Files.lines(Path.of("docs/problems.md"))) {
            documented = lines.map(ROW::matcher)
                    .filter(row -> row.matches())
                    .map(row -> "%s %s %s".formatted(row.group(1), row.group(2), row.group(3)))
                    .toList();
        }

        List<String> coded = Arrays.stream(ProblemCode.values())
                .map(code -> "%s %d %s"
                        .formatted(
                                code.word(),
                                Problem.meaningOf(code).status().value(),
                                Problem.meaningOf(code).title()))
                .toList();

        assertThat(documented).containsExactlyElementsOf(coded);
    }

    @Test
    void contractHasEveryCode() {
        List<String> coded =
                Arrays.stream(ProblemCode.values()).map(ProblemCode::word).toList();

        assertThat(Contract.words("ProblemCode")).containsExactlyElementsOf(coded);
    }
}
