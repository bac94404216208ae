package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionDataTest {
    private static OptionData of(String hex) {
        return new OptionData(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", ""))));
    }

    @Test
    void readsNamesAndNumbers() throws Exception {
        OptionData data = of("00000003 c3a478 0002 0001 0003");

        assertThat(data.string()).isEqualTo("äx");
        assertThat(data.shorts()).containsExactly(1, 3);
        data.requireEnd();
    }

    @Test
    void readsAsManyStringsAsItSays() throws Exception {
        assertThat(of("00000002 00000001 61 00000000").strings()).containsExactly("a", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000004 6161", "00000001 ff", "00000001 00", "00001001", "ffffffff", "0000"})
    void refusesBadStrings(String hex) {
        assertThatThrownBy(() -> of(hex).string()).isInstanceOf(OptionException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ffffffff", "00000001 00000002 61", "00000002 00000001 61"})
    void refusesListsThatEndEarly(String hex) {
        assertThatThrownBy(() -> of(hex).strings()).isInstanceOf(OptionException.class);
    }

    @Test
    void refusesNumbersThatEndEarlyAndDataTooMuch() {
        assertThatThrownBy(() -> of("0002 0001").shorts()).isInstanceOf(OptionException.class);
        assertThatThrownBy(() -> of("00").requireEnd()).isInstanceOf(OptionException.class);
    }
}
