/**
 * Where the bytes under clear sectors come from: read-only sources of fixed size.
 *
 * <p>A backing is pinned by size and modification time; whatever differs from the pin is told, never guessed away. It
 * is only ever opened for reading (I5).
 */
@NullMarked
package io.rawcow.backing;

import org.jspecify.annotations.NullMarked;
