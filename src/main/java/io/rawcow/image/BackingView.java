package io.rawcow.image;

import io.rawcow.backing.Backing;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What is below an image: its backing, zeros at or beyond the end of that, and zeros everywhere without one. Counts
 * what it reads. Safe from many threads.
 */
final class BackingView {
    private final @Nullable Backing backing;
    private final ImageActivity activity;

    BackingView(@Nullable Backing backing, ImageActivity activity) {
        this.backing = backing;
        this.activity = activity;
    }

    @Nullable
    Backing backing() {
        return backing;
    }

    long sizeBytes() {
        return backing == null ? 0 : backing.sizeBytes();
    }

    /** How much of a range is before the end of the backing. */
    long inside(long offset, long length) {
        return Math.clamp(sizeBytes() - offset, 0, length);
    }

    void read(long offset, MemorySegment target) throws BlockException {
        long inside = inside(offset, target.byteSize());
        if (inside > 0 && backing != null) {
            read(backing, offset, target.asSlice(0, inside));
        }
        target.asSlice(inside).fill((byte) 0);
    }

    private void read(Backing source, long offset, MemorySegment target) throws BlockException {
        long began = activity.backingAsked();
        boolean read = false;
        try {
            source.read(offset, target);
            read = true;
        } finally {
            activity.backingAnswered(began, target.byteSize(), !read);
        }
    }

    Extent extentAt(long offset, long limit) throws BlockException {
        if (backing == null || offset >= backing.sizeBytes()) {
            return new Extent(ByteRange.between(offset, limit), true);
        }
        return backing.extentAt(offset, Math.min(limit, backing.sizeBytes()));
    }

    void close() {
        if (backing != null) {
            backing.close();
        }
    }
}
