package io.rawcow.nbd.server;

import io.rawcow.posix.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Memory that devices and sockets both move bytes with, and room for a header in front. Any thread may use it, one at a
 * time. Pages that were never used take no memory; all of it is given back when closed.
 */
final class NativeBuffer implements AutoCloseable {
    /** Data begin on a page; headers end there. */
    private static final int DATA_AT = 4096;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final ByteBuffer bytes;
    private final int capacity;

    /** @param capacity of data */
    NativeBuffer(int capacity) {
        this.capacity = capacity;
        this.memory = Memory.anonymous(DATA_AT + (long) capacity, arena);
        this.bytes = memory.asByteBuffer();
    }

    int capacity() {
        return capacity;
    }

    MemorySegment data(int at, int length) {
        return memory.asSlice(DATA_AT + (long) at, length);
    }

    /** The same bytes for sockets; good until the next call. */
    ByteBuffer dataBytes(int at, int length) {
        return bytes.limit(DATA_AT + at + length).position(DATA_AT + at);
    }

    /** Where to put a header in front of data: at most a page of it. */
    ByteBuffer header(int length) {
        return bytes.limit(DATA_AT).position(DATA_AT - length);
    }

    /** A header that was put there, and the data after it. */
    ByteBuffer headerAndData(int header, int data) {
        return bytes.limit(DATA_AT + data).position(DATA_AT - header);
    }

    @Override
    public void close() {
        arena.close();
    }
}
