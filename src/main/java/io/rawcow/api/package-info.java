/**
 * The REST interface, exactly as {@code openapi.yaml} has it: controllers over {@link io.rawcow.catalog.Catalog},
 * strict reading of bodies and queries, and one shape for every error, be it ours, the framework's or the server's.
 * Decides nothing about images or jobs; those answer, or throw a {@link io.rawcow.catalog.ProblemException}.
 *
 * <p>Requests run on a bounded pool of platform threads, because the catalog's I/O would pin a virtual one. What only
 * waits, a {@code wait} for a job and a listener of events, runs on a virtual thread and touches no file there.
 */
@NullMarked
package io.rawcow.api;

import org.jspecify.annotations.NullMarked;
