/**
 * What rawcow asks of the kernel: files, folders, locks and memory, as two small interfaces
 * ({@link io.rawcow.posix.OpenFile}, {@link io.rawcow.posix.Folder}) and their one real implementation.
 *
 * <p>The only place with {@code java.lang.foreign} downcalls. The interfaces exist so that a simulated disk can stand
 * in for the kernel when power cuts are tested; they are no general file system abstraction. Paths are strings in
 * UTF-8, never {@link java.nio.file.Path}, which refuses non-ASCII names under a C locale. Knows nothing of images.
 */
@NullMarked
package io.rawcow.posix;

import org.jspecify.annotations.NullMarked;
