package io.rawcow.testing;

import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import java.util.List;

/** Where the files of a test are: a simulated disk, or a folder of the kernel's. Paths are below its top. */
public interface Host {

    /** Its top. */
    Folder root();

    void placeFolder(String path);

    /** A folder in memory that is lost with its power and survives processes. */
    Folder memory() throws PosixException;

    /** Which run of the machine it is. */
    String bootId();

    /** Makes a regular file with these bytes. */
    void placeFile(String path, byte[] bytes);

    boolean exists(String path);

    /** Bytes. */
    long sizeOf(String path);

    /** What is there for the next process when this one is killed. */
    Host kill();

    /** The operations that failed because of {@link Faults}. */
    default List<Operation> failed() {
        return List.of();
    }
}
