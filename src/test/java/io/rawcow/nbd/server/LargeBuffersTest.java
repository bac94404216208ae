package io.rawcow.nbd.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LargeBuffersTest {
    private final LargeBuffers buffers = new LargeBuffers(2L * LargeBuffers.BUFFER_BYTES);

    @Test
    void thereAreAsManyAsTheBudgetAllows() {
        NativeBuffer one = buffers.tryBorrow();
        NativeBuffer two = buffers.tryBorrow();
        assertThat(buffers.tryBorrow()).isNull();

        buffers.giveBack(one);

        assertThat(buffers.tryBorrow()).isSameAs(one);
        assertThat(two).isNotSameAs(one);
    }

    @Test
    void whatIsIdleFromOneLookToTheNextIsFreed() {
        NativeBuffer one = buffers.tryBorrow();
        buffers.giveBack(one);
        buffers.trim();
        assertThat(buffers.tryBorrow()).isSameAs(one);

        buffers.giveBack(one);
        buffers.trim();
        buffers.trim();

        assertThat(buffers.tryBorrow()).isNotNull().isNotSameAs(one);
    }

    @Test
    void afterTheEndNothingIsLentAndWhatComesBackIsFreed() {
        NativeBuffer late = buffers.tryBorrow();
        buffers.close();
        assertThat(buffers.tryBorrow()).isNull();

        buffers.giveBack(late);

        assertThat(buffers.tryBorrow()).isNull();
    }
}
