/**
 * The sidecar on disk, version 1: header, allocation bitmap, extension area. {@code docs/raw-cow-format.md} is its
 * specification; this package is one implementation of it.
 *
 * <p>All integers are big-endian. A bit is written only as part of a copy whose bytes in the raw file were synced
 * before (I2); that order is kept by {@code io.rawcow.image}. Knows nothing of backings, guests and jobs.
 */
@NullMarked
package io.rawcow.format;

import org.jspecify.annotations.NullMarked;
