package io.rawcow.security;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Files of tokens for tests. */
public final class TestTokens {
    private TestTokens() {}

    /** A token that can be told from others by its first letters. */
    public static String token(String name) {
        return name + "-" + "0123456789abcdef".repeat(3);
    }

    /** Replaces a file in one step, as one should. */
    public static Path write(Path file, String... tokens) {
        try {
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(fresh, String.join("\n", tokens) + "\n");
            return Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The properties of a caller with one token, named as the caller. */
    public static String[] caller(Path folder, String name, String role) {
        Path file = write(folder.resolve(name + ".tokens"), token(name));
        return new String[] {
            "rawcow.access.tokens.%s.file=%s".formatted(name, file),
            "rawcow.access.tokens.%s.role=%s".formatted(name, role)
        };
    }
}
