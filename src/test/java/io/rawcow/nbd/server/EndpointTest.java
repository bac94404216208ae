package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {

    @ParameterizedTest
    @CsvSource({
        "disks.example,nbds://disks.example:10809/vm",
        "disks.example:7,nbds://disks.example:7/vm",
        "[2001:db8::7],nbds://[2001:db8::7]:10809/vm",
        "[fe80::1%eth0]:7,nbds://[fe80::1%25eth0]:7/vm",
        ",nbds://127.0.0.1:10809/vm"
    })
    void uriNamesWhatIsAdvertised(String advertised, String uri) {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 10809);

        assertThat(new Endpoint.Tcp(address, true, advertised).uri("vm")).isEqualTo(uri);
    }
}
