package io.rawcow.catalog;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An export as the catalog keeps it across restarts, defaults filled in. */
record ExportRecord(
        String name, String image, boolean readOnly, String description, int maxConnections, Instant createdAt) {

    static ExportRecord of(String name, String image, ExportRequest request, Instant now) {
        String description = request.description();
        Integer connections = request.maxConnections();
        return new ExportRecord(
                name,
                image,
                Boolean.TRUE.equals(request.readOnly()),
                description == null ? "" : description,
                connections == null ? ExportRequest.USUAL_CONNECTIONS : connections,
                now);
    }

    /** The fields that a request states and that are otherwise. */
    List<Difference> differences(ExportRequest wanted) {
        var found = new ArrayList<Difference>();
        compare(found, "image", wanted.image(), image);
        compare(found, "readOnly", wanted.readOnly(), readOnly);
        compare(found, "description", wanted.description(), description);
        compare(found, "maxConnections", wanted.maxConnections(), maxConnections);
        return found;
    }

    private static void compare(List<Difference> found, String field, @Nullable Object wanted, Object is) {
        if (wanted != null && !Objects.equals(wanted, is)) {
            found.add(new Difference(field, wanted, is));
        }
    }
}
