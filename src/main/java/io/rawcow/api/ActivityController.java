package io.rawcow.api;

import io.rawcow.catalog.Activity;
import io.rawcow.catalog.BlockMapView;
import io.rawcow.catalog.CountersView;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/images/{image}/blockmap} and {@code …/counters}. */
@RestController
@RequestMapping(path = "/v1/images/{image}", produces = MediaType.APPLICATION_JSON_VALUE)
final class ActivityController {
    private static final int MAX_CELLS = 8192;
    private static final int DEFAULT_CELLS = 1024;

    private final Activity activity;

    ActivityController(Activity activity) {
        this.activity = activity;
    }

    @GetMapping("/blockmap")
    BlockMapView blockMap(
            @PathVariable("image") String name,
            @RequestParam(name = "cells", required = false) @Nullable String cells) {
        Long stated = QueryValues.integer("cells", cells, 1, MAX_CELLS);
        return activity.blockMap(name, stated == null ? DEFAULT_CELLS : stated.intValue());
    }

    @GetMapping("/counters")
    CountersView counters(@PathVariable("image") String name) {
        return activity.counters(name);
    }
}
