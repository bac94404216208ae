package io.rawcow.stream;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.rawcow.block.BlockException;
import io.rawcow.image.ImageCreator;
import io.rawcow.image.ImageOpener;
import io.rawcow.image.ImageSpec;
import io.rawcow.image.LiveImage;
import io.rawcow.image.OpenOptions;
import io.rawcow.image.Preallocation;
import io.rawcow.image.TestLive;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixFolder;
import io.rawcow.testing.Tampering;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A folder with images over {@code base.img}, and the streams of them. Closes what is left open. */
final class StreamLab implements AutoCloseable {
    static final int KIB = 1 << 10;
    static final int MIB = 1 << 20;
    static final int SECTOR = 4096;
    static final String BASE = "base.img";
    static final Duration SOON = Duration.ofSeconds(30);

    final Tampering tampering = new Tampering();
    final BufferPool buffers = new BufferPool(64L << 20, 2 << 20);
    final List<JobStatus> told = new CopyOnWriteArrayList<>();
    private final Path folder;
    private final DataRoots roots;
    private final Deque<Open> open = new ArrayDeque<>();

    private interface Open {
        void close() throws BlockException;
    }

    StreamLab(Path folder) throws IOException {
        this.folder = folder.toRealPath();
        PosixFolder root = PosixFolder.open(this.folder.toString());
        open.push(root::close);
        this.roots = new DataRoots(List.of(new DataRoots.Root(tampering.on(root), true, "")));
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(path(name));
    }

    DataRoots roots() {
        return roots;
    }

    /** Bytes of disk a file takes. */
    long allocated(String name) throws IOException {
        try (PosixFolder root = PosixFolder.open(folder.toString())) {
            return root.status(name).orElseThrow().allocatedBytes();
        }
    }

    /** Makes the backing of bytes without zeros in runs of {@code unit}: data and holes by turns, data first. */
    byte[] backing(int size, int unit) throws IOException {
        byte[] bytes = new byte[size];
        try (var file = new RandomAccessFile(path(BASE).toFile(), "rw")) {
            file.setLength(0);
            file.setLength(size);
            for (int at = 0; at < size; at += 2 * unit) {
                int end = Math.min(size, at + unit);
                noise(bytes, at, end, at + 1);
                file.seek(at);
                file.write(bytes, at, end - at);
            }
        }
        return bytes;
    }

    /** Makes the backing all data. */
    byte[] backing(int size) throws IOException {
        return backing(size, size);
    }

    static void noise(byte[] bytes, int from, int end, long seed) {
        var random = new SplittableRandom(seed);
        for (int i = from; i < end; i++) {
            bytes[i] = (byte) random.nextInt(1, 256);
        }
    }

    /** {@code NAME.raw-cow} and {@code NAME.img} over the backing. */
    LiveImage image(String name, int sector) throws IOException {
        create(name, null, sector, Preallocation.OFF);
        return reopen(name);
    }

    LiveImage image(int sector) throws IOException {
        return image("a", sector);
    }

    void create(String name, @Nullable Long size, int sector, Preallocation preallocation) throws IOException {
        String backing = Files.exists(path(BASE)) ? BASE : null;
        String format = backing == null ? null : "raw";
        ImageCreator.create(
                roots,
                new ImageSpec(
                        roots.locate(name + ".raw-cow"),
                        backing,
                        format,
                        name + ".img",
                        size,
                        sector,
                        preallocation,
                        false,
                        true));
    }

    LiveImage reopen(String name) throws IOException {
        return reopen(name, OpenOptions.STRICT);
    }

    LiveImage reopen(String name, OpenOptions options) throws IOException {
        LiveImage image = ImageOpener.open(roots, roots.locate(name + ".raw-cow"), TestLive.folder(), options);
        open.push(image::close);
        return image;
    }

    // ---- jobs

    static StreamSettings settings(int windowBytes, long saveBytes, Duration saveInterval) {
        return new StreamSettings(4, windowBytes, saveBytes, saveInterval);
    }

    /** Windows of 64 KiB; bits are saved often. */
    static StreamSettings small() {
        return settings(64 * KIB, 1 << 20, Duration.ofMillis(20));
    }

    StreamContext context(StreamSettings settings) {
        return new StreamContext(
                settings, buffers, InstantSource.system(), System::nanoTime, () -> {}, job -> told.add(job.status()));
    }

    StreamJob job(LiveImage image, StreamOptions options) {
        return new StreamJob(image, options, context(small()), JobHistory.NONE);
    }

    StreamRunner runner(StreamJob job) {
        var runner = new StreamRunner(job, "test", 4);
        open.push(() -> runner.halt(SOON));
        return runner;
    }

    StreamRunner started(StreamJob job) {
        StreamRunner runner = runner(job);
        runner.start();
        return runner;
    }

    static StreamOptions onError(ErrorPolicy policy) {
        return new StreamOptions(0, policy, true, false);
    }

    static StreamOptions speed(long bytesPerSecond) {
        return new StreamOptions(bytesPerSecond, ErrorPolicy.ENOSPC, true, false);
    }

    static final StreamOptions WAIT = new StreamOptions(0, ErrorPolicy.ENOSPC, false, false);

    // ---- as a guest

    static byte[] read(LiveImage image, long offset, int length) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(length);
            image.read(offset, target);
            return target.toArray(JAVA_BYTE);
        }
    }

    static byte[] readAll(LiveImage image) throws BlockException {
        return read(image, 0, Math.toIntExact(image.sizeBytes()));
    }

    static void write(LiveImage image, long offset, byte[] bytes) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(bytes.length);
            source.copyFrom(MemorySegment.ofArray(bytes));
            image.write(offset, source);
        }
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (BlockException _) {
                // An image that the test has broken.
            }
        }
    }
}
