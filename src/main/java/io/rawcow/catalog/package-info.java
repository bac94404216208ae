/**
 * Images, jobs and exports by name: requests that can be repeated, what is kept across restarts, which job runs when,
 * and what is told about all that. Every path of a request or a sidecar's header is confined to the data roots here.
 *
 * <p>{@link io.rawcow.catalog.Catalog} owns the rest: {@link io.rawcow.catalog.Images}, {@link io.rawcow.catalog.Jobs},
 * {@link io.rawcow.catalog.Exports} and {@link io.rawcow.catalog.EventLog}. Trouble is a
 * {@link io.rawcow.catalog.ProblemException} with a code that the REST interface passes on. Knows nothing of HTTP.
 */
@NullMarked
package io.rawcow.catalog;

import org.jspecify.annotations.NullMarked;
