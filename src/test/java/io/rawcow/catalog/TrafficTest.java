package io.rawcow.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import org.junit.jupiter.api.Test;

class TrafficTest {
    private final Traffic traffic = new Traffic();

    private ExportTraffic track() {
        var counts = new ExportTraffic();
        traffic.track("vm", counts);
        return counts;
    }

    @Test
    void requestsCountByCommandAndError() {
        ExportTraffic counts = track();

        traffic.answered("vm", NbdCommand.READ, 4096, 1000, 0);
        traffic.answered("vm", NbdCommand.READ, 512, 1000, NbdError.EIO.number());
        traffic.answered("vm", NbdCommand.TRIM, 1 << 20, 1000, 0);

        assertThat(counts.requests(NbdCommand.READ).requests()).isEqualTo(2);
        assertThat(counts.requests(NbdCommand.READ).bytes()).isEqualTo(4096);
        assertThat(counts.errors(NbdCommand.READ, NbdError.EIO)).isEqualTo(1);
        assertThat(counts.errors(NbdCommand.READ, NbdError.ENOSPC)).isZero();
        assertThat(counts.requests(NbdCommand.TRIM).bytes()).isZero();
        assertThat(counts.requests(NbdCommand.WRITE).requests()).isZero();
    }

    @Test
    void connectionsComeAndGo() {
        ExportTraffic counts = track();

        traffic.connected("vm", true);
        traffic.connected("vm", false);
        traffic.disconnected("vm", true);

        assertThat(counts.connections(true)).isZero();
        assertThat(counts.connections(false)).isEqualTo(1);
    }

    @Test
    void whatIsForgottenLateTakesNoSuccessorAlong() {
        ExportTraffic first = track();
        ExportTraffic second = track();

        traffic.forget("vm", first);
        assertThat(traffic.of("vm")).contains(second);

        traffic.forget("vm", second);
        assertThat(traffic.of("vm")).isEmpty();
        traffic.answered("vm", NbdCommand.READ, 1, 1, 0);
        assertThat(second.requests(NbdCommand.READ).requests()).isZero();
    }

    @Test
    void refusalsCountByTheirReason() {
        traffic.refused("protocol");
        traffic.refused("protocol");
        traffic.refused("tls");

        assertThat(traffic.refusals()).containsEntry("protocol", 2L).containsEntry("tls", 1L);
    }
}
