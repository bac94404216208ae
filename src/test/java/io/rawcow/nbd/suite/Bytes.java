package io.rawcow.nbd.suite;

import java.util.Arrays;

/** Comparisons of a great many bytes. */
final class Bytes {
    private Bytes() {}

    static void assertZeros(byte[] actual) {
        assertEqual(actual, new byte[actual.length]);
    }

    static void assertEqual(byte[] actual, byte[] expected) {
        int at = Arrays.mismatch(actual, expected);
        if (at >= 0) {
            throw new AssertionError(
                    "%d bytes and %d differ from byte %d on".formatted(actual.length, expected.length, at));
        }
    }
}
