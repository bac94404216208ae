package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.image.Rig.Between;
import io.rawcow.posix.Errno;
import io.rawcow.testing.Faults;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What an open finds, left by a killed process in the page cache alone, is on the disk before anything builds on it.
 */
class SeenIsSavedTest {
    private final Rig rig = Rig.fresh(layout(false));
    private @Nullable Rig killed;

    private static Layout layout(boolean inCatalog) {
        return new Layout(
                4096, 8192, "vm.img", "images/vm.img", null, false, null, Preallocation.OFF, inCatalog, 1 << 20);
    }

    @Test
    void thatItIsStandalone() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.write(0, new byte[8192]);
        rig.close();
        rig.open(Between.CLEAN_CLOSE);
        killAt(rig, Operation.Kind.WRITE);
        rig.detach(false);
        Rig next = killed;
        next.open(Between.KILL);
        assertThat(next.image().isStandalone()).isTrue();
        next.write(0, new byte[] {1});
        requireItOpensAfterAnyLossOfPower(next);
    }

    @Test
    void thatItIsOpenAfterTheSyncOfThatFailed() {
        rig.create();
        rig.open(Between.CLEAN_CLOSE);
        rig.disk().setFaults(Faults.failing(Operation.Kind.DATA_SYNC, "raw-cow", 1, 1, Errno.EIO));
        rig.write(0, new byte[] {1});
        assertThat(rig.isFailed()).isTrue();
        rig.close();
        rig.open(Between.KILL);
        rig.write(0, new byte[] {2});
        requireItOpensAfterAnyLossOfPower(rig);
    }

    @Test
    void thatTheCatalogCallsItStandalone() {
        Rig served = Rig.fresh(layout(true));
        served.create();
        served.open(Between.CLEAN_CLOSE);
        served.write(0, new byte[8192]);
        killAt(served, Operation.Kind.RENAME);
        served.detach(false);
        Rig next = killed;
        next.disk().watch(_ -> requireItOpensAfterAnyLossOfPower(next));
        next.open(Between.KILL);
        assertThat(next.disk().exists(Layout.SIDECAR)).isFalse();
    }

    @Test
    void thatThereIsACatalog() {
        Rig served = Rig.fresh(layout(true));
        killAt(served, Operation.Kind.CREATE_FOLDER);
        served.create();
        Rig next = killed;
        assertThat(next.create()).isTrue();
        requireItOpensAfterAnyLossOfPower(next);
    }

    /** Kills a copy at the first operation of a kind. */
    private void killAt(Rig victim, Operation.Kind kind) {
        victim.disk().watch(operation -> {
            if (killed == null && operation.kind() == kind) {
                killed = victim.on(victim.disk().copyOfLiving());
            }
        });
    }

    private static void requireItOpensAfterAnyLossOfPower(Rig rig) {
        for (int choice = 0; choice < 50; choice++) {
            SimulatedDisk left = rig.disk().cut(Survival.of(choice, 1));
            assertThat(rig.on(left).open(Between.POWER_LOSS)).isTrue();
        }
    }
}
