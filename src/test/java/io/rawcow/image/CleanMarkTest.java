package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.Rig.Between;
import io.rawcow.testing.SimulatedDisk;
import org.junit.jupiter.api.Test;

/** A clean close is believed only as long as nothing was changed after it. */
class CleanMarkTest {
    private final Rig rig = Rig.fresh(
            new Layout(4096, 8192, "vm.img", "images/vm.img", null, false, null, Preallocation.OFF, false, 1 << 20));

    @Test
    void aWriteToAnAllocatedSectorEndsIt() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.write(0, new byte[8192]);
        rig.close();
        rig.open(Between.CLEAN_CLOSE);
        assertThat(rig.image().isComplete()).isTrue();
        rig.write(0, new byte[] {1});
        SimulatedDisk killed = rig.disk().copyOfLiving();
        assertThat(rig.on(killed).open(Between.KILL)).isTrue();
    }

    @Test
    void aCloseAfterSuchAWriteMarksItAgain() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.write(0, new byte[8192]);
        rig.close();
        rig.open(Between.CLEAN_CLOSE);
        rig.write(4096, new byte[] {1});
        rig.close();
        assertThat(rig.open(Between.CLEAN_CLOSE)).isTrue();
        assertThat(rig.image().extension().orElseThrow().clean()).isNotNull();
    }
}
