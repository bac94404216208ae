package io.rawcow.nbd.server;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A listening Unix socket and its file. */
final class UnixSocketFile {
    /** The kernel's sun_path has room for 108 with the zero at the end. */
    private static final int MOST_PATH_BYTES = 107;

    private static final int FILE_TYPE = 0170000;
    private static final int SOCKET = 0140000;

    private final ServerSocketChannel socket;
    private final Path path;
    private final @Nullable Object fileKey;

    private UnixSocketFile(ServerSocketChannel socket, Path path, @Nullable Object fileKey) {
        this.socket = socket;
        this.path = path;
        this.fileKey = fileKey;
    }

    /**
     * Listens at a path. A socket that nobody listens on any more is replaced, in one step: clients that come again and
     * again meet the old one, which refuses them, or the new one.
     */
    static UnixSocketFile listen(Path path, Set<PosixFilePermission> mode, int backlog) throws IOException {
        requireFree(path);
        // No longer than most names, so that it fits where the name itself fits.
        String hex = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt(), 5);
        Path made = path.resolveSibling("." + hex);
        requireShort(path);
        requireShort(made);
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean bound = false;
        boolean listening = false;
        try {
            socket.bind(UnixDomainSocketAddress.of(made), backlog);
            bound = true;
            Files.setPosixFilePermissions(made, mode);
            Object key = key(made);
            Files.move(made, path, StandardCopyOption.ATOMIC_MOVE);
            listening = true;
            return new UnixSocketFile(socket, path, key);
        } catch (IOException e) {
            throw new IOException("cannot listen: %s: socket=%s".formatted(e.getMessage(), path), e);
        } finally {
            if (!listening) {
                socket.close();
                if (bound) {
                    Files.deleteIfExists(made);
                }
            }
        }
    }

    private static void requireShort(Path path) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MOST_PATH_BYTES) {
            throw new IOException("cannot listen: the path of a socket may have %d bytes: bytes=%d socket=%s"
                    .formatted(MOST_PATH_BYTES, bytes, path));
        }
    }

    private static void requireFree(Path path) throws IOException {
        try {
            Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if (((Integer) mode & FILE_TYPE) != SOCKET) {
                throw new IOException("cannot listen: the file is not a socket: socket=" + path);
            }
        } catch (NoSuchFileException e) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            throw new IOException("cannot listen: another process does: socket=%s probe=%s".formatted(path, probe));
        } catch (ConnectException e) {
            // Refused: whoever made it is gone.
            return;
        }
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    ServerSocketChannel socket() {
        return socket;
    }

    /** Removes the file, unless somebody has put another in its place. */
    void removeIfOurs() throws IOException {
        try {
            if (Objects.equals(key(path), fileKey)) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // Somebody has tidied up.
            return;
        }
    }
}
