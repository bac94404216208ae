package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder of real files, the only data root there is, and what tests do with images in it. */
final class ImageFiles {
    static final int SECTOR = 4096;

    private final Path folder;
    private final DataRoots roots;

    ImageFiles(Path folder) throws IOException {
        this.folder = folder.toRealPath();
        this.roots = new DataRoots(List.of(new DataRoots.Root(PosixFolder.open(this.folder.toString()), true, "")));
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    DataRoots roots() {
        return roots;
    }

    Place place(String name) throws IOException {
        return roots.locate(name);
    }

    /** Writes a file of bytes that depend on its name and size alone. */
    byte[] fill(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new SplittableRandom(name.hashCode()).nextBytes(bytes);
        Files.write(path(name), bytes);
        return bytes;
    }

    /** Over a raw backing of the same size; sectors of 4 KiB. */
    ImageSpec spec(String sidecar, String backing, String rawFile) throws IOException {
        return new ImageSpec(place(sidecar), backing, "raw", rawFile, null, SECTOR, Preallocation.OFF, false, true);
    }

    /** Without a backing. */
    ImageSpec spec(String sidecar, String rawFile, long size) throws IOException {
        return new ImageSpec(place(sidecar), null, null, rawFile, size, SECTOR, Preallocation.OFF, false, true);
    }

    SidecarHeader create(ImageSpec spec) throws BlockException {
        return ImageCreator.create(roots, spec);
    }

    /** {@code a.raw-cow} over {@code base.img} into {@code a.img}, closed. */
    byte[] createOver(int size) throws IOException {
        byte[] backing = fill("base.img", size);
        create(spec("a.raw-cow", "base.img", "a.img"));
        return backing;
    }

    LiveImage open(String sidecar) throws IOException {
        return open(sidecar, OpenOptions.STRICT);
    }

    LiveImage open(String sidecar, OpenOptions options) throws IOException {
        return open(sidecar, TestLive.folder(), options);
    }

    LiveImage open(String sidecar, LiveFolder live, OpenOptions options) throws IOException {
        return ImageOpener.open(roots, place(sidecar), live, options);
    }

    /** The sidecar alone, to look at. */
    Sidecar sidecar(String name) throws IOException {
        OpenFile file = place(name).open(Access.READ_WRITE);
        return Sidecar.open(file, "");
    }

    static byte[] read(LiveImage image, long offset, int length) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(length);
            image.read(offset, bytes);
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    static byte[] read(LiveImage image) throws BlockException {
        return read(image, 0, Math.toIntExact(image.sizeBytes()));
    }

    static void write(LiveImage image, long offset, byte[] bytes) throws BlockException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(bytes.length);
            segment.copyFrom(MemorySegment.ofArray(bytes));
            image.write(offset, segment);
        }
    }

    /** Copies everything up that is still in the backing. */
    static void hydrate(LiveImage image) throws BlockException {
        for (var clear = image.nextClear(0, Long.MAX_VALUE);
                clear.isPresent();
                clear = image.nextClear(0, Long.MAX_VALUE)) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment content = arena.allocate(clear.get().length(), 8);
                image.readBacking(clear.get().offset(), content);
                image.hydrate(clear.get(), content);
            }
        }
    }

    /** All there is to see of every file: kind, time, size and a hash of its bytes. */
    Map<String, String> snapshot() throws IOException {
        var seen = new TreeMap<String, String>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(path -> !path.equals(folder)).toList()) {
                var attributes =
                        Files.readAttributes(file, "unix:mode,ino,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
                boolean regular = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
                seen.put(folder.relativize(file).toString(), new TreeMap<>(attributes) + (regular ? hash(file) : ""));
            }
        }
        return seen;
    }

    private static String hash(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
