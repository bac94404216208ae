package io.rawcow.security;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file with a token a line, read again whenever it has changed: looked at for every request, so that a token that was
 * taken out is void at once. If the file cannot be used any more, none of its tokens is in force; but one that somebody
 * is just writing is waited for. Only hashes are kept, and messages say what is wrong, never what is there.
 *
 * <p>Safe from many threads.
 */
final class TokenFile {
    private static final Logger LOG = System.getLogger(TokenFile.class.getName());
    /** What RFC 6750 lets a token be made of, as long as cannot be guessed. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]{32,512}=*");

    private static final int MAX_BYTES = 65536;
    private static final int OTHERS = 0007;
    private static final int GROUP_WRITES = 0020;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final Path file;
    /** Of the file as it was read last; null if it could not be used then. */
    private @Nullable Map<String, Object> stamp;

    private List<byte[]> hashes = List.of();

    private TokenFile(Path file) {
        this.file = file;
    }

    /** @throws IOException if it cannot be used, with the reason */
    static TokenFile open(Path file) throws IOException {
        var opened = new TokenFile(file);
        opened.read();
        return opened;
    }

    static byte[] hash(byte[] token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Whether a token of this hash is in force; takes the same time for every one. */
    synchronized boolean has(byte[] hash) {
        refresh();
        boolean found = false;
        for (byte[] each : hashes) {
            found |= MessageDigest.isEqual(each, hash);
        }
        return found;
    }

    private void refresh() {
        try {
            if (stamp == null || !look().equals(stamp)) {
                read();
            }
        } catch (IOException e) {
            if (stamp != null && !isReadableSoon()) {
                stamp = null;
                hashes = List.of();
                LOG.log(Level.ERROR, "no token of this file is in force any more: " + e.getMessage());
            }
        }
    }

    private boolean isReadableSoon() {
        long start = System.nanoTime();
        while (System.nanoTime() - start < PATIENCE.toNanos()) {
            try {
                Thread.sleep(PAUSE);
                read();
                return true;
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "not yet", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    /** The usual ones have none in words. */
    static String reasonOf(FileSystemException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "the service's user may not read it";
            default -> String.valueOf(failure.getReason());
        };
    }

    /** What changes with every change of the file, or of what its name leads to. */
    private Map<String, Object> look() throws IOException {
        try {
            return Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime,mode");
        } catch (FileSystemException e) {
            throw new TokenFileException(reasonOf(e), file);
        }
    }

    /** The stamp is older than what is read: a change in between is seen the next time. */
    private void read() throws IOException {
        Map<String, Object> before = look();
        requirePrivate(Objects.requireNonNull((Integer) before.get("mode")));
        hashes = parse();
        if (stamp != null) {
            LOG.log(Level.INFO, "tokens read again: count=%d path=%s".formatted(hashes.size(), file));
        }
        stamp = before;
    }

    private void requirePrivate(int mode) throws IOException {
        if ((mode & (OTHERS | GROUP_WRITES)) != 0) {
            throw new TokenFileException(
                    "others may read the file, or change it (chmod 600, or 440 for a group; in a pod defaultMode:"
                            + " 0440): mode=%04o".formatted(mode & 07777),
                    file);
        }
    }

    private List<byte[]> parse() throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (FileSystemException e) {
            throw new TokenFileException(reasonOf(e), file);
        }
        if (bytes.length > MAX_BYTES) {
            throw new TokenFileException("the file has more than %d bytes".formatted(MAX_BYTES), file);
        }
        List<byte[]> found = new ArrayList<>();
        int number = 0;
        for (String line : new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            number++;
            String token = line.strip();
            if (token.isEmpty() || token.startsWith("#")) {
                continue;
            }
            if (!TOKEN.matcher(token).matches()) {
                throw new TokenFileException(
                        "a token is 32 to 512 letters, digits and -._~+/ on a line of its own (openssl rand -hex 32"
                                + " makes one): line=" + number,
                        file);
            }
            found.add(hash(token.getBytes(StandardCharsets.US_ASCII)));
        }
        if (found.isEmpty()) {
            throw new TokenFileException("there is none in the file", file);
        }
        return found;
    }
}
