package io.rawcow.image;

import io.rawcow.testing.Host;
import io.rawcow.testing.TestMemory;

/** Folders for the live files of tests. */
public final class TestLive {
    private static final LiveFolder SHARED = LiveFolder.in(TestMemory::open, "live", BootId.current(), 1L << 30);

    private TestLive() {}

    /** One with enough memory for every test. */
    public static LiveFolder folder() {
        return SHARED;
    }

    /** One in a host's memory. */
    public static LiveFolder on(Host host, long budget) {
        return LiveFolder.in(host::memory, "live", host.bootId(), budget);
    }
}
