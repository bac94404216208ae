/** The program: its entry point and the wiring of everything below. Nobody imports this package. */
@NullMarked
package io.rawcow;

import org.jspecify.annotations.NullMarked;
