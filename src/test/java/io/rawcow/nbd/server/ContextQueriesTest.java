package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.block.ByteRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContextQueriesTest {
    private record Named(String name) implements StatusContext {
        @Override
        public Status statusAt(long offset, long limit) {
            return new Status(ByteRange.between(offset, limit), 0);
        }
    }

    private static final List<StatusContext> ALL =
            List.of(new Named("base:allocation"), new Named("qemu:allocation-depth"), new Named("x-a:b"));

    private static List<String> list(String... queries) throws OptionException {
        return names(ContextQueries.list(ALL, List.of(queries)));
    }

    private static List<String> select(String... queries) throws OptionException {
        return names(ContextQueries.select(ALL, List.of(queries)));
    }

    private static List<String> names(List<StatusContext> contexts) {
        return contexts.stream().map(StatusContext::name).toList();
    }

    @Test
    void withoutAQueryAllAreListedAndNoneSelected() throws Exception {
        assertThat(list()).containsExactly("base:allocation", "qemu:allocation-depth", "x-a:b");
        assertThat(select()).isEmpty();
    }

    @Test
    void aNamespaceListsWhatIsInItAndSelectsNothing() throws Exception {
        assertThat(list("qemu:")).containsExactly("qemu:allocation-depth");
        assertThat(select("qemu:")).isEmpty();
    }

    @Test
    void namesAreTakenWhole() throws Exception {
        assertThat(select("base:alloc", "x-a:b", "base:allocation", "x-a:b"))
                .containsExactly("base:allocation", "x-a:b");
        assertThat(list("base:alloc", "other:thing")).isEmpty();
    }

    @Test
    void aQueryNeedsANamespace() {
        assertThatThrownBy(() -> list("allocation")).isInstanceOf(OptionException.class);
        assertThatThrownBy(() -> select(":allocation")).isInstanceOf(OptionException.class);
    }
}
