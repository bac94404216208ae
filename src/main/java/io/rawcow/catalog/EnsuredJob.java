package io.rawcow.catalog;

/** @param started false if the same request had started it before */
public record EnsuredJob(JobView job, boolean started) {}
