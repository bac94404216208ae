/**
 * Bytes at offsets: what can be read and written, how that goes wrong, and the raw file.
 *
 * <p>{@link io.rawcow.block.BlockReader} and {@link io.rawcow.block.BlockDevice} are the interfaces that backings, raw
 * files and live images share. Offsets and lengths are bytes. Knows nothing of sidecars and sectors.
 */
@NullMarked
package io.rawcow.block;

import org.jspecify.annotations.NullMarked;
