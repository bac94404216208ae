package io.rawcow.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * QEMU as a guest that never notices that its disk's service died: its NBD driver reconnects and asks again. Fills
 * parts of one region with patterns, and knows what the region must be.
 */
final class QemuWriter implements AutoCloseable {
    private static final String PROMPT = "qemu-io> ";

    private final Process qemu;
    private final BufferedReader said;
    private final SplittableRandom random;
    private final int offset;
    private final byte[] content;
    private final AtomicLong answered = new AtomicLong();
    private final Thread thread = new Thread(this::write, "qemu-writer");
    private volatile boolean enough;
    private volatile @Nullable String failure;

    /** @param content what the region has, which begins at {@code offset} */
    QemuWriter(URI uri, int offset, byte[] content, SplittableRandom random) throws IOException {
        this.offset = offset;
        this.content = content.clone();
        this.random = random;
        String disk = "driver=nbd,reconnect-delay=60,server.type=inet,server.host=%s,server.port=%d,export=%s"
                .formatted(uri.getHost(), uri.getPort(), uri.getPath().substring(1));
        qemu = new ProcessBuilder("qemu-io", "-d", "unmap", "--image-opts", disk)
                .redirectErrorStream(true)
                .start();
        said = qemu.inputReader(StandardCharsets.UTF_8);
        thread.start();
    }

    private void write() {
        try {
            String answer = awaitPrompt();
            while (!enough && !answer.contains("ail") && !answer.contains("rror")) {
                answer = ask(nextCommand());
                answered.incrementAndGet();
            }
            if (!enough) {
                failure = answer;
            }
        } catch (IOException e) {
            failure = e.toString();
        }
    }

    private String nextCommand() {
        int start = random.nextInt(content.length);
        int end = Math.min(content.length, start + 1 + random.nextInt(16384));
        int pattern = random.nextInt(256);
        Arrays.fill(content, start, end, (byte) pattern);
        return pattern == 0
                ? "write -z -u %d %d".formatted(offset + start, end - start)
                : "write -P %d %d %d".formatted(pattern, offset + start, end - start);
    }

    private String ask(String command) throws IOException {
        qemu.outputWriter(StandardCharsets.UTF_8).append(command).append('\n').flush();
        return awaitPrompt();
    }

    private String awaitPrompt() throws IOException {
        var answer = new StringBuilder();
        while (answer.indexOf(PROMPT) < 0) {
            int next = said.read();
            if (next < 0) {
                throw new IOException("qemu-io ended: " + answer);
            }
            answer.append((char) next);
        }
        return answer.toString();
    }

    long answered() {
        if (failure != null) {
            throw new AssertionError("QEMU noticed: " + failure);
        }
        return answered.get();
    }

    /** Stops writing, and answers what the region must be. */
    byte[] content() throws InterruptedException {
        enough = true;
        thread.join(60_000);
        if (thread.isAlive()) {
            throw new AssertionError("a write was never answered");
        }
        answered();
        return content;
    }

    @Override
    public void close() {
        qemu.destroyForcibly().onExit().join();
    }
}
