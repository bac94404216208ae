package io.rawcow.web;

import io.rawcow.catalog.ProblemCode;
import io.rawcow.catalog.ProblemException;
import java.time.Duration;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code /} and {@code /assets}. The page is asked for anew every time and names the version of its files, which
 * browsers keep for good. The policy lets it run its own scripts, speak to its own origin, and nothing else.
 */
@RestController
final class PageController {
    static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
            + " require-trusted-types-for 'script'; trusted-types 'none'";

    private static final CacheControl ASK_FIRST = CacheControl.noCache();
    private static final CacheControl FOR_GOOD =
            CacheControl.maxAge(Duration.ofDays(365)).cachePrivate().immutable();

    private final PageFiles files;

    PageController(PageFiles files) {
        this.files = files;
    }

    @GetMapping("/")
    ResponseEntity<byte[]> page() {
        return answer(files.page(), ASK_FIRST);
    }

    @GetMapping("/assets/{version}/{*name}")
    ResponseEntity<byte[]> file(@PathVariable("version") String version, @PathVariable("name") String name) {
        PageFile file = version.equals(files.version()) ? files.find(name.substring(1)) : null;
        if (file == null) {
            throw new ProblemException(ProblemCode.NOT_FOUND, "the page has no such file: path=" + name)
                    .withAction("load the page at / anew; it names its files");
        }
        return answer(file, FOR_GOOD);
    }

    private ResponseEntity<byte[]> answer(PageFile file, CacheControl cache) {
        return ResponseEntity.ok()
                .contentType(file.type())
                .cacheControl(cache)
                .eTag(files.version())
                .header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .header("Cross-Origin-Opener-Policy", "same-origin")
                .header("Cross-Origin-Resource-Policy", "same-origin")
                .body(file.bytes());
    }
}
