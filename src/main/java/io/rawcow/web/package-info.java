/**
 * The page for browsers at {@code /}: files of the class path, and what a browser may do with them. The page is a
 * client of the REST interface like any other; nothing of images or jobs is known here.
 */
@NullMarked
package io.rawcow.web;

import org.jspecify.annotations.NullMarked;
