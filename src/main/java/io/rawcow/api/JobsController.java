package io.rawcow.api;

import io.rawcow.catalog.EnsuredJob;
import io.rawcow.catalog.JobRequest;
import io.rawcow.catalog.JobView;
import io.rawcow.catalog.Jobs;
import io.rawcow.catalog.Page;
import io.rawcow.stream.ErrorPolicy;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/jobs}. */
@RestController
@RequestMapping(path = "/v1/jobs", produces = MediaType.APPLICATION_JSON_VALUE)
final class JobsController {
    private static final int MAX_NAME = 4095;

    private final Jobs jobs;
    private final JobWaits waits;

    JobsController(Jobs jobs, JobWaits waits) {
        this.jobs = jobs;
        this.waits = waits;
    }

    @GetMapping
    Page<JobView> list(
            @RequestParam(name = "limit", required = false) @Nullable String limit,
            @RequestParam(name = "cursor", required = false) @Nullable String cursor) {
        return jobs.list(QueryValues.limit(limit), QueryValues.cursor(cursor));
    }

    /** The job, or the promise of one. */
    @GetMapping("/{job}")
    Object get(
            @PathVariable("job") String id,
            @RequestParam(name = "wait", required = false) @Nullable String wait,
            HttpServletRequest request)
            throws InterruptedException {
        Duration patience = QueryValues.wait(wait);
        JobView now = jobs.get(id, Duration.ZERO);
        return patience.isPositive() ? waits.await(id, patience, Places.callerOf(request)) : now;
    }

    @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<JobView> post(JsonBody body) {
        JsonBody known =
                body.allowing("id", "type", "image", "speed", "onError", "autoFinalize", "autoDismiss", "keepSidecar");
        EnsuredJob ensured = jobs.post(known.text("id", MAX_NAME), requestOf(known));
        return answer(ensured).location(locationOf(ensured)).body(ensured.job());
    }

    @PutMapping(path = "/{job}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<JobView> put(@PathVariable("job") String id, JsonBody body) {
        JsonBody known =
                body.allowing("type", "image", "speed", "onError", "autoFinalize", "autoDismiss", "keepSidecar");
        EnsuredJob ensured = jobs.put(id, requestOf(known));
        return answer(ensured).location(locationOf(ensured)).body(ensured.job());
    }

    private static ResponseEntity.BodyBuilder answer(EnsuredJob ensured) {
        return ResponseEntity.status(ensured.started() ? HttpStatus.ACCEPTED : HttpStatus.OK);
    }

    private static URI locationOf(EnsuredJob ensured) {
        return URI.create("/v1/jobs/" + ensured.job().id());
    }

    private static JobRequest requestOf(JsonBody body) {
        String type = JsonBody.require("type", body.word("type", List.of(JobRequest.STREAM)));
        String image = JsonBody.require("image", body.text("image", MAX_NAME));
        Long speed = body.integer("speed", 0, Long.MAX_VALUE);
        ErrorPolicy onError = body.word("onError", ErrorPolicy.class);
        Boolean autoFinalize = body.flag("autoFinalize");
        return new JobRequest(
                type,
                image,
                speed == null ? 0 : speed,
                onError == null ? ErrorPolicy.ENOSPC : onError,
                autoFinalize == null || autoFinalize,
                Boolean.TRUE.equals(body.flag("autoDismiss")),
                Boolean.TRUE.equals(body.flag("keepSidecar")));
    }

    @PatchMapping(path = "/{job}", consumes = MediaType.APPLICATION_JSON_VALUE)
    JobView setSpeed(@PathVariable("job") String id, JsonBody body) {
        Long speed = body.allowing("speed").integer("speed", 0, Long.MAX_VALUE);
        return jobs.setSpeed(id, JsonBody.require("speed", speed));
    }

    @PostMapping("/{job}/pause")
    JobView pause(@PathVariable("job") String id) {
        return jobs.pause(id);
    }

    @PostMapping("/{job}/resume")
    JobView resume(@PathVariable("job") String id) {
        return jobs.resume(id);
    }

    @PostMapping("/{job}/cancel")
    JobView cancel(@PathVariable("job") String id) {
        return jobs.cancel(id);
    }

    @PostMapping("/{job}/finalize")
    JobView finalizeJob(@PathVariable("job") String id) {
        return jobs.finalizeJob(id);
    }

    @PostMapping("/{job}/dismiss")
    ResponseEntity<Void> dismiss(@PathVariable("job") String id) {
        jobs.dismiss(id);
        return ResponseEntity.noContent().build();
    }
}
