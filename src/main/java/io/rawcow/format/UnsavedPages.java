package io.rawcow.format;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.StampedLock;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * Which pages of a bitmap are not in the sidecar as they are: to be saved, or just being saved. Both marks of a page
 * are in one word, so that a page on its way from one to the other is never missed. Safe from many threads; one at a
 * time saves.
 */
final class UnsavedPages {
    private static final int PAGES_A_WORD = 32;
    /** A word: which of its pages are to be saved in the lower half, which are being saved in the upper one. */
    private static final long TO_SAVE = 0xFFFF_FFFFL;

    private final AtomicLongArray words;
    /** Shared by all who set bits, held alone for the moment in which marks are taken. */
    private final StampedLock setting = new StampedLock();

    UnsavedPages(long pages) {
        this.words = new AtomicLongArray(Math.toIntExact((pages - 1) / PAGES_A_WORD + 1));
    }

    private static int wordOf(long page) {
        return (int) (page / PAGES_A_WORD);
    }

    private static long bitOf(long page) {
        return 1L << (page % PAGES_A_WORD);
    }

    /**
     * Marks the pages between two, both included, and then sets bits of them. Nobody takes a mark in between, when the
     * copy would not have the bits; and whoever sees one of the bits finds its page marked until it is saved, though
     * the one who sets it may have come no further.
     */
    long add(long first, long last, LongSupplier setBits) {
        long stamp = setting.readLock();
        try {
            for (long page = first; page <= last; page++) {
                add(page);
            }
            return setBits.getAsLong();
        } finally {
            setting.unlockRead(stamp);
        }
    }

    /** Marks a page whose bits nobody else sees yet. */
    void add(long page) {
        // The plain look first: a page is marked thousands of times between two saves.
        if ((words.getAcquire(wordOf(page)) & bitOf(page)) == 0) {
            words.getAndAccumulate(wordOf(page), bitOf(page), (word, bit) -> word | bit);
        }
    }

    boolean contains(long page) {
        long bit = bitOf(page);
        return (words.get(wordOf(page)) & (bit | bit << PAGES_A_WORD)) != 0;
    }

    boolean isEmpty() {
        for (int i = 0; i < words.length(); i++) {
            if (words.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Counts the pages that are to be saved as being saved, and tells of each afterwards. */
    void take(LongConsumer action) {
        for (int i = 0; i < words.length(); i++) {
            if (words.get(i) != 0) {
                long pages = take(i);
                for (; pages != 0; pages &= pages - 1) {
                    action.accept((long) i * PAGES_A_WORD + Long.numberOfTrailingZeros(pages));
                }
            }
        }
    }

    private long take(int i) {
        long stamp = setting.writeLock();
        try {
            return words.getAndUpdate(i, word -> word << PAGES_A_WORD | (word & ~TO_SAVE)) & TO_SAVE;
        } finally {
            setting.unlockWrite(stamp);
        }
    }

    /** Ends the saving of a page. */
    void end(long page, boolean saved) {
        words.getAndUpdate(wordOf(page), word -> {
            long without = word & ~(bitOf(page) << PAGES_A_WORD);
            return saved ? without : without | bitOf(page);
        });
    }

    /** Whether a page between two, both included, is of a kind. */
    static boolean any(long first, long last, LongPredicate kind) {
        for (long page = first; page <= last; page++) {
            if (kind.test(page)) {
                return true;
            }
        }
        return false;
    }
}
