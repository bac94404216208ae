package io.rawcow.image;

import io.rawcow.backing.FormatMagic;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.FaultKind;
import io.rawcow.block.HoleMap;
import io.rawcow.block.QemuLocks;
import io.rawcow.block.RawFile;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension;
import io.rawcow.format.Geometry;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An image that is only looked at, in use by somebody or not: no lock is taken and nothing is changed, so what is shown
 * of an open image are its saved bits. Raw file and backing may be missing. Also looks at a raw file that has no
 * sidecar. For one thread.
 */
public final class ImageInspector implements AutoCloseable {

    /** What kind of file it was given. */
    public enum Format {
        RAW_COW,
        RAW;

        /** The name that qemu-img would use. */
        public String word() {
            return this == RAW_COW ? "raw-cow" : "raw";
        }
    }

    /** What was read of a sidecar. */
    private record Parts(
            Sidecar sidecar,
            AllocationBitmap bitmap,
            NamedFile raw,
            @Nullable NamedFile backing,
            OwedWrites owed) {}

    private final OpenFile file;
    private final FileStatus status;
    private final boolean inUse;
    private final @Nullable Parts parts;

    private ImageInspector(OpenFile file, FileStatus status, boolean inUse, @Nullable Parts parts) {
        this.file = file;
        this.status = status;
        this.inUse = inUse;
        this.parts = parts;
    }

