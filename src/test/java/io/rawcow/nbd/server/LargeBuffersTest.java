package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LargeBuffersTest {
    private final LargeBuffers buffers = new LargeBuffers(2L * LargeBuffers.BUFFER_BYTES);

    @Test
    void thereAreAsManyAsTheBudgetAllows() {
        NativeBuffer one = buffers.tryBorrow(0);
        NativeBuffer two = buffers.tryBorrow(0);
        assertThat(buffers.tryBorrow(0)).isNull();

        buffers.giveBack(one);

        assertThat(buffers.tryBorrow(0)).isSameAs(one);
        assertThat(two).isNotSameAs(one);
    }

    @Test
    void whereMemoryIsScarceAConnectionHasItsShareOnly() {
        assertThat(buffers.tryBorrow(4)).isNotNull();

        assertThat(buffers.tryBorrow(4)).isNull();
        assertThat(buffers.tryBorrow(3)).isNotNull();
    }

    @Test
    void whatIsIdleFromOneLookToTheNextIsFreed() {
        NativeBuffer one = buffers.tryBorrow(0);
        buffers.giveBack(one);
        buffers.trim();
        assertThat(buffers.tryBorrow(0)).isSameAs(one);

        buffers.giveBack(one);
        buffers.trim();
        buffers.trim();

        assertThat(buffers.tryBorrow(0)).isNotNull().isNotSameAs(one);
    }

    @Test
    void afterTheEndNothingIsLentAndWhatComesBackIsFreed() {
        NativeBuffer late = buffers.tryBorrow(0);
        buffers.close();
        assertThat(buffers.tryBorrow(0)).isNull();

        buffers.giveBack(late);

        assertThat(buffers.tryBorrow(0)).isNull();
    }
}
