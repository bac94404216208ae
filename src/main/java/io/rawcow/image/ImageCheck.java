package io.rawcow.image;

import io.rawcow.backing.BackingPin;
import io.rawcow.backing.FileBacking;
import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.block.QemuLocks;
import io.rawcow.format.AllocationBitmap;
import io.rawcow.format.Extension;
import io.rawcow.format.Extension.Clean;
import io.rawcow.format.Extension.Dirty;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.SidecarScan;
import io.rawcow.format.SidecarScan.Damage;
import io.rawcow.format.SidecarState;
import io.rawcow.format.StoredName;
import io.rawcow.image.CheckReport.Severity;
import io.rawcow.image.ImageInspector.Format;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks for everything that is wrong with an image, and goes on after what it finds. Takes no lock and changes nothing:
 * of an image that is open it sees what is saved. One use each.
 */
public final class ImageCheck {
    private final DataRoots roots;
    private final LiveFolder folder;
    private final OpenFile file;
    private final Findings findings = new Findings();
    private boolean inUse;
    private SidecarState state = SidecarState.COW;
    private @Nullable AllocationBitmap bitmap;

    private ImageCheck(DataRoots roots, LiveFolder folder, OpenFile file) {
        this.roots = roots;
        this.folder = folder;
        this.file = file;
    }

    /**
     * Checks a sidecar and what it names; a raw file without a sidecar is only seen to be one.
     *
     * @param format null to tell a sidecar by its magic
     * @throws BlockException if the file cannot be read at all
     */
    public static CheckReport check(DataRoots roots, Place place, LiveFolder folder, @Nullable Format format)
            throws BlockException {
        try (OpenFile file = ImageInspector.openForReading(place)) {
            Format found = format != null ? format : ImageInspector.formatOf(file);
            return found == Format.RAW
                    ? new Findings().report(Format.RAW.word(), 0, 0)
                    : new ImageCheck(roots, folder, file).run();
        }
    }

    private CheckReport run() throws BlockException {
        inUse = QemuLocks.isSidecarClaimed(file);
        if (inUse) {
            findings.add(
                    Severity.NOTE, "in_use", "the image is open: only what is saved is checked: path=" + file.path());
        }
        SidecarScan scan = SidecarScan.of(file);
        Optional<SidecarHeader> header = scan.header();
        if (header.isPresent()) {
            loadBits(scan, header.get());
        }
        scan.damages().forEach(this::add);
        checkLeftovers();
        if (header.isEmpty()) {
            return findings.report(Format.RAW_COW.word(), 0, 0);
        }
        checkState(scan);
        Optional<FileStatus> raw = checkRaw(header.get(), scan.extension().orElse(null));
        checkBacking(header.get(), scan.extension().orElse(null), raw.orElse(null));
        return findings.report(
                Format.RAW_COW.word(),
                header.get().geometry().sectorCount(),
                bitmap == null ? 0 : bitmap.allocatedCount());
    }

    // ---- the sidecar

    private void loadBits(SidecarScan scan, SidecarHeader header) {
        try {
            bitmap = scan.loadBits(ImageOpener.bitmapMemory(header.geometry(), file.path(), Arena.ofAuto()));
        } catch (BlockException e) {
            findings.unchecked("bitmap_unreadable", e);
        }
    }

    private void add(Damage damage) {
        String code = switch (damage.part()) {
            case HEADER -> "header_invalid";
            case BITMAP -> "sidecar_truncated";
            case TAIL_BITS -> "bits_past_end";
            case EXTENSION -> "extension_damaged";
            case SLOT -> "extension_slot_damaged";
        };
        Severity severity = damage.part() == SidecarScan.Part.SLOT ? Severity.NOTE : Severity.CORRUPTION;
        String detail = damage.detail().contains("path=")
                ? damage.detail()
                : "%s: path=%s".formatted(damage.detail(), file.path());
        findings.add(severity, code, detail, damage.offset());
    }

    /** Files that a creation or a rebase left under a temporary name when it was killed. */
    private void checkLeftovers() {
        String path = file.path();
        String name = path.substring(path.lastIndexOf('/') + 1);
        try (Folder folder = roots.locate("/", path).openParent()) {
            for (String temporary : List.of(ImageCreator.temporaryName(name), ImageRebase.temporaryName(name))) {
                if (folder.status(temporary).isPresent() && !isClaimed(folder, temporary)) {
                    findings.add(
                            Severity.LEAK,
                            "temporary_file",
                            "a file was left behind that nobody needs: path=%s/%s".formatted(folder.path(), temporary));
                }
            }
        } catch (PosixException e) {
            findings.unchecked("folder_unreadable", BlockException.of(e, "folder"));
        }
    }

    private static boolean isClaimed(Folder folder, String name) {
        try (OpenFile temporary = folder.open(name, Access.READ)) {
            return QemuLocks.isSidecarClaimed(temporary);
        } catch (PosixException | BlockException e) {
            return false;
        }
    }

