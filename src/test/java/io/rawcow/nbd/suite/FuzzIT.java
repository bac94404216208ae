package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * Many clients at once that say this and that for a while ({@code -Drawcow.fuzz.seconds}), after which the server is as
 * it was. {@code -Drawcow.fuzz.seed} repeats a run as far as threads allow; a failure names the case that failed, and
 * {@code -Drawcow.fuzz.case} plays that alone.
 */
class FuzzIT {
    private static final int CLIENTS = 8;
    private static final Logger LOGGER = Logger.getLogger("io.rawcow");

    private final Queue<String> surprises = new ConcurrentLinkedQueue<>();
    private final AtomicLong sessions = new AtomicLong();
    private final AtomicLong models = new AtomicLong();

    /** Kept from being collected, with its handler, as long as the test runs. */
    private final Handler ear = new Handler() {
        @Override
        public void publish(LogRecord log) {
            boolean bug = log.getThrown() instanceof RuntimeException || log.getThrown() instanceof Error;
            if (bug || log.getLevel().intValue() >= Level.SEVERE.intValue()) {
                surprises.add("logged: " + log.getMessage() + " " + log.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @Test
    void theServerOutlivesItsClients() throws Exception {
        long seed = Long.getLong("rawcow.fuzz.seed", System.nanoTime());
        long only = Long.getLong("rawcow.fuzz.case", 0);
        var duration = Duration.ofSeconds(Integer.getInteger("rawcow.fuzz.seconds", 20));
        var before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> surprises.add("uncaught: " + thread + " " + e));
        LOGGER.addHandler(ear);
        try (var rig =
                Rig.start(limits -> limits.handshake(Duration.ofSeconds(5)).stall(Duration.ofSeconds(5)))) {
            rig.offerReadOnly("frozen", new MemoryDevice(Rig.SIZE));
            rig.assertServes();
            rig.assertDeserted();
            long threads = nbdThreads();
            long descriptors = descriptors();
            if (only != 0) {
                play(rig, only);
            } else {
                System.out.printf("fuzz: -Drawcow.fuzz.seed=%d for %s%n", seed, duration);
                storm(rig, seed, System.nanoTime() + duration.toNanos());
                System.out.printf("fuzz: %d spoiled sessions, %d checked by a model%n", sessions.get(), models.get());
            }
            rig.assertServes();
            rig.assertDeserted();
            Rig.eventually(() -> assertThat(nbdThreads()).isLessThanOrEqualTo(threads));
            Rig.eventually(() -> assertThat(descriptors()).isLessThanOrEqualTo(descriptors));
            assertThat(rig.refusals().connectedNow()).isZero();
        } finally {
            LOGGER.removeHandler(ear);
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(surprises).isEmpty();
    }

    private void storm(Rig rig, long seed, long deadline) throws Exception {
        try (var threads = Executors.newFixedThreadPool(CLIENTS)) {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < CLIENTS; i++) {
                var seeds = new Random(seed + i);
                running.add(threads.submit(() -> {
                    while (System.nanoTime() < deadline && surprises.isEmpty()) {
                        play(rig, 1 + seeds.nextLong(Long.MAX_VALUE - 1));
                    }
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
    }

    /** One case, all of which follows from its number. */
    private void play(Rig rig, long number) throws Exception {
        var random = new Random(number);
        try {
            if (random.nextInt(8) == 0) {
                checked(rig, random, "model-" + number);
                models.incrementAndGet();
            } else {
                spoiled(rig, random);
                sessions.incrementAndGet();
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError("-Drawcow.fuzz.case=" + number, e);
        }
    }

    private static void checked(Rig rig, Random random, String name) throws Exception {
        var device = new MemoryDevice(FuzzModel.SIZE);
        var export = rig.server().offer(Rig.exportOf(name, device));
        Mode mode = Mode.any(random);
        try (var client = rig.open(mode, name)) {
            new FuzzModel(random, client).run(100);
            if (random.nextBoolean()) {
                client.disconnect();
            }
        }
        assertThat(export.drop(Duration.ofSeconds(30))).isTrue();
        assertThat(device.misuse()).isEmpty();
    }

    private static void spoiled(Rig rig, Random random) throws IOException {
        byte[] script = new FuzzScript(random).next();
        try (var nbd = rig.connect()) {
            try {
                for (int at = 0; at < script.length; ) {
                    int end = Math.min(script.length, at + 1 + random.nextInt(random.nextBoolean() ? 40 : 4000));
                    nbd.send(Arrays.copyOfRange(script, at, end));
                    at = end;
                }
                if (random.nextInt(8) == 0) {
                    nbd.reset();
                    return;
                }
                nbd.finishSending();
            } catch (SocketException e) {
                assertThat(e).as("the server has hung up, as it may").isNotNull();
            }
            nbd.drain();
        }
    }

    private static long nbdThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("nbd"))
                .count();
    }

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return List.copyOf(open.toList()).size();
        }
    }
}
