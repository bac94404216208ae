package io.rawcow;

import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/**
 * The main job on real data, for somebody who has just arrived: a file system image made of this machine's own files,
 * created, exported and streamed over REST, and the result held against the original by tools that are not ours.
 */
@Command(
        name = "demo",
        description = "Shows the main job on real data: create, stream, detach, compare.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  rawcow demo --serve"})
final class DemoCommand implements Callable<Integer> {
    private static final long IMAGE_BYTES = 768L << 20;
    private static final Duration POLL = Duration.ofMillis(100);

    @Option(names = "--serve", description = "Leave the service up for exploring, until Ctrl-C.")
    private boolean serve;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Work in this folder, which must be empty, and leave what was made.")
    private @Nullable Path dir;

    private final PrintStream out = System.out;

    @Override
    public Integer call() throws Exception {
        DemoTools.require("mke2fs", "e2fsprogs");
        DemoTools.require("cmp", "diffutils");
        Path folder = dir != null ? requireEmpty(dir) : Files.createTempDirectory("rawcow-demo-");
        var remove = new Thread(() -> removeTree(folder));
        if (dir == null) {
            // By a hook, because Ctrl-C is how an explored demo ends.
            Runtime.getRuntime().addShutdownHook(remove);
        }
        makeGoldenImage(folder.resolve("golden.img"));
        return run(folder);
    }

    /** Nothing that is there may be taken for the demo's own. */
    private static Path requireEmpty(Path folder) throws IOException {
        try (var paths = Files.list(Files.createDirectories(folder))) {
            if (paths.findAny().isPresent()) {
                throw new IOException("the demo needs a folder that is empty: name another one than " + folder);
            }
        }
        return folder;
    }

    private int run(Path folder) throws Exception {
        out.println("\nStarting the service:  rawcow serve --data " + folder);
        try (var service = DemoService.start(folder)) {
            out.println("  " + service.base());
            create(service);
            String uri = export(service);
            boolean served = stream(service, folder, uri);
            boolean identical = prove(folder, uri) && served;
            showWhatRemains(folder);
            if (identical && serve) {
                explore(service, folder);
            }
            return identical ? 0 : 1;
        }
    }

    private void makeGoldenImage(Path image) throws Exception {
        Path source = Path.of(System.getProperty("java.home"));
        out.printf("Making a golden image: ext4 of %d MiB with the files of %s%n", IMAGE_BYTES >> 20, source);
        DemoTools.run(List.of(
                "mke2fs", "-q", "-t", "ext4", "-d", source.toString(), image.toString(), (IMAGE_BYTES >> 10) + "k"));
        out.printf("  %s: %s%n", image.getFileName(), DemoTools.sizes(image));
    }

    private void create(DemoService service) throws Exception {
        String body = """
                {"sidecar": "my_vm.raw-cow", "rawFile": "my_vm.img", "backingFile": "golden.img"}""";
        showCurl(service, "PUT", "/v1/images/my_vm", body);
        long start = System.nanoTime();
        HttpResponse<String> answer = service.send("PUT", "/v1/images/my_vm", body);
        JsonNode image = service.expect(answer, 201);
        out.printf(
                "  %d in %d ms: state %s, %s, nothing copied yet%n",
                answer.statusCode(),
                (System.nanoTime() - start) / 1_000_000,
                image.get("state").asString(),
                DemoTools.mib(image.get("size").asLong()));
    }

    private String export(DemoService service) throws Exception {
        String body = """
                {"image": "my_vm"}""";
        showCurl(service, "PUT", "/v1/exports/my_vm", body);
        JsonNode export = service.expect(service.send("PUT", "/v1/exports/my_vm", body), 201);
        String uri = export.get("uris").get(0).asString();
        out.printf("  %s: a guest could boot from it now%n", uri);
        return uri;
    }