    private void checkState(SidecarScan scan) {
        Extension extension = scan.extension().orElse(null);
        if (extension == null || !scan.hasExtensionArea()) {
            return;
        }
        state = extension.state();
        if (state == SidecarState.CREATING) {
            findings.add(
                    Severity.NOTE,
                    "creation_unfinished",
                    "its creation was cut off; opening it finishes that: path=" + file.path());
            if (bitmap != null && bitmap.allocatedCount() > 0) {
                findings.add(
                        Severity.CORRUPTION,
                        "bits_while_creating",
                        "bits are set although it is still being created: path=" + file.path());
            }
        } else if (state == SidecarState.STANDALONE) {
            findings.add(
                    Severity.LEAK,
                    "sidecar_leftover",
                    "the raw file holds everything, the sidecar is not needed any more: path=" + file.path());
        } else if (!inUse && extension.clean() == null && !isOwing(extension)) {
            findings.add(
                    Severity.NOTE,
                    "not_closed_cleanly",
                    "it was not closed cleanly; the saved bits count: path=" + file.path());
        }
    }

    /** Whether it owes a guest what only this run of the machine can know. */
    private boolean isOwing(Extension extension) {
        Dirty dirty = extension.dirty();
        return dirty != null && dirty.bootId().equals(folder.bootId());
    }

    private void checkOwed(OwedWrites owed) {
        if (owed.state() == OwedWrites.State.KEPT) {
            findings.add(
                    Severity.NOTE,
                    "unsaved_writes",
                    "a service that served it has died; opening it, before the machine is restarted, finds all "
                            + "that was answered: path=" + file.path());
        } else if (owed.state() == OwedWrites.State.LOST) {
            findings.add(
                    Severity.CORRUPTION,
                    "answered_writes_lost",
                    "a service that served it has died, and bits of answered writes are gone: %s: path=%s"
                            .formatted(owed.why(), file.path()));
        }
    }

    // ---- the raw file

    private Optional<FileStatus> checkRaw(SidecarHeader header, @Nullable Extension extension) throws BlockException {
        NamedFile raw = NamedFiles.raw(roots, ImageInspector.folderOf(file), header.rawFile());
        try {
            if (extension != null && !inUse && state == SidecarState.COW) {
                checkOwed(OwedWrites.of(folder, extension, file, raw.file(), header.geometry()));
            }
            OpenFile opened = raw.file();
            FileStatus now = raw.status();
            if (opened == null || now == null) {
                missing("raw_file_missing", raw, state != SidecarState.CREATING);
                return Optional.empty();
            }
            if (state != SidecarState.CREATING) {
                new RawFileCheck(header.geometry(), bitmap, opened, findings).run(now, state);
                checkUntouched(opened.path(), now, extension == null ? null : extension.clean());
            }
            return Optional.of(now);
        } finally {
            raw.close();
        }
    }

    private void missing(String code, NamedFile named, boolean needed) {
        BlockException why = Objects.requireNonNull(named.fault());
        if (why.kind() != FaultKind.FILE_NOT_FOUND) {
            findings.unchecked("file_unreadable", why);
        } else if (needed) {
            findings.add(Severity.CORRUPTION, code, String.valueOf(why.getMessage()));
        }
    }

    private void checkUntouched(String path, FileStatus now, @Nullable Clean clean) {
        if (inUse || clean == null || state != SidecarState.COW) {
            return;
        }
        try {
            RawFiles.requireUntouched(now, clean, false, path);
        } catch (BlockException e) {
            findings.add(Severity.CORRUPTION, "raw_file_changed", String.valueOf(e.getMessage()));
        }
    }

    // ---- the backing

    private void checkBacking(SidecarHeader header, @Nullable Extension extension, @Nullable FileStatus raw) {
        if (header.backingFile().isEmpty() || state == SidecarState.STANDALONE) {
            return;
        }
        StoredName name = StoredName.parse(header.backingFile());
        String format = extension == null ? null : extension.backingFormat();
        if (format != null && !format.equals(name.format())) {
            findings.add(
                    Severity.CORRUPTION,
                    "extension_damaged",
                    "two formats for the backing: header=%s extension=%s path=%s"
                            .formatted(name.format(), format, file.path()));
        }
        NamedFile backing = NamedFiles.backing(roots, ImageInspector.folderOf(file), name);
        try {
            FileStatus now = backing.status();
            if (now == null) {
                missing("backing_missing", backing, true);
                return;
            }
            if (raw != null && raw.identity().equals(now.identity())) {
                findings.add(
                        Severity.CORRUPTION, "same_file", "raw file and backing are one file: path=" + backing.path());
            }
            checkPin(header, extension, backing.path(), now);
        } finally {
            backing.close();
        }
    }

    private void checkPin(SidecarHeader header, @Nullable Extension extension, String path, FileStatus now) {
        BackingPin pinned = extension == null
                ? BackingPin.UNKNOWN
                : new BackingPin(extension.backingSize(), extension.backingMtimeNanos());
        if (!BackingFiles.compare(pinned, header.mtime(), now).orElse(true)) {
            String then = pinned.equals(BackingPin.UNKNOWN)
                    ? new BackingPin(null, Integer.toUnsignedLong(header.mtime()) * 1_000_000_000L).words()
                    : pinned.words();
            findings.add(
                    Severity.CORRUPTION,
                    "backing_changed",
                    "the backing was changed since the image was made: pinned %s, now %s: path=%s"
                            .formatted(then, FileBacking.pinOf(now).words(), path));
        }
    }
}