    /**
     * Opens a sidecar, or a raw file without one.
     *
     * @param format null to tell a sidecar by its magic
     * @throws BlockException SIDECAR_INVALID; BACKING_FORMAT_UNCLEAR if the file carries another format's magic and no
     *     format was given; or as opening fails
     */
    public static ImageInspector open(DataRoots roots, Place place, LiveFolder folder, @Nullable Format format)
            throws BlockException {
        OpenFile file = openForReading(place);
        boolean opened = false;
        try {
            Format found = format != null ? format : formatOf(file);
            FileStatus status = ImageOpener.statusOf(file);
            var inspector = found == Format.RAW
                    ? new ImageInspector(file, status, false, null)
                    : new ImageInspector(file, status, QemuLocks.isSidecarClaimed(file), parts(roots, folder, file));
            opened = true;
            return inspector;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    static OpenFile openForReading(Place place) throws BlockException {
        try {
            return place.open(Access.READ);
        } catch (PosixException e) {
            throw BlockException.of(e, "image");
        }
    }

    /**
     * What a file is, by its magic.
     *
     * @throws BlockException BACKING_FORMAT_UNCLEAR if it carries that of a format which is not ours
     */
    static Format formatOf(OpenFile file) throws BlockException {
        String magic;
        try {
            magic = FormatMagic.find(file);
        } catch (PosixException e) {
            throw BlockException.of(e, "image");
        }
        if (magic == null) {
            return Format.RAW;
        }
        if (magic.equals(Format.RAW_COW.word())) {
            return Format.RAW_COW;
        }
        throw new BlockException(
                        FaultKind.BACKING_FORMAT_UNCLEAR,
                        "cannot tell what it is: it begins like a %s image: path=%s".formatted(magic, file.path()))
                .withAction("use qemu-img for that format; or say -f raw if its bytes are the guest's own disk");
    }

    private static Parts parts(DataRoots roots, LiveFolder live, OpenFile file) throws BlockException {
        Sidecar sidecar = Sidecar.open(file, "");
        AllocationBitmap bitmap =
                sidecar.load(ImageOpener.bitmapMemory(sidecar.header().geometry(), file.path(), Arena.ofAuto()));
        StoredName backing = ImageOpener.backingName(sidecar);
        String folder = folderOf(file);
        NamedFile raw = NamedFiles.raw(roots, folder, sidecar.header().rawFile());
        return new Parts(
                sidecar,
                bitmap,
                raw,
                backing == null ? null : NamedFiles.backing(roots, folder, backing),
                OwedWrites.of(
                        live,
                        sidecar.extension(),
                        file,
                        raw.file(),
                        sidecar.header().geometry()));
    }

    /** Where names in a sidecar's header resolve. */
    static String folderOf(OpenFile file) {
        return file.path().substring(0, Math.max(1, file.path().lastIndexOf('/')));
    }

    // ---- what it is

    public Format format() {
        return parts == null ? Format.RAW : Format.RAW_COW;
    }

    /** The absolute path of the file that was opened, without links. */
    public String path() {
        return file.path();
    }

    /** The file that was opened: the sidecar, or the raw file without one. */
    public FileStatus status() {
        return status;
    }

    /** Whether somebody has the image open: then bits that are not saved yet are not shown. */
    public boolean isInUse() {
        return inUse;
    }

    public long sizeBytes() {
        return parts == null ? status.size() : parts.sidecar().header().size();
    }

    /** The sidecar's header; empty for a raw file without one. */
    public Optional<SidecarHeader> header() {
        return Optional.ofNullable(parts).map(found -> found.sidecar().header());
    }

    /** The sidecar's extension; empty if it has none yet. */
    public Optional<Extension> extension() {
        return Optional.ofNullable(parts)
                .map(Parts::sidecar)
                .filter(Sidecar::hasExtensionArea)
                .map(Sidecar::extension);
    }

    public SidecarState state() {
        return extension().map(Extension::state).orElse(parts == null ? SidecarState.STANDALONE : SidecarState.COW);
    }

    /** Whether it was neither closed cleanly nor fresh, or is open right now. */
    public boolean isDirty() {
        return state() == SidecarState.COW
                && extension().filter(found -> found.clean() == null).isPresent();
    }

    /** Writes that were answered and whose bits are not saved. */
    public OwedWrites owedWrites() {
        return parts == null || state() != SidecarState.COW ? OwedWrites.NONE : parts.owed();
    }

    /** Sectors the raw file answers for, as saved. */
    public long sectorsAllocated() {
        return parts == null
                ? 0
                : state() == SidecarState.STANDALONE
                        ? parts.bitmap().sectorCount()
                        : parts.bitmap().allocatedCount();
    }

    /** The raw file that the sidecar names; empty for a raw file without a sidecar. */
    public Optional<NamedFile> raw() {
        return Optional.ofNullable(parts).map(Parts::raw);
    }

    /** The backing; empty if there is none. */
    public Optional<NamedFile> backing() {
        return Optional.ofNullable(parts).map(Parts::backing);
    }

    /** Whether the backing is what was pinned; empty if that cannot be told. */
    public Optional<Boolean> isBackingAsPinned() {
        if (parts == null || parts.backing() == null || parts.backing().status() == null) {
            return Optional.empty();
        }
        Sidecar sidecar = parts.sidecar();
        return BackingFiles.compare(
                BackingFiles.pinnedBy(sidecar),
                sidecar.header().mtime(),
                parts.backing().status());
    }

    /**
     * Who answers for the range that begins at {@code offset}, up to {@code limit} at the latest.
     *
     * @throws BlockException if the file that answers cannot be opened
     */
    public MappedExtent mapAt(long offset, long limit) throws BlockException {
        if (parts == null) {
            return MappedExtent.ofRaw(new RawFile(file, status.size(), false).extentAt(offset, limit));
        }
        Geometry geometry = parts.sidecar().header().geometry();
        if (state() == SidecarState.STANDALONE) {
            return rawExtent(parts.raw(), offset, limit);
        }
        long sector = geometry.sectorAt(offset);
        boolean allocated = parts.bitmap().isAllocated(sector);
        long endSector = ImageMap.endOfRun(parts.bitmap(), sector, allocated, geometry.sectorAt(limit - 1) + 1);
        long end = Math.min(limit, geometry.offsetOf(endSector));
        if (allocated) {
            return rawExtent(parts.raw(), offset, end);
        }
        return parts.backing() == null
                ? MappedExtent.ofNothing(ByteRange.between(offset, end))
                : backingExtent(parts.backing().require(), offset, end);
    }

    private MappedExtent rawExtent(NamedFile raw, long offset, long limit) throws BlockException {
        return MappedExtent.ofRaw(new RawFile(raw.require(), sizeBytes(), false).extentAt(offset, limit));
    }

    private static MappedExtent backingExtent(OpenFile source, long offset, long limit) throws BlockException {
        long size = ImageOpener.statusOf(source).size();
        if (offset >= size) {
            return MappedExtent.ofNothing(ByteRange.between(offset, limit));
        }
        try {
            return MappedExtent.ofBacking(new HoleMap(source).extentAt(offset, Math.min(limit, size)));
        } catch (PosixException e) {
            throw BlockException.at(e, "backing", offset, limit - offset);
        }
    }

    @Override
    public void close() {
        file.close();
        if (parts != null) {
            parts.raw().close();
            if (parts.backing() != null) {
                parts.backing().close();
            }
        }
    }
}
