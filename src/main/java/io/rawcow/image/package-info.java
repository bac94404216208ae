/**
 * The live image: raw file, sidecar and backing as one block device, and what may never break about it.
 *
 * <ul>
 *   <li><b>I1</b> A bit goes 0→1 once and never back while there is a backing.
 *   <li><b>I2</b> A bit is set after all bytes of its sector are in the raw file, and saved after those bytes are
 *       synced.
 *   <li><b>I3</b> Raw bytes under a clear bit mean nothing. Zeros are always made, never assumed.
 *   <li><b>I4</b> Hydration reads the backing holding nothing, then takes the range, looks at the bits again, and
 *       writes only clear sectors. A guest write waits for the backing only for its own partial edges.
 *   <li><b>I5</b> The backing is never written, and is closed only at detach or when the image is closed.
 * </ul>
 *
 * <p>Begin with {@link io.rawcow.image.LiveImage}; {@code Overlay} holds the read and write paths, {@code Rounds} the
 * one way bits reach the disk, {@code ImageOpener} and {@code ImageCreator} the files. Knows nothing of jobs, names and
 * REST.
 */
@NullMarked
package io.rawcow.image;

import org.jspecify.annotations.NullMarked;
