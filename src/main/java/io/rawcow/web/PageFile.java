package io.rawcow.web;

import java.nio.charset.StandardCharsets;
import org.springframework.http.MediaType;

/**
 * A file of the page.
 *
 * @param type its media type, by the end of its name
 */
record PageFile(byte[] bytes, MediaType type) {

    static PageFile of(String name, byte[] bytes) {
        return new PageFile(bytes, typeOf(name.substring(name.lastIndexOf('.') + 1)));
    }

    private static MediaType typeOf(String end) {
        return switch (end) {
            case "html" -> new MediaType("text", "html", StandardCharsets.UTF_8);
            case "css" -> new MediaType("text", "css", StandardCharsets.UTF_8);
            case "js" -> new MediaType("text", "javascript", StandardCharsets.UTF_8);
            case "svg" -> new MediaType("image", "svg+xml");
            default -> throw new IllegalArgumentException("no media type for a file of the page: end=" + end);
        };
    }
}
