package io.rawcow.api;

import io.rawcow.catalog.EnsuredExport;
import io.rawcow.catalog.ExportRequest;
import io.rawcow.catalog.ExportView;
import io.rawcow.catalog.Exports;
import io.rawcow.catalog.Page;
import io.rawcow.catalog.Removal;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/exports}. */
@RestController
@RequestMapping(path = "/v1/exports", produces = MediaType.APPLICATION_JSON_VALUE)
final class ExportsController {
    private static final int MAX_NAME = 4095;
    /** What the protocol lets a string have. */
    private static final int MAX_DESCRIPTION = 4096;

    private static final int MAX_CONNECTIONS = 10_000;

    private final Exports exports;

    ExportsController(Exports exports) {
        this.exports = exports;
    }

    @GetMapping
    Page<ExportView> list(
            @RequestParam(name = "limit", required = false) @Nullable String limit,
            @RequestParam(name = "cursor", required = false) @Nullable String cursor) {
        return exports.list(QueryValues.limit(limit), QueryValues.cursor(cursor));
    }

    @GetMapping("/{export}")
    ExportView get(@PathVariable("export") String name) {
        return exports.get(name);
    }

    @PutMapping(path = "/{export}", consumes = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<ExportView> put(@PathVariable("export") String name, JsonBody body) {
        EnsuredExport ensured = exports.put(name, requestOf(body));
        return ensured.created()
                ? ResponseEntity.created(URI.create("/v1/exports/" + name)).body(ensured.export())
                : ResponseEntity.ok(ensured.export());
    }

    private static ExportRequest requestOf(JsonBody body) {
        JsonBody known = body.allowing("image", "readOnly", "description", "maxConnections");
        Long connections = known.integer("maxConnections", 1, MAX_CONNECTIONS);
        return new ExportRequest(
                known.text("image", MAX_NAME),
                known.flag("readOnly"),
                known.text("description", 0, MAX_DESCRIPTION),
                connections == null ? null : Integer.valueOf(connections.intValue()));
    }

    @DeleteMapping("/{export}")
    ResponseEntity<Void> delete(
            @PathVariable("export") String name, @RequestParam(name = "mode", required = false) @Nullable String mode) {
        exports.delete(name, QueryValues.word("mode", mode, Removal.SAFE));
        return ResponseEntity.noContent().build();
    }
}
