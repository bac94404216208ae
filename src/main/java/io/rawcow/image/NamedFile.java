package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import org.jspecify.annotations.Nullable;

/**
 * A file that a sidecar names, opened for reading if that works.
 *
 * @param name as stored
 * @param path absolute; without links if it could be opened
 * @param file null if it could not be opened
 * @param status null if it could not be opened
 * @param fault why it could not be opened, else null
 */
public record NamedFile(
        String name,
        String path,
        @Nullable OpenFile file,
        @Nullable FileStatus status,
        @Nullable BlockException fault) {

    /** The file, or the reason why there is none. */
    OpenFile require() throws BlockException {
        if (fault != null) {
            throw fault;
        }
        if (file == null) {
            throw new IllegalStateException("neither a file nor a fault: " + path);
        }
        return file;
    }

    void close() {
        if (file != null) {
            file.close();
        }
    }
}
