package io.rawcow.testing;

import io.rawcow.posix.Errno;
import java.util.Set;

/** What goes wrong with a simulated disk. */
@FunctionalInterface
public interface Faults {

    /** Nothing. */
    Faults NONE = _ -> 0;

    /**
     * The error number that an operation fails with, or 0 to let it pass. A failed write has written half of its
     * sectors. A failed sync has written none of what it should have, and what it should have written counts as clean
     * from then on: a later sync succeeds and does not write it either.
     */
    int errno(Operation operation);

    /** Fails operations of a kind on paths that end so, from the n-th on (counted from 1), some times. */
    static Faults failing(Operation.Kind kind, String pathEnd, int from, int times, int errno) {
        return new Faults() {
            private int seen;

            @Override
            public int errno(Operation operation) {
                if (operation.kind() != kind || !operation.path().endsWith(pathEnd)) {
                    return 0;
                }
                seen++;
                return seen >= from && seen < from + times ? errno : 0;
            }
        };
    }

    /** A file system that cannot do some things. */
    static Faults unsupported(Set<Operation.Kind> kinds) {
        return operation -> kinds.contains(operation.kind()) ? Errno.EOPNOTSUPP : 0;
    }
}
