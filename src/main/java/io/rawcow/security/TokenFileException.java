package io.rawcow.security;

import java.io.IOException;
import java.nio.file.Path;

/** Why a file of tokens cannot be used, in words for whoever wrote it; without what is in it. */
public final class TokenFileException extends IOException {
    private static final long serialVersionUID = 1;

    TokenFileException(String reason, Path file) {
        super("cannot read tokens: %s: path=%s".formatted(reason, file));
    }
}
