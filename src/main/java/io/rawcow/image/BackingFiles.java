package io.rawcow.image;

import io.rawcow.backing.Backing;
import io.rawcow.backing.BackingPin;
import io.rawcow.backing.FileBacking;
import io.rawcow.backing.FormatMagic;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.Extension;
import io.rawcow.format.Sidecar;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.util.Map;
import java.util.Optional;

/** Opens the backing that a sidecar names, and holds it to its pin. */
final class BackingFiles {
    private static final String WHAT = "backing";

    private BackingFiles() {}

    /**
     * Opens and claims a backing.
     *
     * @param folder that relative names resolve against
     * @param others the image's other files by what they are: none may be the backing too
     * @throws BlockException BACKING_FORMAT_UNSUPPORTED, INVALID_VALUE, IMAGE_LOCKED, or as opening a file fails
     */
    static FileBacking open(DataRoots roots, String folder, StoredName name, Map<String, FileIdentity> others)
            throws BlockException {
        OpenFile file = openFile(roots, folder, name);
        boolean distinct = false;
        try {
            // Before any lock: one of our own would be in the way and called somebody else's.
            FileIdentity identity = file.status().identity();
            for (var other : others.entrySet()) {
                ImageOpener.requireDistinct(WHAT, identity, other.getKey(), other.getValue(), file.path());
            }
            distinct = true;
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        } finally {
            if (!distinct) {
                file.close();
            }
        }
        return FileBacking.claim(file);
    }

    /** Opens the file alone, claiming nothing. */
    static OpenFile openFile(DataRoots roots, String folder, StoredName name) throws BlockException {
        requireSupported(name);
        try {
            return roots.locate(folder, name.name()).open(Access.READ);
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    private static void requireSupported(StoredName name) throws BlockException {
        if (!name.format().equals(StoredName.RAW)) {
            throw unsupported(name.format(), name.name());
        }
        if (name.isUri()) {
            throw new BlockException(
                            FaultKind.BACKING_FORMAT_UNSUPPORTED,
                            "cannot open backing: sources of this kind are not supported: scheme=%s name=%s"
                                    .formatted(name.scheme(), name.name()))
                    .withAction("write a local file whose name looks like a URI as ./" + name.name());
        }
    }

    /** What a backing of another format is answered with: the line that makes a raw one of it. */
    static BlockException unsupported(String format, String path) {
        return new BlockException(
                        FaultKind.BACKING_FORMAT_UNSUPPORTED,
                        "cannot use backing: its format is not supported as a backing: format=%s path=%s"
                                .formatted(format, path))
                .withAction("make a raw copy and use that: qemu-img convert -f %s -O raw %s %s"
                        .formatted(format, Shell.quote(path), Shell.quote(rawNameFor(path))));
    }

    private static String rawNameFor(String path) {
        int dot = path.lastIndexOf('.');
        return (dot > path.lastIndexOf('/') + 1 ? path.substring(0, dot) : path) + ".raw";
    }

    /**
     * Refuses to guess: data that looks like another format must be called raw, or that format, by somebody.
     *
     * @throws BlockException BACKING_FORMAT_UNCLEAR if the file carries the magic of a format
     */
    static void requireNoOtherFormat(OpenFile file) throws BlockException {
        try {
            String found = FormatMagic.find(file);
            if (found != null) {
                throw new BlockException(
                                FaultKind.BACKING_FORMAT_UNCLEAR,
                                "cannot use backing: it begins like a %s image and no format was given: path=%s"
                                        .formatted(found, file.path()))
                        .withAction("say -F raw if its bytes are the guest's own disk, or -F %s if it is such an image"
                                .formatted(found));
            }
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    static BackingPin pinnedBy(Sidecar sidecar) {
        Extension extension = sidecar.extension();
        return new BackingPin(extension.backingSize(), extension.backingMtimeNanos());
    }

    /**
     * Compares a backing with its pin.
     *
     * @param accept pass over a difference
     * @throws BlockException BACKING_CHANGED with both sizes and times
     */
    static void requirePinned(Backing backing, BackingPin pinned, boolean accept) throws BlockException {
        BackingPin now = backing.pin();
        if (!accept && !pinned.agreesWith(now)) {
            throw changed(backing.name(), pinned.words(), now.words());
        }
    }

    /** As {@link #requirePinned} for a file that was never pinned: its header knows the low 32 bits of the seconds. */
    static void requireHeaderTime(Backing backing, int mtime, boolean accept) throws BlockException {
        Long nanos = backing.pin().mtimeNanos();
        if (!accept && mtime != 0 && nanos != null && (int) Math.floorDiv(nanos, 1_000_000_000L) != mtime) {
            throw changed(
                    backing.name(),
                    new BackingPin(null, Integer.toUnsignedLong(mtime) * 1_000_000_000L).words(),
                    backing.pin().words());
        }
    }

    /** Whether a file is what a sidecar pinned; empty if nothing was pinned, or nothing can be compared. */
    static Optional<Boolean> compare(BackingPin pinned, int headerTime, FileStatus now) {
        if (!pinned.equals(BackingPin.UNKNOWN)) {
            return Optional.of(pinned.agreesWith(FileBacking.pinOf(now)));
        }
        return headerTime == 0 || now.isDevice() ? Optional.empty() : Optional.of(headerTime(now) == headerTime);
    }

    private static BlockException changed(String name, String pinned, String now) {
        return new BlockException(
                        FaultKind.BACKING_CHANGED,
                        "cannot use backing: it was changed since the image was made: pinned %s, now %s: path=%s"
                                .formatted(pinned, now, name))
                .withAction("bring the old backing back; or, if its bytes are the same, accept the change "
                        + "(acceptBackingChange, on the command line --accept-backing-change)");
    }

    /** Low 32 bits of the modification time in seconds, for the header. */
    static int headerTime(FileStatus status) {
        return status.isDevice() ? 0 : (int) Math.floorDiv(status.mtimeNanos(), 1_000_000_000L);
    }
}
