package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.format.SidecarHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The reader in docs/raw-cow-format.md, run as it stands there, sees what the service sees. */
@Timeout(120)
class DocumentedReaderIT {
    private static final int SIZE = 1_234_567;

    @TempDir
    Path folder;

    private ImageFiles files;
    private byte[] content;

    @BeforeEach
    void create() throws IOException {
        files = new ImageFiles(folder);
        content = files.createOver(SIZE);
        Matcher reader = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/raw-cow-format.md")));
        assertThat(reader.find()).isTrue();
        Files.writeString(files.path("reader.py"), reader.group(1));
    }

    private Tool.Result read() throws IOException, InterruptedException {
        // Elsewhere, so that relative names are put to the test.
        return Tool.run(
                Path.of("/"),
                "sh",
                "-c",
                "exec python3 \"$0/reader.py\" \"$0/a.raw-cow\" >\"$0/read\"",
                files.path("").toString());
    }

    private void readsAsExpected() throws IOException, InterruptedException {
        read().succeeded();
        assertThat(folder.resolve("read")).hasBinaryContent(content);
    }

    private void writeAtRandom(LiveImage image) throws IOException {
        var random = new SplittableRandom(7);
        for (int i = 0; i < 40; i++) {
            int offset = random.nextInt(SIZE);
            byte[] bytes = new byte[random.nextInt(1, Math.min(20_000, SIZE - offset) + 1)];
            random.nextBytes(bytes);
            ImageFiles.write(image, offset, bytes);
            System.arraycopy(bytes, 0, content, offset, bytes.length);
        }
    }

    @Test
    void aNewImage() throws Exception {
        readsAsExpected();
    }

    @Test
    void anImageThatAGuestHasWrittenTo() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            writeAtRandom(image);
        }
        readsAsExpected();
    }

    @Test
    void aStandaloneImage() throws Exception {
        try (LiveImage image = files.open("a.raw-cow")) {
            writeAtRandom(image);
            ImageFiles.hydrate(image);
            image.detach(true, () -> {});
        }
        Files.delete(files.path("base.img"));
        readsAsExpected();
    }

    @Test
    void aFileWithStructAndBitmapAlone() throws Exception {
        byte[] raw = files.fill("a.img", SIZE);
        byte[] bytes =
                Arrays.copyOf(new SidecarHeader("base.img", "a.img", 0, SIZE, 4096).encode(), SidecarHeader.BYTES + 38);
        bytes[SidecarHeader.BYTES + 2] = 0b10;
        Files.write(files.path("a.raw-cow"), bytes);
        System.arraycopy(raw, 17 * 4096, content, 17 * 4096, 4096);

        readsAsExpected();
    }

    @Test
    void aDamagedSidecarIsRefused() throws Exception {
        byte[] bytes = Files.readAllBytes(files.path("a.raw-cow"));
        bytes[4096 + 20]++;
        bytes[8192 + 20]++;
        Files.write(files.path("a.raw-cow"), bytes);

        read().failedWith("cannot read image: damaged extension area");
    }
}
