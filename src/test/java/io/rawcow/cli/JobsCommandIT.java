package io.rawcow.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.cli.Cli.Result;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Jobs of the real service, as a table and as JSON. */
class JobsCommandIT {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    static Path data;

    private static ServedImages images;

    /** One job of each kind: at work, ended well, cancelled, failed. */
    @BeforeAll
    static void start() throws Exception {
        images = new ServedImages(data);
        for (String name : List.of("busy", "done", "dropped", "broken")) {
            images.create(name);
        }
        images.stream("busy", "busy-job", 4096);
        images.stream("done", "done-job", 0);
        images.stream("dropped", "dropped-job", 4096);
        images.send("POST", "/v1/jobs/dropped-job/cancel", "");
        try (var backing = new RandomAccessFile(images.backing("broken").toFile(), "rw")) {
            backing.setLength(4096);
        }
        images.stream("broken", "broken-job", 0);
        for (String job : List.of("done-job", "dropped-job", "broken-job")) {
            assertThat(images.get("/v1/jobs/" + job + "?wait=30s")).contains("\"concluded\"");
        }
    }

    @AfterAll
    static void stop() {
        images.close();
    }

    private static Result jobs(String... options) {
        var words = new ArrayList<>(List.of("jobs", "--server", images.url()));
        words.addAll(List.of(options));
        return Cli.run(words.toArray(new String[0]));
    }

    @Test
    void whatNeedsAttentionIsListed() {
        Result result = jobs();

        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.lines().getFirst()).matches("ID +IMAGE +STATUS +PROGRESS +RATE +ETA +AGE +ERROR");
        assertThat(result.lines()).hasSize(3);
        assertThat(result.lines().get(1))
                .matches("broken-job +broken +concluded +[0-9.]+% +- +- +[0-9]+s +cannot read backing: .*");
        assertThat(result.lines().get(2)).matches("busy-job +busy +running +[0-9.]+% +\\S+ \\S+/s +\\S+ +[0-9]+s +-");
    }

    @Test
    void columnsStandBelowEachOther() {
        Result result = jobs("--all");

        int at = result.lines().getFirst().indexOf("STATUS");
        assertThat(result.lines().stream().skip(1))
                .allMatch(line -> line.startsWith("concluded", at) || line.startsWith("running", at));
    }

    @Test
    void allAreListedIfAskedFor() {
        assertThat(jobs("--all").lines().stream().skip(1).map(line -> line.substring(0, line.indexOf(' '))))
                .containsExactly("broken-job", "busy-job", "done-job", "dropped-job");
        assertThat(jobs("--all", "--image", "dropped").lines())
                .hasSize(2)
                .last()
                .asString()
                .endsWith("the job was cancelled");
    }

    @Test
    void noJobsIsNoTableAndNoFailure() {
        assertThat(jobs("--image", "done"))
                .isEqualTo(new Result(0, "", "rawcow: no jobs found; --all shows those that ended well, too\n"));
        assertThat(jobs("--image", "done", "--output=json")).isEqualTo(new Result(0, "[ ]\n", ""));
        assertThat(jobs("--image", "other", "--all").err()).isEqualTo("rawcow: no jobs found\n");
    }

    @Test
    void jsonIsWhatTheServiceSaid() throws Exception {
        Result result = jobs("--all", "--image", "broken", "--output=json");

        JsonNode printed = JSON.readTree(result.out());
        assertThat(printed.size()).isEqualTo(1);
        assertThat(printed.get(0)).isEqualTo(JSON.readTree(images.get("/v1/jobs/broken-job")));
        assertThat(JSON.readTree(jobs("--all", "--output=json").out()).size()).isEqualTo(4);
        assertThat(result.err()).isEmpty();
    }
}
