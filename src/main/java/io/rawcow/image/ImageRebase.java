package io.rawcow.image;

import io.rawcow.backing.BackingPin;
import io.rawcow.backing.FileBacking;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.format.Extension;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Points a closed image to where its backing has moved. The bytes must be the same: size and time of modification are
 * held to the pin.
 *
 * <p>A header is written once, so a whole new sidecar is made under a temporary name, synced, and renamed over the old
 * one, both locked. A crash leaves one or the other. What the page cache shows of an image that was not closed cleanly
 * need not be on the disk, so the raw file is synced before its bits are copied (I2).
 */
public final class ImageRebase {
    private static final int MODE = 0600;
    private static final String SIDECAR = "sidecar";

    /**
     * Where to.
     *
     * @param name the backing as the header will name it, without its format
     * @param format {@link StoredName#RAW}; null if nobody said
     * @param acceptBackingChange take it although size or time are others, and pin it anew
     */
    public record NewBacking(String name, @Nullable String format, boolean acceptBackingChange) {}

    private final DataRoots roots;
    private final OpenFile file;
    private final SidecarHome home;
    private final Sidecar sidecar;

    private ImageRebase(DataRoots roots, OpenFile file, SidecarHome home, Sidecar sidecar) {
        this.roots = roots;
        this.file = file;
        this.home = home;
        this.sidecar = sidecar;
    }

    /** What a sidecar is called while it is being made anew. */
    static String temporaryName(String name) {
        return "." + name + ".rebasing";
    }

    /**
     * Makes the header name another backing.
     *
     * @return the new header
     * @throws BlockException BACKING_CHANGED, IMAGE_LOCKED, SIDECAR_INVALID, BACKING_FORMAT_UNCLEAR,
     *     BACKING_FORMAT_UNSUPPORTED, INVALID_VALUE, or of I/O; then the image is as it was
     */
    public static SidecarHeader rebase(DataRoots roots, Place place, NewBacking backing) throws BlockException {
        try (OpenFile file = ImageOpener.openSidecarFile(place)) {
            QemuLocks.claimSidecar(file);
            try (SidecarHome home = SidecarHome.of(roots, file)) {
                Sidecar sidecar = Sidecar.open(file, UUID.randomUUID().toString());
                return new ImageRebase(roots, file, home, sidecar).run(backing);
            }
        }
    }

    private SidecarHeader run(NewBacking wanted) throws BlockException {
        requireFits();
        StoredName name = storedName(wanted);
        try (OpenFile raw = claimRawFile();
                FileBacking backing = BackingFiles.open(roots, home.folderPath(), name, others(raw))) {
            BackingPin pin = requireSame(backing, wanted.acceptBackingChange());
            SidecarHeader old = sidecar.header();
            var header = new SidecarHeader(
                    StoredName.ofPath(name.format(), name.name()),
                    old.rawFile(),
                    headerTime(pin),
                    old.size(),
                    old.sectorSize());
            raw.dataSync();
            replace(header, sidecar.extension().withPin(pin.size(), pin.mtimeNanos()));
            return header;
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        } catch (IllegalArgumentException e) {
            throw new BlockException(FaultKind.INVALID_VALUE, "cannot rebase image: " + e.getMessage(), e);
        }
    }

    private static int headerTime(BackingPin pin) {
        Long nanos = pin.mtimeNanos();
        return nanos == null ? 0 : (int) Math.floorDiv(nanos, 1_000_000_000L);
    }

    // ---- what must hold

    private void requireFits() throws BlockException {
        Extension extension = sidecar.extension();
        if (home.isDevice()) {
            throw refusal("its sidecar is a device and cannot be replaced", null);
        }
        if (sidecar.header().backingFile().isEmpty()) {
            throw refusal("it has no backing, its clear sectors are zeros", "create a new image over that backing");
        }
        if (extension.state() == SidecarState.STANDALONE) {
            throw refusal("it does not need its backing any more", "finish its detach: rawcow stream");
        }
        if (extension.state() == SidecarState.CREATING) {
            throw refusal("its creation was cut off", "create it again, over the backing where it is now");
        }
        if (extension.dirty() != null && extension.dirty().bootId().equals(BootId.current())) {
            throw refusal("a service that served it has died and left unsaved bits", "open and close it there first");
        }
    }

