package io.rawcow.catalog;

import io.rawcow.testing.SimulatedDisk;
import java.util.SplittableRandom;

/**
 * The files of one life.
 *
 * @param size bytes of the image
 * @param backed whether it has a backing
 * @param reusesRawFile whether its raw file is there before, without data
 * @param plainRawFile whether there is no more to it than a raw file with data
 */
record CatalogScene(
        int size,
        int sectorSize,
        String rawFile,
        boolean backed,
        boolean reusesRawFile,
        boolean plainRawFile,
        boolean foreignReused) {

    static final byte[] FOREIGN_BYTES = bytes(2048, 0x70);

    private static final String BACKING = "golden/base.img";

    static CatalogScene drawn(SplittableRandom random) {
        int sectorSize = random.nextBoolean() ? 512 : 1024;
        boolean plain = random.nextInt(8) == 0;
        return new CatalogScene(
                sectorSize * random.nextInt(3, 7),
                sectorSize,
                random.nextBoolean() ? "images/vm.img" : "disks/vm.img",
                !plain && random.nextInt(3) != 0,
                !plain && random.nextInt(4) == 0,
                plain,
                random.nextInt(3) == 0);
    }

    private static byte[] bytes(int length, int tag) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; at++) {
            bytes[at] = (byte) (tag + at / 512);
        }
        return bytes;
    }

    void placeOn(SimulatedDisk disk) {
        for (String folder : new String[] {"images", "disks", "golden"}) {
            disk.placeFolder(folder);
        }
        disk.placeFile(BACKING, bytes(size, 0x10));
        disk.protect("/sim/" + BACKING);
        disk.placeFile(CatalogRig.FOREIGN, FOREIGN_BYTES);
        placeRawFile(disk);
    }

    /** What somebody put there before the image was asked for. */
    void placeRawFile(SimulatedDisk disk) {
        if (plainRawFile) {
            disk.placeFile(rawFile, firstContent());
        } else if (reusesRawFile) {
            disk.placeFile(rawFile, new byte[sectorSize == 512 ? 0 : size]);
        }
    }

    byte[] firstContent() {
        return plainRawFile ? bytes(size, 0x30) : backed ? bytes(size, 0x10) : new byte[size];
    }

    ImageRequest request() {
        return request(rawFile, reusesRawFile);
    }

    ImageRequest foreignRequest() {
        return request(CatalogRig.FOREIGN, foreignReused);
    }

    private ImageRequest request(String raw, boolean reuse) {
        return new ImageRequest(
                CatalogRig.SIDECAR,
                backed ? BACKING : null,
                backed ? "raw" : null,
                raw,
                (long) size,
                sectorSize,
                reuse ? Boolean.TRUE : null,
                null,
                null,
                null);
    }
}
