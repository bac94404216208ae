package io.rawcow.nbd.suite;

import java.util.Map;

/**
 * What the server said of an export.
 *
 * @param infos every piece of information by its kind, the kind's own two bytes cut off
 */
record ExportInfo(long size, int flags, Map<Integer, byte[]> infos) {
    boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
