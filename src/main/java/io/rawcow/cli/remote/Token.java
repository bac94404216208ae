package io.rawcow.cli.remote;

import io.rawcow.cli.remote.ServiceException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** The file with what a client shows of itself. Messages name the file, never what is in it. */
final class Token {
    private static final int MAX_BYTES = 8192;
    /** As RFC 6750 has it. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private Token() {}

    /** Read anew for every request: tokens are replaced while a command runs. */
    static String read(Path file) throws ServiceException {
        String text;
        try (var in = Files.newInputStream(file)) {
            text = new String(in.readNBytes(MAX_BYTES + 1), StandardCharsets.ISO_8859_1).strip();
        } catch (NoSuchFileException e) {
            throw unusable("there is no such file", file);
        } catch (IOException e) {
            throw unusable("the file cannot be read", file);
        }
        if (text.length() > MAX_BYTES || !TOKEN.matcher(text).matches()) {
            throw unusable("the file must hold the token, one word of at most " + MAX_BYTES + " letters", file);
        }
        return text;
    }

    private static ServiceException unusable(String why, Path file) {
        return new ServiceException(Kind.UNUSABLE_FILE, "cannot use the token: %s: path=%s".formatted(why, file), null);
    }
}
