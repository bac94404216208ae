package io.rawcow.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a guest may find on its disk, by blocks of 512 bytes: what it wrote last; and, after a crash, whatever it wrote
 * or found there since the last flush that was answered. Nothing else, ever.
 */
final class GuestView {
    static final int BLOCK = 512;

    private final byte[] latest;
    /** What else a block may hold: its versions since the last flush, oldest first; null if none. */
    private final List<@Nullable List<byte[]>> older;
    /** Blocks whose content is open even without a crash: a write failed on the way. */
    private final boolean[] doubtful;
    /** Blocks that a failed sync may have lost, until they are written and flushed again or power was lost. */
    private final boolean[] unsafe;

    private long version;
    /** Blocks of a change that is not answered. */
    private int changingFrom;

    private int changingEnd;
    /** How many versions each block had when the flush under way began. */
    private final int[] versionsAtFlush;

    GuestView(byte[] content) {
        this(content.clone(), new ArrayList<>(), new boolean[blocks(content)], new boolean[blocks(content)]);
        for (int i = 0; i < blocks(content); i++) {
            older.add(null);
        }
    }

    private GuestView(byte[] latest, List<@Nullable List<byte[]>> older, boolean[] doubtful, boolean[] unsafe) {
        this.latest = latest;
        this.older = older;
        this.doubtful = doubtful;
        this.unsafe = unsafe;
        this.versionsAtFlush = new int[doubtful.length];
    }

    private static int blocks(byte[] content) {
        return (content.length - 1) / BLOCK + 1;
    }

    GuestView copy() {
        List<@Nullable List<byte[]>> lists = new ArrayList<>(older.size());
        older.forEach(versions -> lists.add(versions == null ? null : new ArrayList<>(versions)));
        var copy = new GuestView(latest.clone(), lists, doubtful.clone(), unsafe.clone());
        copy.changingFrom = changingFrom;
        copy.changingEnd = changingEnd;
        return copy;
    }

    int size() {
        return latest.length;
    }

    /** Changes whenever what the guest may find changes. */
    long version() {
        return version;
    }

    byte[] latest() {
        return latest;
    }

    private byte[] block(byte[] content, int index) {
        return Arrays.copyOfRange(content, index * BLOCK, Math.min((index + 1) * BLOCK, content.length));
    }

    // ---- what the guest does

    /** A write is on its way: each block of it is old or new. */
    void write(int offset, byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        version++;
        changingFrom = offset / BLOCK;
        changingEnd = (offset + bytes.length - 1) / BLOCK + 1;
        for (int index = offset / BLOCK; index <= (offset + bytes.length - 1) / BLOCK; index++) {
            List<byte[]> versions = older.get(index);
            if (versions == null) {
                versions = new ArrayList<>();
                older.set(index, versions);
            }
            versions.add(block(latest, index));
            if (doubtful[index]) {
                addOverlaid(versions, index, offset, bytes);
            }
            unsafe[index] = false;
        }
        System.arraycopy(bytes, 0, latest, offset, bytes.length);
    }

    /** Over whatever may be there already. */
    private static void addOverlaid(List<byte[]> versions, int index, int offset, byte[] bytes) {
        for (byte[] version : List.copyOf(versions)) {
            byte[] next = version.clone();
            int from = Math.max(offset, index * BLOCK);
            int end = Math.min(offset + bytes.length, index * BLOCK + next.length);
            System.arraycopy(bytes, from - offset, next, from - index * BLOCK, end - from);
            versions.add(next);
        }
    }

    /** The write that was noted last is there now. */
    void writeAnswered() {
        version++;
        changingEnd = changingFrom;
    }

    /** The write that was noted last failed: some blocks of it are there. */
    void writeFailed(int offset, int length) {
        writeAnswered();
        if (length > 0) {
            Arrays.fill(doubtful, offset / BLOCK, (offset + length - 1) / BLOCK + 1, true);
        }
    }

    /** A flush is on its way: it covers what was answered by now. */
    void flush() {
        for (int i = 0; i < older.size(); i++) {
            List<byte[]> versions = older.get(i);
            versionsAtFlush[i] = versions == null ? 0 : versions.size();
        }
    }

