package io.rawcow.catalog;

import io.rawcow.nbd.server.ClientView;
import java.time.Instant;
import java.util.List;

/** An export as the REST interface shows it; {@code openapi.yaml} has the meanings. */
public record ExportView(
        String name,
        String image,
        boolean readOnly,
        String description,
        int maxConnections,
        ExportState state,
        List<String> uris,
        List<ClientView> clients,
        Instant createdAt) {}
