package io.rawcow.format;

import io.rawcow.posix.Access;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Sidecars for tests, as files and as bytes. */
final class SidecarFiles {
    static final String UUID = "0b8f4c1e-6d1f-4b57-9a0c-2f5f0c9f7a11";

    private SidecarFiles() {}

    static OpenFile open(Path file) throws PosixException {
        try (PosixFolder folder = PosixFolder.open(file.getParent().toString())) {
            return folder.open(file.getFileName().toString(), Access.READ_WRITE);
        }
    }

    static OpenFile create(Path file) throws PosixException {
        try (PosixFolder folder = PosixFolder.open(file.getParent().toString())) {
            return folder.create(file.getFileName().toString(), 0600);
        }
    }

    static Extension extension(SidecarState state) {
        return new Extension(UUID, state, "raw", 10_000L, 1_500_000_000_123_456_789L, null, null, null, List.of());
    }

    /** The bytes of a sidecar that was created, and whose state was then set to {@code cow}. */
    static byte[] bytesOf(Path folder, SidecarHeader header) throws IOException {
        Path path = folder.resolve("made.raw-cow");
        Files.deleteIfExists(path);
        try (Sidecar sidecar = Sidecar.create(create(path), header, extension(SidecarState.CREATING))) {
            sidecar.update(extension(SidecarState.COW));
        }
        return Files.readAllBytes(path);
    }

    static MemorySegment memoryFor(SidecarHeader header) {
        return Arena.ofAuto()
                .allocate(AllocationBitmap.memoryBytes(header.geometry().sectorCount()), 8);
    }
}
