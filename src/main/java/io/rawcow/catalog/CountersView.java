package io.rawcow.catalog;

import io.rawcow.block.RequestCounts;
import io.rawcow.image.ImageActivity;
import io.rawcow.image.ImageActivity.Copy;
import io.rawcow.image.ImageActivity.Skip;
import io.rawcow.image.ImageActivity.Source;
import io.rawcow.nbd.NbdCommand;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * What an image has done since it was opened, as the REST interface shows it; {@code openapi.yaml} has the meanings.
 */
public record CountersView(
        String image,
        Instant time,
        Instant since,
        Guest guest,
        Requests backing,
        Served served,
        Copied copied,
        Skipped skipped,
        List<Double> latencyBounds) {

    private static final List<Double> BOUNDS_SECONDS = Arrays.stream(RequestCounts.boundsNanos())
            .mapToObj(nanos -> nanos / 1e9)
            .toList();

    /** What NBD clients have asked for, over all exports of the image that there are. */
    public record Guest(Requests read, Requests write, Requests flush, Requests zero) {}

    public record Requests(long requests, long bytes, long errors, List<Long> latency) {
        static Requests of(RequestCounts.Snapshot counts) {
            return new Requests(
                    counts.requests(),
                    counts.bytes(),
                    counts.errors(),
                    Arrays.stream(counts.latency()).boxed().toList());
        }
    }

    /** Bytes of reads, by who answered. */
    public record Served(long raw, long backing, long zero) {}

    /** Bytes brought up from the backing. */
    public record Copied(long background, long guestCopyup, long prefetch) {}

    /** Bytes that need not be. */
    public record Skipped(long zero, long guestOverwrite, long discard) {}

    static CountersView of(String image, Instant now, ImageActivity activity, List<ExportTraffic> traffic) {
        return new CountersView(
                image,
                now,
                activity.since(),
                new Guest(
                        sum(traffic, NbdCommand.READ),
                        sum(traffic, NbdCommand.WRITE),
                        sum(traffic, NbdCommand.FLUSH),
                        sum(traffic, NbdCommand.WRITE_ZEROES, NbdCommand.TRIM)),
                Requests.of(activity.backingReads()),
                new Served(activity.served(Source.RAW), activity.served(Source.BACKING), activity.served(Source.ZERO)),
                new Copied(
                        activity.copied(Copy.BACKGROUND),
                        activity.copied(Copy.GUEST_COPYUP),
                        activity.copied(Copy.PREFETCH)),
                new Skipped(
                        activity.skipped(Skip.ZERO),
                        activity.skipped(Skip.GUEST_OVERWRITE),
                        activity.skipped(Skip.DISCARD)),
                BOUNDS_SECONDS);
    }

    private static Requests sum(List<ExportTraffic> traffic, NbdCommand... commands) {
        return Requests.of(traffic.stream()
                .flatMap(export -> Arrays.stream(commands).map(export::requests))
                .reduce(RequestCounts.Snapshot.NONE, RequestCounts.Snapshot::plus));
    }
}
