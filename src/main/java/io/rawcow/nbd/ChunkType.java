package io.rawcow.nbd;

/** The kinds of chunks that structured and extended replies are made of. Errors have bit 15 set. */
public enum ChunkType {
    NONE(0),
    OFFSET_DATA(1),
    OFFSET_HOLE(2),
    BLOCK_STATUS(5),
    BLOCK_STATUS_EXT(6),
    ERROR(0x8001),
    ERROR_OFFSET(0x8002);

    private final int number;

    ChunkType(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
