package io.rawcow.api;

import io.rawcow.catalog.Ensured;
import io.rawcow.catalog.ImageRequest;
import io.rawcow.catalog.ImageView;
import io.rawcow.catalog.Images;
import io.rawcow.catalog.Page;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/images}. */
@RestController
@RequestMapping(path = "/v1/images", produces = MediaType.APPLICATION_JSON_VALUE)
final class ImagesController {
    private static final int MAX_PATH = 4095;
    private static final long MAX_SIZE = Long.MAX_VALUE - (2L << 20) + 1;
    private static final int MAX_SECTOR_SIZE = 2 << 20;
    private static final List<String> FORMATS = List.of("raw", "qcow2");

    private final Images images;

    ImagesController(Images images) {
        this.images = images;
    }

    @GetMapping
    Page<ImageView> list(
            @RequestParam(name = "limit", required = false) @Nullable String limit,
            @RequestParam(name = "cursor", required = false) @Nullable String cursor) {
        return images.list(QueryValues.limit(limit), QueryValues.cursor(cursor));
    }

    @GetMapping("/{image}")
    ImageView get(@PathVariable("image") String name) {
        return images.get(name);
    }

    @PutMapping(path = "/{image}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<ImageView> put(@PathVariable("image") String name, JsonBody body) {
        Ensured ensured = images.put(name, requestOf(body));
        return ensured.created()
                ? ResponseEntity.created(URI.create("/v1/images/" + name)).body(ensured.image())
                : ResponseEntity.ok(ensured.image());
    }

    @PostMapping("/{image}/check")
    CheckView check(@PathVariable("image") String name) {
        return CheckView.of(name, images.check(name));
    }

    private static ImageRequest requestOf(JsonBody body) {
        JsonBody known = body.allowing(
                "sidecar",
                "backingFile",
                "backingFormat",
                "rawFile",
                "size",
                "sectorSize",
                "reuseRawFile",
                "acceptBackingChange",
                "acceptLostWrites",
                "newUuid");
        Long sectorSize = known.integer("sectorSize", 1, MAX_SECTOR_SIZE);
        return new ImageRequest(
                known.text("sidecar", MAX_PATH),
                known.text("backingFile", MAX_PATH),
                known.word("backingFormat", FORMATS),
                known.text("rawFile", MAX_PATH),
                known.integer("size", 1, MAX_SIZE),
                sectorSize == null ? null : Integer.valueOf(sectorSize.intValue()),
                known.flag("reuseRawFile"),
                known.flag("acceptBackingChange"),
                known.flag("acceptLostWrites"),
                known.flag("newUuid"));
    }

    @DeleteMapping("/{image}")
    ResponseEntity<Void> delete(
            @PathVariable("image") String name,
            @RequestParam(name = "files", required = false) @Nullable String files) {
        images.delete(name, QueryValues.isSecond("files", files, "keep", "delete"));
        return ResponseEntity.noContent().build();
    }
}
