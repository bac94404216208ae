package io.rawcow.testing;

import io.rawcow.posix.LockMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Locks of open file descriptions on ranges of bytes, for all files of a disk. */
final class SimulatedLocks {

    private record Lock(SimulatedFile owner, LockMode mode, long start, long end) {
        boolean overlaps(long from, long to) {
            return start < to && from < end;
        }
    }

    private final Map<Long, List<Lock>> byInode = new HashMap<>();

    private List<Lock> of(SimulatedFile owner) {
        return byInode.computeIfAbsent(owner.inode().number, _ -> new ArrayList<>());
    }

    private static long end(long start, long length) {
        return length == 0 ? Long.MAX_VALUE : start + length;
    }

    boolean conflicts(SimulatedFile owner, LockMode mode, long start, long length) {
        return of(owner).stream()
                .anyMatch(lock -> lock.owner != owner
                        && lock.overlaps(start, end(start, length))
                        && (mode == LockMode.EXCLUSIVE || lock.mode == LockMode.EXCLUSIVE));
    }

    boolean tryLock(SimulatedFile owner, LockMode mode, long start, long length) {
        if (conflicts(owner, mode, start, length)) {
            return false;
        }
        unlock(owner, start, length);
        of(owner).add(new Lock(owner, mode, start, end(start, length)));
        return true;
    }

    void unlock(SimulatedFile owner, long start, long length) {
        long end = end(start, length);
        List<Lock> left = new ArrayList<>();
        for (Lock lock : of(owner)) {
            if (lock.owner != owner || !lock.overlaps(start, end)) {
                left.add(lock);
                continue;
            }
            if (lock.start < start) {
                left.add(new Lock(owner, lock.mode, lock.start, start));
            }
            if (lock.end > end) {
                left.add(new Lock(owner, lock.mode, end, lock.end));
            }
        }
        byInode.put(owner.inode().number, left);
    }
}
