package io.rawcow.testing;

/**
 * One call that changed a simulated disk, or made a change durable.
 *
 * @param index counts the calls of a disk from 0
 * @param path of the file, or of the folder and the name in it
 * @param length bytes; the new size for a truncation
 */
public record Operation(long index, Kind kind, String path, long offset, long length) {

    /** What was called. */
    public enum Kind {
        CREATE,
        WRITE,
        TRUNCATE,
        PUNCH,
        ZERO_RANGE,
        ALLOCATE,
        RENAME,
        UNLINK,
        CREATE_FOLDER,
        DATA_SYNC,
        SYNC,
        FOLDER_SYNC;

        /** Whether a failure of it leaves open what is on the disk. */
        public boolean isSync() {
            return this == DATA_SYNC || this == SYNC || this == FOLDER_SYNC;
        }
    }

    @Override
    public String toString() {
        return "%5d %-13s %s offset=%d length=%d".formatted(index, kind, path, offset, length);
    }
}
