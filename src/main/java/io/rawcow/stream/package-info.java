/**
 * The background job that hydrates everything and then detaches.
 *
 * <p>{@link io.rawcow.stream.StreamJob} is the state machine with QEMU's verbs, {@code StreamPass} one walk over the
 * clear sectors in steps that never sleep, {@link io.rawcow.stream.StreamRunner} the threads that take the steps. The
 * bitmap is the checkpoint: a job that is interrupted starts another pass and finds what is left. Knows nothing of
 * names and REST.
 */
@NullMarked
package io.rawcow.stream;

import org.jspecify.annotations.NullMarked;
