package io.rawcow.metrics;

import static io.prometheus.metrics.model.registry.MetricType.COUNTER;
import static io.prometheus.metrics.model.registry.MetricType.GAUGE;
import static io.prometheus.metrics.model.registry.MetricType.HISTOGRAM;
import static io.prometheus.metrics.model.registry.MetricType.INFO;
import static io.prometheus.metrics.model.registry.MetricType.SUMMARY;

import io.prometheus.metrics.model.registry.MetricType;
import io.prometheus.metrics.model.snapshots.MetricFamilyDescriptor;
import java.util.List;

/** Every metric of our own. {@code docs/metrics.md} is the same list, which a test holds against a live scrape. */
public enum Metric {
    BUILD_INFO(INFO, "rawcow_build_info", "Which rawcow this is; always 1.", "version"),

    IMAGE_INFO(
            INFO,
            "rawcow_image_info",
            "What an image is made of; always 1. Backing none: it has none, or needs it no more.",
            "image",
            "backing_kind",
            "backing_format",
            "sector_size"),
    IMAGE_STATE(
            GAUGE, "rawcow_image_state", "1 for the state that an image is in, 0 for the others.", "image", "state"),
    IMAGE_SIZE(GAUGE, "rawcow_image_size_bytes", "Size of an image as its guest sees it.", "image"),
    IMAGE_ALLOCATED(
            GAUGE,
            "rawcow_image_allocated_bytes",
            "Bytes of an image that its raw file answers for, in whole sectors.",
            "image"),
    IMAGE_REMAINING(
            GAUGE,
            "rawcow_image_remaining_bytes",
            "Bytes of an image that its raw file does not answer for yet.",
            "image"),
    IMAGE_RATIO(
            GAUGE,
            "rawcow_image_allocated_ratio",
            "Share of an image that its raw file answers for; 1 only once the image is durably standalone.",
            "image"),

    ROOT_AVAILABLE(
            GAUGE,
            "rawcow_data_root_available_bytes",
            "Bytes that can still be written to the file system of a data root; absent while it does not answer.",
            "root"),
    ROOT_REMAINING(
            GAUGE,
            "rawcow_data_root_remaining_bytes",
            "Bytes that the raw files in a data root may still grow by until their images are standalone.",
            "root"),

    JOB_STATUS(
            GAUGE,
            "rawcow_job_status",
            "1 for the status that a job has, 0 for the others. Jobs that are not concluded, and each image's latest.",
            "id",
            "image",
            "status"),
    JOB_FAILED(GAUGE, "rawcow_job_failed", "1 if a job was ended or paused by an error, 0 if not.", "id", "image"),

    STREAM_COPIED(
            COUNTER,
            "rawcow_stream_copied_bytes_total",
            "Bytes brought up from the backing, by what for.",
            "image",
            "cause"),
    STREAM_SKIPPED(
            COUNTER,
            "rawcow_stream_skipped_bytes_total",
            "Bytes of sectors that need not be copied from the backing, by why not.",
            "image",
            "cause"),
    STREAM_ERRORS(
            COUNTER,
            "rawcow_stream_errors_total",
            "Errors that streams have met, by what failed.",
            "image",
            "side",
            "class"),
    STREAM_RATE(
            GAUGE,
            "rawcow_stream_rate_bytes_per_second",
            "Bytes that a stream has copied a second lately; 0 while it does not run.",
            "image"),
    STREAM_RATE_LIMIT(
            GAUGE, "rawcow_stream_rate_limit_bytes_per_second", "Speed limit of a stream; 0 for none.", "image"),
    STREAM_THROTTLED(
            COUNTER,
            "rawcow_stream_throttled_seconds_total",
            "Time in which streams waited for their speed limit.",
            "image"),
    STREAM_INFLIGHT(
            GAUGE, "rawcow_stream_inflight_requests", "Ranges that a stream is working on at this moment.", "image"),
    STREAM_ETA(
            GAUGE,
            "rawcow_stream_eta_seconds",
            "Time that a stream needs at the pace of late; absent while that cannot be told.",
            "image"),
    STREAM_LAST_PROGRESS(
            GAUGE,
            "rawcow_stream_last_progress_timestamp_seconds",
            "When a stream last got something done; absent before.",
            "image"),
    STREAM_STARTED(
            GAUGE, "rawcow_stream_started_timestamp_seconds", "When a stream first ran; absent before.", "image"),

