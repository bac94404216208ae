package io.rawcow.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

class ErrnoTest {
    @Test
    void everyConstantHasItsNameAndWords() throws Exception {
        for (Field field : Errno.class.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers())) {
                int errno = field.getInt(null);

                assertThat(Errno.name(errno)).isEqualTo(field.getName());
                assertThat(Errno.message(errno)).doesNotContain("errno");
            }
        }
    }

    @Test
    void othersKeepTheirNumber() {
        assertThat(Errno.name(4711)).isEqualTo("errno 4711");
        assertThat(new PosixException("leap", "/a", 4711)).hasMessage("cannot leap: errno 4711: path=/a");
    }
}
