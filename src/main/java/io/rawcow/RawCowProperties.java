package io.rawcow;

import io.rawcow.block.BlockException;
import io.rawcow.catalog.CatalogSettings;
import io.rawcow.catalog.DeclaredImage;
import io.rawcow.catalog.ExportRequest;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.catalog.JobRequest;
import io.rawcow.image.LiveFolder;
import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.StreamSettings;
import io.rawcow.webhook.WebhookSettings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The configuration of the service.
 *
 * @param data folders that images may be in; the first is the primary root, with the catalog in its {@code .rawcow}
 * @param dataRo folders that only backings may be in
 * @param listen where the REST interface listens: loopback, or where callers are asked who they are
 * @param management where health and metrics listen; with the REST interface if not stated
 * @param access who may call the REST interface
 * @param tls of the REST interface
 * @param live memory that outlives the service
 * @param nbd where images are offered
 * @param streams how streams work
 * @param limits how much there may be
 * @param webhooks who is told of what happens, by name
 * @param images images that are to be there at every start, by name
 */
@ConfigurationProperties(prefix = "rawcow", ignoreUnknownFields = false)
record RawCowProperties(
        @DefaultValue List<String> data,
        @DefaultValue List<String> dataRo,
        @DefaultValue("127.0.0.1:8080") String listen,
        @Nullable String management,
        @DefaultValue AccessProperties access,
        @DefaultValue RestTls tls,
        @DefaultValue NbdProperties nbd,
        @DefaultValue Streams streams,
        @DefaultValue Limits limits,
        @DefaultValue Live live,
        @DefaultValue Map<String, WebhookProperties> webhooks,
        @DefaultValue Map<String, Declared> images) {

    /**
     * How streams work.
     *
     * @param running that run at once; others wait
     * @param workers threads of one stream
     * @param window the most that one step of a stream reads
     * @param buffers memory that all streams share; null for 64 MiB, or 1/32 of what there is
     * @param kept concluded jobs that are remembered
     */
    record Streams(
            @DefaultValue("8") int running,
            @DefaultValue("4") int workers,
            @DefaultValue("2MB") DataSize window,
            @Nullable DataSize buffers,
            @DefaultValue("1000") int kept) {

        private static final long BUFFERS = 64 << 20;

        Streams {
            requireWithin("rawcow.streams.running", running, 1, 1000);
            requireWithin("rawcow.streams.workers", workers, 1, 64);
            requireWithin("rawcow.streams.window", window.toBytes(), 64 << 10, 64 << 20);
            requireWithin("rawcow.streams.buffers", bufferBytes(buffers, window), window.toBytes(), 1L << 40);
            requireWithin("rawcow.streams.kept", kept, 0, 1_000_000);
        }

        private static long bufferBytes(@Nullable DataSize stated, DataSize window) {
            return stated != null ? stated.toBytes() : Math.max(window.toBytes(), MachineMemory.share(BUFFERS, 32));
        }

        long bufferBytes() {
            return bufferBytes(buffers, window);
        }

        StreamSettings settings() {
            StreamSettings usual = StreamSettings.DEFAULT;
            return new StreamSettings(
                    workers, Math.toIntExact(window.toBytes()), usual.saveBytes(), usual.saveInterval());
        }
    }

    /**
     * How much there may be at one time: each image holds files open.
     *
     * @param images open or not
     * @param exports offered or not
     */
    record Limits(
            @DefaultValue("1000") int images,
            @DefaultValue("1000") int exports) {
        Limits {
            requireWithin("rawcow.limits.images", images, 1, 100_000);
            requireWithin("rawcow.limits.exports", exports, 1, 100_000);
        }
    }

    CatalogSettings catalogSettings() {
        return new CatalogSettings(
                streams.settings(),
                streams.running(),
                streams.kept(),
                streams.bufferBytes(),
                limits.images(),
                limits.exports());
    }

    /**
     * The live files, which keep answered writes over the death of the service.
     *
     * @param folder on tmpfs; null for the usual one
     * @param budget memory that they may take; 0 for none, null for 1 GiB, or a quarter of what there is
     */
    record Live(@Nullable String folder, @Nullable DataSize budget) {
        Live {
            if (budget != null) {
                requireWithin("rawcow.live.budget", budget.toBytes(), 0, 1L << 40);
            }
        }

        long budgetBytes() {
            return budget != null ? budget.toBytes() : MachineMemory.share(LiveFolder.DEFAULT_BUDGET, 4);
        }

        /** @throws StartException if the folder cannot be used */
        LiveFolder open() {
            try {
                LiveFolder opened = LiveFolder.at(folder == null ? LiveFolder.usualPath() : folder, budgetBytes());
                opened.requireUsable();
                return opened;
            } catch (BlockException e) {
                throw new StartException("cannot start: " + e.getMessage(), e);
            }
        }
    }

    /** An image as its PUT would state it. */
    record Declared(
            @Nullable String sidecar,
            @Nullable String backingFile,
            @Nullable String backingFormat,
            @Nullable String rawFile,
            @Nullable DataSize size,
            @Nullable DataSize sectorSize,
            @Nullable Offer export,
            @Nullable Stream stream) {

        DeclaredImage named(String name) {
            var request = new ImageRequest(
                    sidecar,
                    backingFile,
                    backingFormat,
                    rawFile,
                    size == null ? null : Long.valueOf(size.toBytes()),
                    sectorSize == null ? null : Integer.valueOf(Math.toIntExact(sectorSize.toBytes())),
                    null,
                    null,
                    null,
                    null);
            return new DeclaredImage(
                    name, request, export == null ? null : export.of(name), stream == null ? null : stream.of(name));
        }
    }

    /** How a declared image is offered, under its own name. */
    record Offer(@DefaultValue("false") boolean readOnly) {
        ExportRequest of(String image) {
            return new ExportRequest(image, readOnly, null, null);
        }
    }

    /**
     * The stream of a declared image.
     *
     * @param speed bytes a second, 0 for no limit
     */
    record Stream(
            @DefaultValue("0") DataSize speed,
            @DefaultValue("enospc") ErrorPolicy onError) {

        Stream {
            requireWithin("rawcow.images.NAME.stream.speed", speed.toBytes(), 0, Long.MAX_VALUE);
        }

        JobRequest of(String image) {
            return new JobRequest(JobRequest.STREAM, image, speed.toBytes(), onError, true, false, false);
        }
    }

    List<DeclaredImage> declaredImages() {
        return images.entrySet().stream()
                .map(entry -> entry.getValue().named(entry.getKey()))
                .toList();
    }

    /** Queues have room for what a start tells of all images and exports, and as much again of what was before. */
    List<WebhookSettings> webhookSettings() {
        int least = 2 * (limits.images() + limits.exports());
        return webhooks.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> entry.getValue().named(entry.getKey(), least))
                .toList();
    }

    static void requireWithin(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException("%s is from %d to %d, not %d".formatted(name, min, max, value));
        }
    }
}
