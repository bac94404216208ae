package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The bytes that a disk must have. Where two writes raced there are two answers, and each byte may be of either. */
final class Model {
    private final byte[] one;
    private final byte[] other;

    Model(byte[] content) {
        one = content.clone();
        other = content.clone();
    }

    int size() {
        return one.length;
    }

    void fill(int offset, int length, int value) {
        Arrays.fill(one, offset, offset + length, (byte) value);
        Arrays.fill(other, offset, offset + length, (byte) value);
    }

    /** Two writes that overlap were in flight together: what both wrote is of one or of the other. */
    void race(int offset, int end, int value) {
        Arrays.fill(other, offset, end, (byte) value);
    }

    void requireEqual(Path file, String what) throws IOException {
        byte[] found = Files.readAllBytes(file);
        assertThat(found.length).as(what).isEqualTo(one.length);
        for (int at = Arrays.mismatch(found, one); at >= 0 && at < found.length; at = next(found, at + 1)) {
            assertThat(found[at]).as("%s: byte %d", what, at).isIn(one[at], other[at]);
        }
    }

    private int next(byte[] found, int from) {
        int distance = Arrays.mismatch(found, from, found.length, one, from, one.length);
        return distance < 0 ? -1 : from + distance;
    }
}
