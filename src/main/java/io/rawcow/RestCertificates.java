package io.rawcow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;

/**
 * Brings the files of {@link RestTls} into force, again whenever they have changed. They are looked at, not watched:
 * what a volume of Kubernetes replaces is a link to a folder, whose own files never change. What cannot be used leaves
 * the last good ones in force.
 */
final class RestCertificates implements SslBundleRegistrar, AutoCloseable {
    private static final Logger LOG = System.getLogger(RestCertificates.class.getName());
    private static final Duration PERIOD = Duration.ofSeconds(1);

    /** What is another one after every change of a file, or of what its name leads to. */
    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}

    private final RestTls tls;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("rest-certificates").daemon().factory());
    /** Of the files that are in force. */
    private List<Stamp> stamps = List.of();

    private String trouble = "";

    RestCertificates(RestTls tls) {
        this.tls = tls;
    }

    /** The stamps are older than what is read: a change in between is seen at the next look. */
    @Override
    public void registerBundles(SslBundleRegistry registry) {
        if (!tls.isOn()) {
            return;
        }
        try {
            stamps = stamps();
            registry.registerBundle(RestTls.NAME, tls.bundle());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var _ = thread.scheduleWithFixedDelay(
                () -> look(registry), PERIOD.toNanos(), PERIOD.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void look(SslBundleRegistry registry) {
        try {
            List<Stamp> now = stamps();
            if (!now.equals(stamps)) {
                registry.updateBundle(RestTls.NAME, tls.bundle());
                stamps = now;
                LOG.log(Level.INFO, "TLS files of the REST interface read again: certificate=" + tls.certificate());
            }
            trouble = "";
        } catch (IOException | RuntimeException e) {
            // Thrown on, it would end all further looks without a word.
            String why = String.valueOf(e.getMessage());
            if (!why.equals(trouble)) {
                trouble = why;
                LOG.log(
                        Level.WARNING,
                        "cannot use the changed TLS files of the REST interface, the last good ones stay in force: "
                                + why);
            }
        }
    }

    private List<Stamp> stamps() throws IOException {
        List<Stamp> found = new ArrayList<>();
        for (Path file : tls.files()) {
            try {
                var attributes = Files.readAttributes(file, BasicFileAttributes.class);
                found.add(new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey()));
            } catch (NoSuchFileException e) {
                throw new IOException("there is no such file: path=" + file, e);
            }
        }
        return found;
    }

    /** Waits for nobody. */
    @Override
    public void close() {
        var _ = thread.shutdownNow();
    }
}
