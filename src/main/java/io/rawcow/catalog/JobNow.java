package io.rawcow.catalog;

/**
 * A job at this moment.
 *
 * @param inFlight ranges that its threads are working on
 */
public record JobNow(JobView job, int inFlight) {}
