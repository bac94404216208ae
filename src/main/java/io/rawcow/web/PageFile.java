package io.rawcow.web;

import java.nio.charset.StandardCharsets;
import org.springframework.http.MediaType;

/** A file of the page. */
final class PageFile {
    private final byte[] bytes;
    private final MediaType type;

    private PageFile(byte[] bytes, MediaType type) {
        this.bytes = bytes;
        this.type = type;
    }

    static PageFile of(String name, byte[] bytes) {
        return new PageFile(bytes, typeOf(name.substring(name.lastIndexOf('.') + 1)));
    }

    /** Not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** Its media type, by the end of its name. */
    MediaType type() {
        return type;
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
