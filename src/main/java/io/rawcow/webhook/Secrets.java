package io.rawcow.webhook;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What the requests of one webhook are signed with, as Standard Webhooks have it: one secret, or two while it is being
 * replaced, each a line {@code whsec_} and 24 to 64 bytes in Base64. The file is read again when it changes; while it
 * cannot be read then, the last good ones stay in force. No message has anything of what is in it.
 */
final class Secrets {
    private static final Logger LOG = System.getLogger(Secrets.class.getName());
    private static final String ALGORITHM = "HmacSHA256";
    private static final String PREFIX = "whsec_";
    private static final int MIN_BYTES = 24;
    private static final int MAX_BYTES = 64;
    private static final int MAX_SECRETS = 2;
    private static final long MAX_FILE = 4096;

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}

    private final Path file;
    private Stamp stamp;
    private List<SecretKeySpec> keys;
    private boolean stale;

    /** @throws IOException if there is no good secret in the file, in words for whoever configured it */
    Secrets(Path file) throws IOException {
        this.file = file;
        this.stamp = look();
        this.keys = load();
    }

    /** The header {@code webhook-signature}: a signature for each secret. */
    synchronized String signature(String id, long timestamp, String body) {
        refresh();
        byte[] content = "%s.%d.%s".formatted(id, timestamp, body).getBytes(StandardCharsets.UTF_8);
        return keys.stream().map(key -> "v1," + mac(key, content)).collect(Collectors.joining(" "));
    }

    private static String mac(SecretKeySpec key, byte[] content) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return Base64.getEncoder().encodeToString(mac.doFinal(content));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    private void refresh() {
        try {
            Stamp now = look();
            if (!now.equals(stamp)) {
                keys = load();
                stamp = now;
            }
            stale = false;
        } catch (IOException e) {
            if (!stale) {
                LOG.log(Level.WARNING, "the last good secrets stay in force: {0}", e.getMessage());
            }
            stale = true;
        }
    }

    private Stamp look() throws IOException {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException e) {
            throw new IOException("cannot read secret: there is no such file, or it is not readable: path=" + file, e);
        }
    }

    private List<SecretKeySpec> load() throws IOException {
        if (Files.size(file) > MAX_FILE) {
            throw bad("the file is too large");
        }
        List<SecretKeySpec> found = new ArrayList<>();
        for (String line : new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).split("\n", -1)) {
            if (!line.isBlank()) {
                found.add(key(line.strip()));
            }
        }
        if (found.isEmpty() || found.size() > MAX_SECRETS) {
            throw bad("the file has %d secrets".formatted(found.size()));
        }
        return found;
    }

    private SecretKeySpec key(String line) throws IOException {
        byte[] bytes = {};
        try {
            if (line.startsWith(PREFIX)) {
                bytes = Base64.getDecoder().decode(line.substring(PREFIX.length()));
            }
        } catch (IllegalArgumentException e) {
            LOG.log(Level.DEBUG, "not Base64"); // the exception quotes the secret
        }
        if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
            throw bad("a line is none");
        }
        return new SecretKeySpec(bytes, ALGORITHM);
    }

    private IOException bad(String why) {
        return new IOException(("cannot read secret: %s: one line, or two while it is being replaced, is whsec_ and"
                        + " %d to %d bytes in Base64: path=%s")
                .formatted(why, MIN_BYTES, MAX_BYTES, file));
    }
}
