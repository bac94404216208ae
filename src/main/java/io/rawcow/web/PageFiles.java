package io.rawcow.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page, read once. What is not listed here is not served. All of them together have a version, the
 * hash of their bytes, and the page asks for them under it: a browser never mixes files of two versions.
 */
final class PageFiles {
    /** Stands for the version in the page itself. */
    private static final String VERSION = "{{version}}";

    private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";

    /** Under {@code web/} of the class path, and by these names in the browser too. */
    static final List<String> OWN = List.of(
            "app.css",
            "views.css",
            "icon.svg",
            "js/actions.js",
            "js/api.js",
            "js/app.js",
            "js/cells.js",
            "js/charts.js",
            "js/counters.js",
            "js/create.js",
            "js/dialog.js",
            "js/dom.js",
            "js/events.js",
            "js/exports.js",
            "js/format.js",
            "js/forms.js",
            "js/image.js",
            "js/job.js",
            "js/list.js",
            "js/log.js",
            "js/map.js",
            "js/poll.js",
            "js/store.js",
            "js/table.js",
            "js/token.js");

    private static final Map<String, String> LIBRARY =
            Map.of("lib/uPlot.esm.js", UPLOT + "uPlot.esm.js", "lib/uPlot.min.css", UPLOT + "uPlot.min.css");

    private final Map<String, PageFile> files;
    private final String version;
    private final PageFile page;

    private PageFiles(Map<String, PageFile> files, byte[] page) {
        this.files = files;
        this.version = versionOf(files, page);
        this.page = PageFile.of(
                "index.html", new String(page, UTF_8).replace(VERSION, version).getBytes(UTF_8));
    }

    static PageFiles load() {
        var files = new LinkedHashMap<String, PageFile>();
        OWN.forEach(name -> files.put(name, PageFile.of(name, resource("web/" + name))));
        LIBRARY.forEach((name, path) -> files.put(name, PageFile.of(name, resource(path))));
        return new PageFiles(files, resource("web/index.html"));
    }

    private static byte[] resource(String path) {
        try (InputStream file = PageFiles.class.getClassLoader().getResourceAsStream(path)) {
            if (file == null) {
                throw new IllegalStateException("a file of the page is not on the class path: path=" + path);
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a file of the page: path=" + path, e);
        }
    }

    private static String versionOf(Map<String, PageFile> files, byte[] page) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update(page);
            new TreeMap<>(files).forEach((name, file) -> {
                hash.update(name.getBytes(UTF_8));
                hash.update(file.bytes());
            });
            return HexFormat.of().formatHex(hash.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Sixteen hex digits. */
    String version() {
        return version;
    }

    /** The page itself. */
    PageFile page() {
        return page;
    }

    /** A file that the page asks for; null if there is none of this name. */
    @Nullable
    PageFile find(String name) {
        return files.get(name);
    }
}