    /** The flush was answered: what was written before it is there for good. Doubtful blocks stay doubtful. */
    void flushed() {
        version++;
        for (int i = 0; i < older.size(); i++) {
            List<byte[]> versions = older.get(i);
            if (versions != null && !doubtful[i] && !unsafe[i]) {
                versions.subList(0, versionsAtFlush[i]).clear();
                if (versions.isEmpty()) {
                    older.set(i, null);
                }
            }
        }
    }

    /** A sync failed: what was not flushed before may be lost, now or at the next loss of power. */
    void syncFailed() {
        version++;
        for (int i = 0; i < older.size(); i++) {
            if (older.get(i) != null) {
                unsafe[i] = true;
                doubtful[i] = true;
            }
        }
    }

    // ---- what it finds

    /** Whether a block of a range is open even without a crash. */
    boolean isDoubtful(int offset, int length) {
        for (int index = offset / BLOCK; index <= (offset + length - 1) / BLOCK; index++) {
            if (doubtful[index]) {
                return true;
            }
        }
        return false;
    }

    private enum After {
        NOTHING,
        KILL,
        LOSS
    }

    /** Compares what an open image answers; says what is wrong. */
    Optional<String> compare(byte[] found) {
        return compare(found, After.NOTHING);
    }

    /** Compares what an image answers whose service died: all that was answered is there, flushed or not. */
    Optional<String> compareAfterKill(byte[] found) {
        return compare(found, After.KILL);
    }

    /** Compares what an image answers after what was not flushed may have been lost. */
    Optional<String> compareAfterLoss(byte[] found) {
        return compare(found, After.LOSS);
    }

    private Optional<String> compare(byte[] found, After after) {
        if (found.length != latest.length) {
            return Optional.of("size=%d expected=%d".formatted(found.length, latest.length));
        }
        int from = 0;
        while (true) {
            int at = Arrays.mismatch(found, from, found.length, latest, from, latest.length);
            if (at < 0) {
                return Optional.empty();
            }
            int index = (from + at) / BLOCK;
            boolean changing = after == After.KILL && changingFrom <= index && index < changingEnd;
            boolean open = doubtful[index] || after == After.LOSS;
            if (!(open && isOlder(found, index)) && !(changing && isPrevious(found, index))) {
                return Optional.of(describe(found, from + at, after));
            }
            from = Math.min((index + 1) * BLOCK, found.length);
        }
    }

    private boolean isOlder(byte[] found, int index) {
        List<byte[]> versions = older.get(index);
        byte[] block = block(found, index);
        return versions != null && versions.stream().anyMatch(version -> Arrays.equals(version, block));
    }

    private boolean isPrevious(byte[] found, int index) {
        List<byte[]> versions = older.get(index);
        return versions != null && Arrays.equals(versions.getLast(), block(found, index));
    }

    private String describe(byte[] found, int at, After after) {
        int index = at / BLOCK;
        List<byte[]> versions = older.get(index);
        return "byte %d (block %d): found 0x%02X, the guest's last is 0x%02X%s"
                .formatted(
                        at,
                        index,
                        found[at],
                        latest[at],
                        after != After.LOSS || versions == null
                                ? ", nothing else may be there"
                                : ", %d older versions may be there".formatted(versions.size()));
    }

    /**
     * Takes what an image answered when it was opened for what it holds.
     *
     * @param powerLost nothing hides what is on the disk any more
     * @param synced opening has synced what it showed, so that is there for good; but for what a failed sync lost
     *     behind a page cache that still shows it
     */
    void adopt(byte[] found, boolean powerLost, boolean synced) {
        writeAnswered();
        for (int i = 0; i < older.size(); i++) {
            List<byte[]> versions = older.get(i);
            boolean settled = powerLost || (synced && !unsafe[i]);
            if (versions != null && !settled) {
                versions.add(block(latest, i));
            } else {
                older.set(i, null);
                unsafe[i] = false;
                doubtful[i] = false;
            }
        }
        System.arraycopy(found, 0, latest, 0, latest.length);
    }
}
