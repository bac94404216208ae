package io.rawcow.stream;

/** A verb that does not fit a job's status. */
public final class WrongJobStatusException extends Exception {
    private static final long serialVersionUID = 1;

    private final JobStatus status;

    WrongJobStatusException(String verb, JobStatus status, String why) {
        super("cannot %s the job: %s: status=%s".formatted(verb, why, status.word()));
        this.status = status;
    }

    public JobStatus status() {
        return status;
    }
}
