/**
 * The command line, which feels like qemu-img: the same words, options, output and exit codes.
 *
 * <p>Begin with {@link io.rawcow.cli.RawCowCommand}. What is asked for goes to standard output, JSON alone if JSON was
 * asked for; everything else goes to standard error. Commands work on the files themselves, unconfined; {@code jobs}
 * and {@code watch} alone ask a running service, through {@code remote}, and what it says is escaped before it is
 * printed. Start-up counts: nothing heavy is touched before it is needed.
 */
@NullMarked
package io.rawcow.cli;

import org.jspecify.annotations.NullMarked;
