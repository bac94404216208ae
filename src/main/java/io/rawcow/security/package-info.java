/**
 * Who may call the REST interface, and what for: one chain of filters in front of it, of Spring Security's own and a
 * few more. Its order is {@link io.rawcow.security.AccessFilters}: what a browser was tricked into sending is refused
 * first, then the caller is asked who it is, then how often it calls, then whether it may.
 *
 * <p>Knows paths and methods, never what a request is about. Refusals are a {@link io.rawcow.catalog.ProblemException},
 * handed to whatever answers those. No token, nor a part of one, is in a log, an answer, an exception or a metric: what
 * is kept of a token is its hash.
 */
@NullMarked
package io.rawcow.security;

import org.jspecify.annotations.NullMarked;
