package io.rawcow.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.format.Extension.Clean;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What docs/raw-cow-format.md shows is what the code does. */
class FormatDocumentTest {
    private static final Path DOCUMENT = Path.of("docs/raw-cow-format.md");
    private static final SidecarHeader HEADER =
            new SidecarHeader("ubuntu.img", "my_vm.img", 1_500_000_000, 10_000, 4096);

    @TempDir
    Path folder;

    /** The life the document tells: created, opened, sector 1 written, closed. */
    private byte[] example() throws IOException {
        Path path = folder.resolve("my_vm.raw-cow");
        Extension creating = SidecarFiles.extension(SidecarState.CREATING);
        try (Sidecar sidecar = Sidecar.create(SidecarFiles.create(path), HEADER, creating)) {
            Extension cow = creating.withState(SidecarState.COW);
            sidecar.update(cow.closedCleanly(new Clean(10_000, 1_600_000_000_000_000_000L)));
            sidecar.update(cow);
            AllocationBitmap bitmap = sidecar.load(SidecarFiles.memoryFor(HEADER));
            bitmap.markAllocated(1, 2);
            sidecar.save(bitmap.takeUnsaved());
            sidecar.update(cow.closedCleanly(new Clean(10_000, 1_600_000_003_000_000_000L)));
        }
        return Files.readAllBytes(path);
    }

    private static String block(String language) throws IOException {
        Matcher block =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(DOCUMENT));
        assertThat(block.find()).isTrue();
        return block.group(1);
    }

    @Test
    void theHexdumpIsWhatTheCodeWrites() throws Exception {
        assertThat(block("hexdump")).isEqualTo(hexdump(example()));
    }

    @Test
    void theHexdumpIsReadAsTheDocumentSays() throws Exception {
        Path path = folder.resolve("parsed.raw-cow");
        Files.write(path, parse(block("hexdump")));

        try (Sidecar sidecar = Sidecar.open(SidecarFiles.open(path), "new-uuid")) {
            assertThat(sidecar.header()).isEqualTo(HEADER);
            assertThat(sidecar.extension().clean()).isEqualTo(new Clean(10_000, 1_600_000_003_000_000_000L));
            AllocationBitmap bitmap = sidecar.load(SidecarFiles.memoryFor(HEADER));
            assertThat(bitmap.sectorCount()).isEqualTo(3);
            assertThat(bitmap.nextAllocated(0)).isEqualTo(1);
            assertThat(bitmap.allocatedCount()).isEqualTo(1);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(example());
    }

    @TestFactory
    Stream<DynamicTest> theTableOfSizesIsRight() throws IOException {
        Pattern row = Pattern.compile("\\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|");
        var rows = row.matcher(Files.readString(DOCUMENT)).results().toList();
        assertThat(rows).hasSizeGreaterThan(4);
        return rows.stream()
                .map(cells -> DynamicTest.dynamicTest(cells.group(), () -> {
                    var geometry = new Geometry(number(cells, 1), (int) number(cells, 2));
                    assertThat(geometry.sectorCount()).isEqualTo(number(cells, 3));
                    assertThat(geometry.bitmapBytes()).isEqualTo(number(cells, 4));
                    assertThat(geometry.areaOffset()).isEqualTo(number(cells, 5));
                }));
    }

    private static long number(MatchResult cells, int column) {
        return Long.parseLong(cells.group(column));
    }

    // ---- hexdump -C

    private static String hexdump(byte[] bytes) {
        var dump = new StringBuilder();
        byte[] previous = null;
        boolean folded = false;
        for (int at = 0; at < bytes.length; at += 16) {
            byte[] line = Arrays.copyOfRange(bytes, at, Math.min(at + 16, bytes.length));
            if (!Arrays.equals(line, previous)) {
                dump.append(line(at, line));
                folded = false;
            } else if (!folded) {
                dump.append("*\n");
                folded = true;
            }
            previous = line;
        }
        return dump.append("%08x\n".formatted(bytes.length)).toString();
    }

    private static String line(int at, byte[] bytes) {
        var hex = new StringBuilder();
        var text = new StringBuilder();
        for (int i = 0; i < bytes.length; i++) {
            hex.append((i % 8 == 0 ? "  %02x" : " %02x").formatted(bytes[i]));
            text.append(bytes[i] >= 0x20 && bytes[i] < 0x7F ? (char) bytes[i] : '.');
        }
        return "%08x%-50s  |%s|\n".formatted(at, hex, text);
    }

    private static byte[] parse(String dump) {
        byte[] bytes = new byte[0];
        int filled = 0;
        for (String line : dump.lines().toList()) {
            if (line.equals("*")) {
                continue; // the line before it again, up to the offset of the next
            }
            int at = Integer.parseInt(line, 0, 8, 16);
            bytes = Arrays.copyOf(bytes, line.length() > 8 ? at + 16 : at);
            for (; filled < at; filled++) {
                bytes[filled] = bytes[filled - 16];
            }
            for (; filled < bytes.length; filled++) {
                int column = 10 + filled % 16 * 3 + (filled % 16 < 8 ? 0 : 1);
                bytes[filled] = (byte) Integer.parseInt(line, column, column + 2, 16);
            }
        }
        return bytes;
    }
}
