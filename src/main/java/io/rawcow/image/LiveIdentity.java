package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.format.Geometry;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Whose bits a live file holds, in text that can only be compared: unless all of it agrees, not one bit is believed.
 *
 * @param nonce 128 random bits in hexadecimal, new at every open
 * @param bootId the run of the kernel
 * @param sidecar which file it is, by {@link #of(OpenFile)}
 * @param raw likewise
 * @param owner the sidecar's device and inode, for names of files
 */
record LiveIdentity(String nonce, String bootId, String sidecar, String raw, String owner, Geometry geometry) {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int NONCE_BYTES = 16;

    static String newNonce() {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return HexFormat.of().formatHex(nonce);
    }

    static LiveIdentity of(String nonce, String bootId, OpenFile sidecar, OpenFile raw, Geometry geometry)
            throws BlockException {
        return new LiveIdentity(nonce, bootId, of(sidecar), of(raw), ownerOf(sidecar), geometry);
    }

    /**
     * A file, now: its device, inode and birth, for inode numbers are used again, and the run of its file system, for
     * what was mounted again may have been changed in between.
     */
    static String of(OpenFile file) throws BlockException {
        try {
            FileStatus status = file.status();
            return "device=%x inode=%x birth=%d file-system=%s"
                    .formatted(
                            status.identity().device(),
                            status.identity().number(),
                            status.birthNanos(),
                            file.fileSystem());
        } catch (PosixException e) {
            throw BlockException.of(e, "image");
        }
    }

    static String ownerOf(OpenFile sidecar) throws BlockException {
        var identity = ImageOpener.statusOf(sidecar).identity();
        return "%x-%x".formatted(identity.device(), identity.number());
    }

    /** The same files under another nonce. */
    LiveIdentity withNonce(String next) {
        return new LiveIdentity(next, bootId, sidecar, raw, owner, geometry);
    }

    String fileName() {
        return nonce + "." + owner;
    }

    /** What two live files of one sidecar have in common. */
    static String sidecarLine(String sidecar) {
        return "sidecar " + sidecar + "\n";
    }

    String text() {
        return sidecarLine(sidecar)
                + "raw " + raw + "\n"
                + "nonce=" + nonce + "\n"
                + "boot=" + bootId + "\n"
                + "size=" + geometry.size() + "\n"
                + "sectorsize=" + geometry.sectorSize() + "\n";
    }

    /** The first line of a text that is not as it should be, for people. */
    String difference(String found) {
        String[] wanted = text().split("\n", -1);
        String[] lines = found.split("\n", -1);
        for (int i = 0; i < wanted.length; i++) {
            if (i >= lines.length || !wanted[i].equals(lines[i])) {
                return "expected %s, found %s".formatted(wanted[i], i < lines.length ? lines[i] : "nothing");
            }
        }
        return "none";
    }
}
