package io.rawcow.api;

import io.rawcow.catalog.Page;
import io.rawcow.catalog.WebhookStatus;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /v1/webhooks}. */
@RestController
@RequestMapping(path = "/v1/webhooks", produces = MediaType.APPLICATION_JSON_VALUE)
final class WebhooksController {
    private final Supplier<List<WebhookStatus>> webhooks;

    WebhooksController(Supplier<List<WebhookStatus>> webhooks) {
        this.webhooks = webhooks;
    }

    @GetMapping
    Page<WebhookStatus> list(
            @RequestParam(name = "limit", required = false) @Nullable String limit,
            @RequestParam(name = "cursor", required = false) @Nullable String cursor) {
        return Page.of(
                webhooks.get().stream().sorted(Comparator.comparing(WebhookStatus::name)),
                WebhookStatus::name,
                Function.identity(),
                QueryValues.limit(limit),
                QueryValues.cursor(cursor));
    }
}
