package io.rawcow.stream;

/** What one step of a stream did. */
sealed interface StepResult {
    /** Filled some clear sectors. */
    record Hydrated() implements StepResult {}

    /**
     * Did nothing: a pause of that many nanoseconds is asked for.
     *
     * @param bySpeed by the speed limit; else by a save that is due, or for want of memory
     */
    record Throttled(long nanos, boolean bySpeed) implements StepResult {}

    /** Did nothing: nothing is left to begin with, others may still be at work. */
    record Drained() implements StepResult {}

    /** Did nothing, or nothing that counts: the job no longer runs, or an error stopped it. */
    record Stopped() implements StepResult {}
}