    private BlockException refusal(String why, @Nullable String action) {
        var refused = new BlockException(
                FaultKind.INVALID_VALUE, "cannot rebase image: %s: path=%s".formatted(why, file.path()));
        return action == null ? refused : refused.withAction(action);
    }

    private StoredName storedName(NewBacking wanted) throws BlockException {
        String format = wanted.format();
        if (format != null && !format.equals(StoredName.RAW)) {
            throw BackingFiles.unsupported(format, wanted.name());
        }
        StoredName name = StoredName.parse(StoredName.ofPath(StoredName.RAW, wanted.name()));
        if (format == null) {
            try (OpenFile opened = BackingFiles.openFile(roots, home.folderPath(), name)) {
                BackingFiles.requireNoOtherFormat(opened);
            }
        }
        return name;
    }

    /** Nobody may be using the image, by whatever sidecar. */
    private OpenFile claimRawFile() throws BlockException {
        try {
            Place place = roots.locate(home.folderPath(), sidecar.header().rawFile());
            OpenFile raw = RawFiles.open(place);
            boolean claimed = false;
            try {
                // Before the lock: our own on the sidecar would be in the way and called somebody else's.
                CreationEnd.requireDistinct(raw, file.status().identity(), null);
                QemuLocks.claimRawFile(raw, false);
                claimed = true;
                return raw;
            } finally {
                if (!claimed) {
                    raw.close();
                }
            }
        } catch (PosixException e) {
            throw BlockException.of(e, "raw file");
        }
    }

    private Map<String, FileIdentity> others(OpenFile raw) throws BlockException {
        return Map.of(
                "raw file",
                RawFiles.status(raw).identity(),
                SIDECAR,
                ImageOpener.statusOf(file).identity());
    }

    private BackingPin requireSame(FileBacking backing, boolean accept) throws BlockException {
        BackingPin pinned = BackingFiles.pinnedBy(sidecar);
        if (pinned.equals(BackingPin.UNKNOWN)) {
            BackingFiles.requireHeaderTime(backing, sidecar.header().mtime(), accept);
        } else {
            BackingFiles.requirePinned(backing, pinned, accept);
        }
        return backing.pin();
    }

    // ---- the exchange

    private void replace(SidecarHeader header, Extension extension) throws BlockException {
        Folder folder = home.folder();
        String name = file.path().substring(file.path().lastIndexOf('/') + 1);
        String temporary = temporaryName(name);
        boolean replaced = false;
        try {
            removeLeftover(folder, temporary);
            try (OpenFile next = folder.create(temporary, MODE)) {
                try {
                    QemuLocks.claimSidecar(next);
                    write(next, header, extension);
                    folder.rename(temporary, name);
                    replaced = true;
                } finally {
                    if (!replaced) {
                        folder.unlink(temporary);
                    }
                }
                folder.sync();
            }
        } catch (PosixException e) {
            throw BlockException.of(e, SIDECAR);
        }
    }

    private void write(OpenFile next, SidecarHeader header, Extension extension) throws BlockException, PosixException {
        // Looks at the bits too: what is damaged is not copied.
        sidecar.load(ImageOpener.bitmapMemory(header.geometry(), file.path(), Arena.ofAuto()));
        Sidecar.create(next, header, extension).copyBits(sidecar);
        next.takeOwnershipOf(file);
        next.sync();
    }

    private static void removeLeftover(Folder folder, String temporary) throws PosixException, BlockException {
        try (OpenFile old = folder.open(temporary, Access.READ_WRITE_NO_FOLLOW)) {
            QemuLocks.claimSidecar(old);
            folder.unlink(temporary);
        } catch (PosixException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
    }
}
