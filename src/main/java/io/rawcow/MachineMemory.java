package io.rawcow;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How much memory there is for this process and all beside it: the machine's, or the limit of its control group. */
final class MachineMemory {
    private MachineMemory() {}

    /**
     * What may be taken for one purpose where nobody says: the usual, unless that is more than a part of what there is.
     * The sum of such parts is what a limit has to hold, since the kernel ends a process that goes beyond.
     *
     * @param usual in bytes
     * @param part the divisor of all there is
     */
    static long share(long usual, int part) {
        return share(usual, part, total());
    }

    static long share(long usual, int part, long total) {
        return Math.min(usual, total / part);
    }

    private static long total() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
    }
}
