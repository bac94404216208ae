package io.rawcow.testing;

import io.rawcow.posix.Folder;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of a real file system. It cannot lose power, and whoever kills must let go of its files himself. */
public final class RealFolder implements Host {
    private final Path path;

    public RealFolder(Path path) {
        this.path = path;
    }

    @Override
    public Folder root() {
        try {
            return PosixFolder.open(path.toString());
        } catch (PosixException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Folder memory() throws PosixException {
        return TestMemory.open();
    }

    @Override
    public String bootId() {
        return "the only one";
    }

    @Override
    public void placeFolder(String name) {
        try {
            Files.createDirectory(path.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void placeFile(String name, byte[] bytes) {
        try {
            Files.write(path.resolve(name), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(path.resolve(name));
    }

    @Override
    public long sizeOf(String name) {
        try {
            return Files.size(path.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Host kill() {
        return this;
    }
}
