package io.rawcow.format;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The first 2080 bytes of a sidecar, written once when the image is created.
 *
 * @param backingFile name of the backing as stored (see {@link StoredName}), empty if there is none
 * @param rawFile name of the raw file as stored, never empty
 * @param mtime low 32 bits of the backing's modification time in Unix seconds at creation, unsigned; 0 if unknown
 * @param size virtual size in bytes, 1 … 2^63 − 2 MiB
 * @param sectorSize bytes one bit covers, a power of two, 512 … 2 MiB
 */
public record SidecarHeader(String backingFile, String rawFile, int mtime, long size, int sectorSize) {

    public static final int BYTES = 2080;
    public static final int MAGIC = 0x52434F57;
    public static final int VERSION = 1;
    public static final int MIN_SECTOR_SIZE = 512;
    public static final int MAX_SECTOR_SIZE = 2 << 20;
    public static final int DEFAULT_SECTOR_SIZE = 4096;
    public static final long MAX_SIZE = Long.MAX_VALUE - MAX_SECTOR_SIZE + 1;
    /** Longest stored name in bytes; one more holds the NUL that ends it. */
    public static final int MAX_NAME_BYTES = 1023;

    private static final int BACKING_FILE_AT = 8;
    private static final int RAW_FILE_AT = 1032;
    private static final int NAME_FIELD_BYTES = 1024;
    private static final int MTIME_AT = 2056;
    private static final int FIRST_PADDING_AT = 2060;
    private static final int SIZE_AT = 2064;
    private static final int SECTOR_SIZE_AT = 2072;
    private static final int SECOND_PADDING_AT = 2076;

    /** Checks everything that a reader checks too. IllegalArgumentException says which rule is broken. */
    public SidecarHeader {
        require(size >= 1 && size <= MAX_SIZE, "size must be 1 to %d bytes: size=%s", MAX_SIZE, size);
        require(
                isSectorSize(sectorSize),
                "sectorsize must be a power of two, 512 to 2097152: sectorsize=%s",
                sectorSize);
        requireName("backing_file", backingFile);
        requireName("raw_file", rawFile);
        require(!rawFile.isEmpty(), "raw_file must not be empty");
    }

    public static boolean isSectorSize(long bytes) {
        return bytes >= MIN_SECTOR_SIZE && bytes <= MAX_SECTOR_SIZE && Long.bitCount(bytes) == 1;
    }

    private static void requireName(String field, String name) {
        require(name.indexOf('\0') < 0, "%s must not contain NUL", field);
        int bytes;
        try {
            bytes = Utf8.encode(name).length;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(field + " must be a name in UTF-8", e);
        }
        require(bytes <= MAX_NAME_BYTES, "%s must not be longer than 1023 bytes: bytes=%s", field, bytes);
    }

    private static void require(boolean holds, String rule, Object... facts) {
        if (!holds) {
            throw new IllegalArgumentException(rule.formatted(facts));
        }
    }

    public Geometry geometry() {
        return new Geometry(size, sectorSize);
    }

    /** The 2080 bytes. */
    public byte[] encode() {
        byte[] bytes = new byte[BYTES];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        buffer.putInt(0, MAGIC).putInt(4, VERSION);
        buffer.put(BACKING_FILE_AT, backingFile.getBytes(StandardCharsets.UTF_8));
        buffer.put(RAW_FILE_AT, rawFile.getBytes(StandardCharsets.UTF_8));
        buffer.putInt(MTIME_AT, mtime).putLong(SIZE_AT, size).putInt(SECTOR_SIZE_AT, sectorSize);
        return bytes;
    }

    /**
     * Reads a header.
     *
     * @param bytes the first {@link #BYTES} bytes of a file, or fewer if it has no more
     * @param path for messages
     * @throws BlockException SIDECAR_INVALID naming the field that is wrong
     */
    public static SidecarHeader decode(byte[] bytes, String path) throws BlockException {
        if (bytes.length < BYTES) {
            throw invalid(path, "it is shorter than a header: bytes=%d expected=%d".formatted(bytes.length, BYTES));
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        requireField(path, "magic", Integer.toUnsignedLong(buffer.getInt(0)), MAGIC);
        requireField(path, "version", Integer.toUnsignedLong(buffer.getInt(4)), VERSION);
        requireField(path, "padding at 2060", Integer.toUnsignedLong(buffer.getInt(FIRST_PADDING_AT)), 0);
        requireField(path, "padding at 2076", Integer.toUnsignedLong(buffer.getInt(SECOND_PADDING_AT)), 0);
        String backing = decodeName(bytes, BACKING_FILE_AT, "backing_file", path);
        String raw = decodeName(bytes, RAW_FILE_AT, "raw_file", path);
        try {
            return new SidecarHeader(
                    backing, raw, buffer.getInt(MTIME_AT), buffer.getLong(SIZE_AT), buffer.getInt(SECTOR_SIZE_AT));
        } catch (IllegalArgumentException e) {
            throw invalid(path, String.valueOf(e.getMessage()));
        }
    }

    private static void requireField(String path, String field, long found, long expected) throws BlockException {
        if (found != expected) {
            throw invalid(path, "%s is 0x%X, expected 0x%X".formatted(field, found, expected));
        }
    }

    private static String decodeName(byte[] bytes, int at, String field, String path) throws BlockException {
        int length = 0;
        while (length < NAME_FIELD_BYTES && bytes[at + length] != 0) {
            length++;
        }
        if (length == NAME_FIELD_BYTES) {
            throw invalid(path, field + " is not NUL-terminated");
        }
        for (int i = length; i < NAME_FIELD_BYTES; i++) {
            if (bytes[at + i] != 0) {
                throw invalid(
                        path, "%s has a byte that is not zero behind its end: offset=%d".formatted(field, at + i));
            }
        }
        try {
            return Utf8.decode(bytes, at, length);
        } catch (CharacterCodingException e) {
            throw invalid(path, field + " is not UTF-8");
        }
    }

    static BlockException invalid(String path, String why) {
        return new BlockException(FaultKind.SIDECAR_INVALID, "cannot read sidecar: %s: path=%s".formatted(why, path));
    }
}
