package io.rawcow.image;

import io.rawcow.format.Geometry;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileType;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Host;
import io.rawcow.testing.SimulatedDisk;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where the files of a test's image are, and what is in them before it is created.
 *
 * @param rawName as the sidecar will name it
 * @param rawPath where that is, below the disk's top
 * @param existing what is there before; null if nothing
 * @param device whether that is a block device
 * @param backing bytes of the backing; null if there is none
 * @param inCatalog whether all goes through a service's catalog
 * @param liveBudget memory for live files
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares layouts
record Layout(
        int sectorSize,
        int size,
        String rawName,
        String rawPath,
        byte @Nullable [] existing,
        boolean device,
        byte @Nullable [] backing,
        Preallocation preallocation,
        boolean inCatalog,
        long liveBudget) {

    static final String SIDECAR = "images/vm.raw-cow";
    static final String BACKING = "golden/base.img";
    static final long ENOUGH_MEMORY = 1 << 20;
    /** Stands for the path of the host's top in a name. */
    private static final String TOP = "TOP";

    /** The same without what only a simulated disk has. */
    Layout withoutDevice() {
        return device
                ? new Layout(
                        sectorSize, size, rawName, rawPath, null, false, backing, preallocation, inCatalog, liveBudget)
                : this;
    }

    /** A small image of some sort. */
    static Layout drawn(SplittableRandom random, int sectorSize, int mostBytes) {
        int most = Math.max(mostBytes, 2 * sectorSize + 1);
        int size = random.nextInt(1, most);
        if (random.nextInt(4) == 0) {
            size = Math.max(1, size / sectorSize) * sectorSize;
        }
        boolean elsewhere = random.nextBoolean();
        boolean device = random.nextInt(4) == 0;
        byte[] existing = null;
        if (device) {
            existing = garbage(size, random.nextInt());
        } else if (random.nextInt(6) == 0) {
            existing = new byte[random.nextInt(2 * size)];
        }
        String path = elsewhere ? "disks/vm.img" : "images/vm.img";
        return new Layout(
                sectorSize,
                size,
                !elsewhere ? "vm.img" : random.nextBoolean() ? TOP + "/disks/vm.img" : "../disks/vm.img",
                path,
                existing,
                device,
                drawBacking(random, size),
                drawPreallocation(random),
                random.nextInt(3) == 0,
                drawBudget(random));
    }

    /** Enough; or none; or enough for a header without bits. */
    private static long drawBudget(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> LiveHeader.bytes(new Geometry(512, 512));
            default -> ENOUGH_MEMORY;
        };
    }

    private static Preallocation drawPreallocation(SplittableRandom random) {
        return switch (random.nextInt(5)) {
            case 0 -> Preallocation.FALLOC;
            case 1 -> Preallocation.FULL;
            default -> Preallocation.OFF;
        };
    }

    private static byte @Nullable [] drawBacking(SplittableRandom random, int size) {
        int length = switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> size + random.nextInt(5000);
            case 2 -> random.nextInt(1, size + 1);
            default -> size;
        };
        if (length == 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        int grain = 512 << random.nextInt(4);
        for (int at = 0; at < length; at += grain) {
            int end = Math.min(at + grain, length);
            if (random.nextInt(3) != 0) {
                fill(bytes, at, end, 0xB0000000 + at);
            }
        }
        return bytes;
    }

    /** Bytes that tell where they come from: every 512 of them begin otherwise. */
    static void fill(byte[] bytes, int from, int end, int tag) {
        for (int at = from; at < end; at++) {
            int word = tag + (at >>> 9) * 0x01000193;
            bytes[at] = (byte) ((word >>> ((at & 3) * 8)) | 1);
        }
    }

    static byte[] garbage(int length, int tag) {
        byte[] bytes = new byte[length];
        fill(bytes, 0, length, tag ^ 0x6A6B6A6B);
        return bytes;
    }

    void placeOn(Host host) {
        host.placeFolder("images");
        host.placeFolder("disks");
        host.placeFolder("golden");
        host.placeFolder("catalog");
        if (backing != null) {
            host.placeFile(BACKING, backing);
        }
        if (existing != null && !device) {
            host.placeFile(rawPath, existing);
        }
        if (host instanceof SimulatedDisk disk) {
            disk.protect("/sim/" + BACKING);
            if (device) {
                disk.place(rawPath, FileType.BLOCK_DEVICE, existing);
            }
        }
    }

    ImageSpec spec(DataRoots roots) throws PosixException {
        String top = roots.primary().folder().path();
        return new ImageSpec(
                roots.locate(SIDECAR),
                backing == null ? null : top + "/" + BACKING,
                backing == null ? null : "raw",
                rawName.replace(TOP, top),
                (long) size,
                sectorSize,
                preallocation,
                existing != null,
                true);
    }

    /** What a guest finds at first. */
    byte[] firstContent() {
        return backing == null ? new byte[size] : Arrays.copyOf(backing, size);
    }

    @Override
    public String toString() {
        return ("sectorSize=%d size=%d raw=%s existing=%s device=%s backing=%s preallocation=%s "
                        + "inCatalog=%s liveBudget=%d")
                .formatted(
                        sectorSize,
                        size,
                        rawName,
                        existing == null ? "none" : existing.length,
                        device,
                        backing == null ? "none" : backing.length,
                        preallocation,
                        inCatalog,
                        liveBudget);
    }
}
