package io.rawcow.metrics;

import static org.awaitility.Awaitility.await;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A file whose reads can be made to hang or fail, as those of a network's file system do: nbdkit has the bytes, nbdfuse
 * mounts them.
 */
final class FuseBacking implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(20);

    private final Path folder;
    private final Path file;
    private final Tool server;
    private final Tool mount;

    private FuseBacking(Path folder, Path file, Tool server, Tool mount) {
        this.folder = folder;
        this.file = file;
        this.server = server;
        this.mount = mount;
    }

    /** Mounts the bytes of {@code content} as the only file of a folder of its own. */
    static FuseBacking of(Path folder, Path content) throws IOException {
        String socket = folder.resolve("backing.sock").toString();
        Tool server = Tool.start(
                folder, List.of("nbdkit", "--foreground", "--readonly", "-U", socket, "file", content.toString()));
        await().atMost(SOON).until(() -> Files.exists(Path.of(socket)));
        Path file = Files.createDirectory(folder.resolve("backing")).resolve("golden.img");
        Tool mount = Tool.start(folder, List.of("nbdfuse", "--readonly", file.toString(), "--unix", socket));
        var backing = new FuseBacking(folder, file, server, mount);
        await().atMost(SOON).until(() -> Files.exists(file));
        return backing;
    }

    Path file() {
        return file;
    }

    /** From now on reads wait. */
    void hang() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Reads that waited go on. */
    void answer() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** From now on reads fail; those that wait, too. */
    void lose() {
        server.process().destroyForcibly().onExit().join();
    }

    private void signal(String name) throws IOException, InterruptedException {
        Tool.run(
                folder,
                "bash",
                "-c",
                "kill -%s %d".formatted(name, server.process().pid()));
    }

    /** Unmounts first, which nbdfuse takes as its end; it does not always do so itself where its server is gone. */
    @Override
    public void close() throws IOException {
        lose(); // else the unmount may wait for a read
        try {
            Tool.run(folder, "fusermount3", "-u", "-z", file.getParent().toString());
            var _ = mount.process().waitFor(SOON.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            mount.close();
            server.close();
        }
    }
}
