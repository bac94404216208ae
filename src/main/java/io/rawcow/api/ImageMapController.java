package io.rawcow.api;

import io.rawcow.catalog.Images;
import io.rawcow.catalog.MapPage;
import io.rawcow.catalog.Page;
import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/images/{image}/map}. */
@RestController
final class ImageMapController {
    private static final Pattern POSITION = Pattern.compile("at:([0-9]{1,18}|[0-8][0-9]{18})");
    private static final long MAX_SIZE = Long.MAX_VALUE - (2L << 20) + 1;

    private final Images images;

    ImageMapController(Images images) {
        this.images = images;
    }

    @GetMapping(path = "/v1/images/{image}/map", produces = MediaType.APPLICATION_JSON_VALUE)
    Page<ExtentView> map(
            @PathVariable("image") String name,
            @RequestParam(name = "start", required = false) @Nullable String start,
            @RequestParam(name = "length", required = false) @Nullable String length,
            @RequestParam(name = "limit", required = false) @Nullable String limit,
            @RequestParam(name = "cursor", required = false) @Nullable String cursor) {
        Long stated = QueryValues.integer("start", start, 0, MAX_SIZE - 1);
        long from = stated == null ? 0 : stated;
        Long size = QueryValues.integer("length", length, 1, MAX_SIZE);
        long end = size == null || size > Long.MAX_VALUE - from ? Long.MAX_VALUE : from + size;
        String position = QueryValues.cursor(cursor);
        long at = position == null ? from : decode(position, from, end);
        MapPage page =
                images.map(name, at, end == Long.MAX_VALUE ? null : Long.valueOf(end - at), QueryValues.limit(limit));
        boolean backingIsRaw = !"qcow2".equals(images.get(name).backingFormat());
        return new Page<>(
                page.items().stream()
                        .map(extent -> ExtentView.of(extent, backingIsRaw))
                        .toList(),
                page.next() == null ? null : encode(page.next()));
    }

    private static String encode(long position) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(("at:" + position).getBytes(StandardCharsets.US_ASCII));
    }

    private static long decode(String cursor, long from, long end) {
        try {
            Matcher position =
                    POSITION.matcher(new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.US_ASCII));
            if (position.matches()) {
                long at = Long.parseLong(position.group(1));
                if (at > from && at < end) {
                    return at;
                }
            }
        } catch (IllegalArgumentException e) {
            // Not base64: as foreign as any other.
        }
        throw ProblemException.ofField(
                ProblemCode.INVALID_VALUE,
                "the cursor is not one that this list gave out",
                "cursor",
                cursor,
                "pass next of the page before, with the same start and length");
    }
}