    BACKING_DURATION(
            HISTOGRAM,
            "rawcow_backing_request_duration_seconds",
            "How long reads of a backing took, the failed ones too.",
            "image"),
    BACKING_READ(COUNTER, "rawcow_backing_read_bytes_total", "Bytes read from a backing.", "image"),
    BACKING_ERRORS(COUNTER, "rawcow_backing_errors_total", "Reads of a backing that failed.", "image"),
    BACKING_UP(
            GAUGE,
            "rawcow_backing_up",
            "1 if a backing answers, 0 if its last read failed or none has come back for more than 10 s.",
            "image"),

    NBD_CONNECTIONS(
            GAUGE, "rawcow_nbd_connections", "NBD clients of an export at this moment.", "export", "image", "tls"),
    NBD_INFLIGHT(
            GAUGE,
            "rawcow_nbd_inflight_requests",
            "Requests of NBD clients that are not answered yet at this moment.",
            "export",
            "image"),
    NBD_REQUESTS(
            COUNTER,
            "rawcow_nbd_requests_total",
            "Requests of NBD clients, by command and by how they were answered.",
            "export",
            "image",
            "cmd",
            "result"),
    NBD_DURATION(
            HISTOGRAM,
            "rawcow_nbd_request_duration_seconds",
            "From the arrival of an NBD request's header until its answer was ready.",
            "export",
            "image",
            "cmd"),
    NBD_BYTES(
            COUNTER,
            "rawcow_nbd_bytes_total",
            "Bytes that NBD clients have read and written.",
            "export",
            "image",
            "direction"),
    NBD_SERVED(
            COUNTER,
            "rawcow_nbd_reads_served_bytes_total",
            "Bytes of guests' reads, by who answered; zero: a hole, or beyond the end of the backing.",
            "image",
            "from"),
    NBD_PROTOCOL_ERRORS(
            COUNTER,
            "rawcow_nbd_protocol_errors_total",
            "NBD clients that were cut off or turned away, by why.",
            "kind"),

    BITMAP_COMMIT_DURATION(
            SUMMARY,
            "rawcow_bitmap_commit_duration_seconds",
            "How long it took to sync the raw file and save bits in the sidecar.",
            "image"),
    BITMAP_COMMITS(
            COUNTER,
            "rawcow_bitmap_commits_total",
            "Rounds that synced the raw file and saved bits in the sidecar.",
            "image",
            "result"),
    BITMAP_DIRTY(
            GAUGE,
            "rawcow_bitmap_dirty_seconds",
            "How long the oldest bit has waited to be saved; 0 if all are.",
            "image"),
    DETACH_DURATION(SUMMARY, "rawcow_detach_duration_seconds", "How long it took to let go of backing and sidecar."),

    WEBHOOK_DELIVERIES(
            COUNTER,
            "rawcow_webhook_deliveries_total",
            "Events that a webhook has delivered, attempts that failed, and events that its queue had no room for.",
            "webhook",
            "result"),
    WEBHOOK_QUEUED(GAUGE, "rawcow_webhook_queued_events", "Events that a webhook has still to deliver.", "webhook"),

    CERTIFICATE_EXPIRY(
            GAUGE,
            "rawcow_tls_certificate_expiry_timestamp_seconds",
            "When the first certificate of a listener's chain runs out; absent without TLS.",
            "listener"),

    LIVE_MEMORY_USED(GAUGE, "rawcow_live_memory_used_bytes", "Bytes of live files on tmpfs that open images hold."),
    LIVE_MEMORY_LIMIT(
            GAUGE, "rawcow_live_memory_limit_bytes", "Bytes of live files on tmpfs that open images may hold.");

    private final MetricType type;
    private final String exposed;
    private final String help;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> labels;

    Metric(MetricType type, String exposed, String help, String... labels) {
        this.type = type;
        this.exposed = exposed;
        this.help = help;
        this.labels = List.of(labels);
    }

    MetricType type() {
        return type;
    }

    /** The name in a scrape; histograms and summaries have it with endings. */
    String exposed() {
        return exposed;
    }

    String help() {
        return help;
    }

    List<String> labels() {
        return labels;
    }

    MetricFamilyDescriptor descriptor() {
        return MetricFamilyDescriptor.of(type, exposed)
                .help(help)
                .labelNames(labels)
                .build();
    }
}