    /** @return whether a client was served while it ran */
    private boolean stream(DemoService service, Path folder, String uri) throws Exception {
        String body = """
                {"type": "stream", "image": "my_vm"}""";
        showCurl(service, "PUT", "/v1/jobs/demo", body);
        var _ = service.expect(service.send("PUT", "/v1/jobs/demo", body), 202);
        long start = System.nanoTime();
        boolean served = writeMeanwhile(folder, uri);
        JsonNode job;
        do {
            Thread.sleep(POLL);
            job = service.expect(service.send("GET", "/v1/jobs/demo", null), 200);
            showProgress(job);
        } while (!job.get("status").asString().equals("concluded"));
        out.println();
        if (!job.get("error").isNull()) {
            throw new IOException("the stream ended with an error: " + job.get("error"));
        }
        out.printf(
                Locale.ROOT,
                "  streamed and detached in %.1f s: %s copied, %s of zeros left as holes%n",
                (System.nanoTime() - start) / 1e9,
                DemoTools.mib(job.get("bytesCopied").asLong()),
                DemoTools.mib(job.get("bytesSkippedZero").asLong()));
        return served;
    }

    /** What is there already, so that the end can be compared. */
    private boolean writeMeanwhile(Path folder, String uri) throws Exception {
        String write = "write -s %s 64M 1M".formatted(folder.resolve("golden.part"));
        DemoTools.copyPart(folder.resolve("golden.img"), 64L << 20, 1 << 20, folder.resolve("golden.part"));
        return DemoTools.check(
                out,
                List.of("qemu-io", "-f", "raw", "-c", write, "-c", "flush", "-c", "read 64M 1M", uri),
                "writes, flushes and reads over NBD meanwhile");
    }

    private void showProgress(JsonNode job) {
        double progress = job.get("progress").asDouble();
        int filled = (int) (progress * 40);
        String line = "  [%s%s] %6.2f %%  %s/s"
                .formatted(
                        "#".repeat(filled),
                        "-".repeat(40 - filled),
                        progress * 100,
                        DemoTools.mib(job.get("rate").asLong()));
        out.print(!isTerminal() ? line + System.lineSeparator() : "\r" + line + "   ");
        out.flush();
    }

    @SuppressWarnings("SystemConsoleNull") // It is null where standard input is no terminal.
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    private void showCurl(DemoService service, String method, String path, String body) {
        out.printf(
                "%n$ curl -X %s %s%s -H 'Content-Type: application/json' -d '%s'%n",
                method, service.base(), path, body);
    }

    private boolean prove(Path folder, String uri) throws Exception {
        String golden = folder.resolve("golden.img").toString();
        String raw = folder.resolve("my_vm.img").toString();
        out.println("\nProving it with tools that are not ours:");
        boolean same = DemoTools.check(out, List.of("cmp", golden, raw), "identical");
        same &= DemoTools.check(out, List.of("e2fsck", "-fn", raw), "file system clean");
        if (DemoTools.isInstalled("qemu-img")) {
            same &= DemoTools.check(
                    out, List.of("qemu-img", "compare", "-f", "raw", "-F", "raw", golden, raw), "identical");
        }
        if (DemoTools.isInstalled("nbdcopy")) {
            String copy = folder.resolve("copy.img").toString();
            same &= DemoTools.check(out, List.of("nbdcopy", uri, copy), "read all of it over NBD, by the same URI");
            same &= DemoTools.check(out, List.of("cmp", golden, copy), "identical too");
        } else {
            out.println("  nbdcopy   not installed, left out: reading all of it over NBD, by the same URI");
        }
        return same;
    }

    private void showWhatRemains(Path folder) throws IOException {
        out.println("\nWhat remains (no sidecar, no backing needed):");
        for (String name : List.of("golden.img", "my_vm.img", "my_vm.raw-cow")) {
            Path file = folder.resolve(name);
            out.printf("  %-14s %s%n", name, Files.exists(file) ? DemoTools.sizes(file) : "gone");
        }
    }

    private void explore(DemoService service, Path folder) throws InterruptedException {
        out.printf(
                "%nThe service stays up: curl %s/v1/images   (data in %s)%nCtrl-C ends it.%n", service.base(), folder);
        service.join();
    }

    private static void removeTree(Path folder) {
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            System.err.println("rawcow: cannot remove the demo's folder: " + e.getMessage());
        }
    }
}
