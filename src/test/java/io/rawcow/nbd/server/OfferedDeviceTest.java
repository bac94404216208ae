package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.nbd.server.OfferedDevice.Admission;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class OfferedDeviceTest {
    private final Exports exports = new Exports();
    private final OfferedDevice disk = offer("disk");

    private OfferedDevice offer(String name) {
        return exports.offer(new Export(name, "", new MemoryDevice(1), false, 2, List.of()));
    }

    /** Leaves at once when it is cut off. */
    private final class Guest implements ExportClient {
        private boolean cut;

        @Override
        public ClientView view() {
            return new ClientView(1, "guest", false, null, Instant.EPOCH, 0, 0, 0, 0, 0);
        }

        @Override
        public void cut() {
            cut = true;
            disk.left(this);
        }
    }

    @Test
    void anUnusedExportIsWithdrawnAndItsNameIsFree() {
        assertThat(disk.withdrawIfUnused()).isTrue();

        assertThat(exports.find("disk")).isEmpty();
        assertThat(disk.admit(new Guest())).isEqualTo(Admission.GONE);
        assertThat(offer("disk")).isNotSameAs(disk);
    }

    @Test
    void aUsedExportIsNot() {
        disk.admit(new Guest());

        assertThat(disk.withdrawIfUnused()).isFalse();
        assertThat(exports.find("disk")).contains(disk);
    }

    @Test
    void aHiddenExportKeepsItsNameUntilItsLastClientLeaves() {
        var guest = new Guest();
        disk.admit(guest);
        disk.hide();

        assertThat(exports.find("disk")).isEmpty();
        assertThat(disk.admit(new Guest())).isEqualTo(Admission.GONE);
        assertThatThrownBy(() -> offer("disk")).isInstanceOf(IllegalStateException.class);

        disk.left(guest);
        offer("disk");
    }

    @Test
    void aHiddenExportWithoutClientsIsGone() {
        disk.hide();

        offer("disk");
    }

    @Test
    void droppingCutsClientsOff() throws Exception {
        var guest = new Guest();
        disk.admit(guest);

        assertThat(disk.drop(Duration.ofSeconds(30))).isTrue();
        assertThat(guest.cut).isTrue();
        assertThat(exports.find("disk")).isEmpty();
    }

    @Test
    void clientsAreCounted() {
        var first = new Guest();
        disk.admit(first);
        disk.admit(new Guest());
        assertThat(disk.admit(new Guest())).isEqualTo(Admission.FULL);

        disk.left(first);
        assertThat(disk.admit(new Guest())).isEqualTo(Admission.ADMITTED);
    }

    @Test
    void theEmptyNameIsTheOnlyExport() {
        assertThat(exports.find("")).contains(disk);

        OfferedDevice another = offer("another");
        assertThat(exports.find("")).isEmpty();

        another.hide();
        assertThat(exports.find("")).contains(disk);
    }
}
