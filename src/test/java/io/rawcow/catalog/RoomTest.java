package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Limits of what there may be. */
class RoomTest {
    private final Room room = new Room("exports", 2);

    @Test
    void thoseThatAreComingCount() {
        try (var _ = room.take(() -> 1)) {
            refused(1);
            try (var _ = room.take(() -> 0)) {
                refused(0);
            }
        }
        try (var _ = room.take(() -> 1)) {
            refused(1);
        }
        refused(2);
    }

    private void refused(int there) {
        assertThatThrownBy(() -> room.take(() -> there)).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.code()).isEqualTo(ProblemCode.BUSY);
            assertThat(e.action()).contains("rawcow.limits.exports");
        });
    }
}
