package io.rawcow.guest;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/** What the guests of tests live on: an ext4 file system with room, and two files of one content. */
public final class GoldenDisk {
    private static final long DISK_BYTES = 96L << 20;

    private GoldenDisk() {}

    /**
     * Makes one.
     *
     * @param folder for what is needed on the way
     * @return the checksum of both files
     */
    public static String make(Path folder, Path disk) throws IOException, InterruptedException {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        var random = new SplittableRandom(seed);
        Path tree = Files.createDirectories(folder.resolve("tree/sub")).getParent();
        byte[] content = new byte[24 << 20];
        random.nextBytes(content);
        Files.write(tree.resolve("golden"), content);
        Files.write(tree.resolve("sub/untouched"), content);
        try (var image = new RandomAccessFile(disk.toFile(), "rw")) {
            image.setLength(DISK_BYTES);
        }
        Tool.run(folder, "mkfs.ext4", "-q", "-d", tree.toString(), disk.toString());
        return sha256(content);
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
