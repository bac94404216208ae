package io.rawcow.format;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the header has no room for: the JSON of an extension slot.
 *
 * @param uuid identifies the image, whatever its file is called
 * @param backingFormat how to read the backing; null if there is none
 * @param backingSize pinned size in bytes, null unknown
 * @param backingMtimeNanos pinned modification time in nanoseconds, null unknown
 * @param backingEtag pinned entity tag of a backing read over HTTP, null unknown
 * @param clean the raw file at the last clean close; null while open, or after a crash
 * @param dirty set while guest writes may be unsaved
 * @param requires names of features that a reader must know, or refuse the file
 */
public record Extension(
        String uuid,
        SidecarState state,
        @Nullable String backingFormat,
        @Nullable Long backingSize,
        @Nullable Long backingMtimeNanos,
        @Nullable String backingEtag,
        @Nullable Clean clean,
        @Nullable Dirty dirty,
        List<String> requires) {

    /**
     * The raw file at a clean close.
     *
     * @param rawSize bytes
     * @param rawMtimeNanos nanoseconds since 1970; null for a device
     */
    public record Clean(long rawSize, @Nullable Long rawMtimeNanos) {}

    /**
     * Who has answered writes whose bits may not be saved.
     *
     * @param bootId the kernel's boot id
     * @param nonce 128 random bits in hexadecimal, new at every open; names the live file
     */
    public record Dirty(String bootId, String nonce) {}

    public Extension {
        requires = List.copyOf(requires);
    }

    public Extension withState(SidecarState next) {
        return new Extension(
                uuid, next, backingFormat, backingSize, backingMtimeNanos, backingEtag, clean, dirty, requires);
    }

    /** All is in the raw file: whoever was owed something finds it there. */
    public Extension asStandalone() {
        return withState(SidecarState.STANDALONE).withoutDirty();
    }

    public Extension withUuid(String next) {
        return new Extension(
                next, state, backingFormat, backingSize, backingMtimeNanos, backingEtag, clean, dirty, requires);
    }

    /** The backing's size and time as they are now. */
    public Extension withPin(@Nullable Long size, @Nullable Long mtimeNanos) {
        return new Extension(uuid, state, backingFormat, size, mtimeNanos, backingEtag, clean, dirty, requires);
    }

    /** Open: neither closed cleanly nor owed to a guest. */
    public Extension withoutClean() {
        return new Extension(
                uuid, state, backingFormat, backingSize, backingMtimeNanos, backingEtag, null, dirty, requires);
    }

    /** Open, and owed to a guest: bits of answered writes are in the live file of that nonce. */
    public Extension withDirty(Dirty owed) {
        return new Extension(
                uuid, state, backingFormat, backingSize, backingMtimeNanos, backingEtag, null, owed, requires);
    }

    /** What was owed to guests is saved, or accepted as lost. */
    public Extension withoutDirty() {
        return new Extension(
                uuid, state, backingFormat, backingSize, backingMtimeNanos, backingEtag, clean, null, requires);
    }

    public Extension closedCleanly(Clean raw) {
        return new Extension(
                uuid, state, backingFormat, backingSize, backingMtimeNanos, backingEtag, raw, null, requires);
    }
}
