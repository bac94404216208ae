package io.rawcow.api;

import io.rawcow.catalog.JobView;
import io.rawcow.catalog.Jobs;
import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.time.Duration;
import org.springframework.web.context.request.async.DeferredResult;

/**
 * Requests that wait for a job. Each has a virtual thread of its own while it waits, which takes no thread from the
 * server; their number is bounded.
 */
final class JobWaits {
    private final Jobs jobs;
    private final Closing closing;
    private final Places places;

    JobWaits(Jobs jobs, Closing closing, ApiSettings settings) {
        this.jobs = jobs;
        this.closing = closing;
        this.places = new Places(settings.waits());
    }

    /**
     * Answers later. Whoever is told before the thread is done, because the client is gone, ends its waiting.
     *
     * @param caller who has the place
     * @throws ProblemException BUSY if too many wait already, of that caller or in all
     */
    DeferredResult<JobView> await(String id, Duration patience, String caller) {
        if (!places.take(caller)) {
            throw new ProblemException(ProblemCode.BUSY, "too many requests wait for jobs, of this caller or in all")
                    .withAction("repeat the request after the time of the Retry-After header, or without wait");
        }
        // The server's own limit is only a net: the thread answers in time.
        var result = new DeferredResult<JobView>(patience.plusSeconds(30).toMillis());
        Thread waiting = Thread.ofVirtual().name("wait-" + id).unstarted(() -> {
            try (var _ = closing.interruptible(Thread.currentThread())) {
                result.setResult(jobs.get(id, patience));
            } catch (InterruptedException e) {
                result.setErrorResult(Closing.problem());
            } catch (Exception e) {
                result.setErrorResult(e);
            } finally {
                places.giveBack(caller);
            }
        });
        result.onCompletion(waiting::interrupt);
        waiting.start();
        return result;
    }
}
