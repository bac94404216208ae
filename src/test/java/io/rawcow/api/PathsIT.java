package io.rawcow.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.TestService;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which paths a request, or a sidecar's header, may lead to. */
class PathsIT {
    private static final int BACKING_NAME = 8;
    private static final int RAW_NAME = 1032;
    private static final int NAME_BYTES = 1024;

    @TempDir
    static Path folder;

    private static Path data;
    private static Path golden;
    private static TestService service;
    private static ApiClient api;

    @BeforeAll
    static void start() throws Exception {
        data = Files.createDirectory(folder.resolve("data"));
        golden = Files.createDirectory(folder.resolve("golden"));
        Files.createDirectory(data.resolve("sub"));
        TestFiles.random(data.resolve("golden.img"), 1 << 20);
        TestFiles.random(golden.resolve("ubuntu.img"), 1 << 20);
        TestFiles.random(folder.resolve("secret.img"), 1 << 20);
        Files.createSymbolicLink(folder.resolve("alias"), data);
        Files.createSymbolicLink(folder.resolve("golden-alias"), golden);
        Files.createSymbolicLink(data.resolve("out.img"), folder.resolve("secret.img"));
        Files.createSymbolicLink(data.resolve("out"), folder);
        Files.createSymbolicLink(data.resolve("back-in"), Path.of("sub"));
        service = TestService.start(folder.resolve("alias"), "rawcow.data-ro[0]=" + folder.resolve("golden-alias"));
        api = new ApiClient(service.base());
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static String image(String sidecar, String raw, String backing) {
        return "{\"sidecar\": \"%s\", \"rawFile\": \"%s\", \"backingFile\": \"%s\"}".formatted(sidecar, raw, backing);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.img",
                "/etc/hostname",
                "sub/../../secret.img",
                "out/secret.img",
                ".rawcow/lock",
                "./.rawcow/images/x.json",
                "sub/../.rawcow/lock",
                "sub/../.rawcow/nothing",
                ".rawcow",
                "back-in/../../secret.img",
                "/proc/self/root/etc/hostname"
            })
    void pathThatLeavesTheRootsIsRefused(String path) {
        api.put("/v1/images/thief", "{\"rawFile\": \"" + path + "\"}").problem(403, "path_outside_roots");
        api.put("/v1/images/thief", "{\"sidecar\": \"" + path + "\"}").problem(403, "path_outside_roots");
        api.put("/v1/images/thief", image("thief.raw-cow", "thief.img", path)).problem(403, "path_outside_roots");
        api.put("/v1/images/thief", image("thief.raw-cow", path, "golden.img")).problem(403, "path_outside_roots");
        api.put("/v1/images/thief", image(path, "thief.img", "golden.img")).problem(403, "path_outside_roots");
        api.get("/v1/images/thief").problem(404, "image_not_found");
        assertThat(data.resolve("thief.raw-cow")).doesNotExist();
        assertThat(data.resolve("thief.img")).doesNotExist();
    }

    @Test
    void fileThatIsALinkOutOfTheRootsIsRefused() {
        api.put("/v1/images/thief", "{\"rawFile\": \"out.img\"}").problem(403, "path_outside_roots");
        api.put("/v1/images/thief", "{\"sidecar\": \"out.img\"}").problem(403, "path_outside_roots");
        api.put("/v1/images/thief", image("thief.raw-cow", "thief.img", "out.img"))
                .problem(403, "path_outside_roots");
        api.put("/v1/images/thief", image("thief.raw-cow", "out.img", "golden.img"))
                .problem(409, "raw_file_exists");
        api.put(
                        "/v1/images/thief",
                        image("thief.raw-cow", "out.img", "golden.img").replace("}", ", \"reuseRawFile\": true}"))
                .expect(403);
    }

    @Test
    void rootForBackingsTakesNothingElse() {
        String inside = golden.resolve("new").toString();

        api.put("/v1/images/ro", image("ro.raw-cow", inside + ".img", "golden.img"))
                .problem(403, "path_outside_roots");
        api.put("/v1/images/ro", image(inside + ".raw-cow", "ro.img", "golden.img"))
                .problem(403, "path_outside_roots");
        api.put(
                        "/v1/images/ro",
                        image(
                                "ro.raw-cow",
                                "ro.img",
                                golden.resolve("ubuntu.img").toString()))
                .expect(201);
        assertThat(golden.resolve("new.img")).doesNotExist();
    }

    @Test
    void pathsThroughTheNameThatTheRootWasGivenWorkToo() {
        Path alias = folder.resolve("alias");
        Answer created = api.put(
                        "/v1/images/aliased",
                        image(
                                alias.resolve("aliased.raw-cow").toString(),
                                data.resolve("aliased.img").toString(),
                                folder.resolve("golden-alias/ubuntu.img").toString()))
                .expect(201);

        assertThat(created.get("sidecar"))
                .isEqualTo(data.resolve("aliased.raw-cow").toString());
        assertThat(created.get("backingFile"))
                .isEqualTo(golden.resolve("ubuntu.img").toString());
        api.put("/v1/images/aliased", "{\"sidecar\": \"aliased.raw-cow\"}").expect(200);
    }

    @Test
    void linkInsideTheRootsIsFollowed() {
        api.put("/v1/images/linked", image("back-in/linked.raw-cow", "back-in/linked.img", "golden.img"))
                .expect(201);

        assertThat(data.resolve("sub/linked.img")).exists();
    }

    @Test
    void nameInAHeaderIsConfinedLikeOneInARequest() throws Exception {
        for (String name : new String[] {"../secret.img", "/etc/hostname", "out.img", ".rawcow/lock"}) {
            headerSays(BACKING_NAME, name);
            api.put("/v1/images/forged", "{\"sidecar\": \"forged.raw-cow\"}").problem(403, "path_outside_roots");
            headerSays(RAW_NAME, name);
            api.put("/v1/images/forged", "{\"sidecar\": \"forged.raw-cow\"}").problem(403, "path_outside_roots");
        }
    }

    /** Makes an image, closes it and writes another name into its header. */
    private static void headerSays(int offset, String name) throws Exception {
        Files.deleteIfExists(data.resolve("forged.raw-cow"));
        Files.deleteIfExists(data.resolve("forged.img"));
        api.put("/v1/images/forged", ApiClient.request("forged")).expect(201);
        api.delete("/v1/images/forged").expect(204);
        byte[] field = new byte[NAME_BYTES];
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, field, 0, bytes.length);
        try (var file = new RandomAccessFile(data.resolve("forged.raw-cow").toFile(), "rw")) {
            file.seek(offset);
            file.write(field);
        }
    }

    @Test
    void filesThatMustExistAreNotFound() {
        api.put("/v1/images/none", "{\"sidecar\": \"none.raw-cow\"}").problem(404, "file_not_found");
        api.put("/v1/images/none", "{\"rawFile\": \"none.img\"}").problem(404, "file_not_found");
        api.put("/v1/images/none", image("none.raw-cow", "none.img", "nothing.img"))
                .problem(404, "file_not_found");
        api.put("/v1/images/none", image("no/none.raw-cow", "none.img", "golden.img"))
                .problem(404, "file_not_found");
        api.put("/v1/images/none", image("none.raw-cow", "no/none.img", "golden.img"))
                .problem(404, "file_not_found");
        assertThat(data.resolve("none.raw-cow")).doesNotExist();
        assertThat(data.resolve("none.img")).doesNotExist();
    }

    @Test
    void foldersAreNoImages() {
        api.put("/v1/images/folder", "{\"rawFile\": \"sub\"}").problem(422, "file_type_unsupported");
        api.put("/v1/images/folder", "{\"sidecar\": \"sub\"}").problem(422, "file_type_unsupported");
        api.put("/v1/images/folder", image("folder.raw-cow", "folder.img", "sub"))
                .problem(422, "file_type_unsupported");
    }

    @Test
    void filesThatAreNotWhatTheyShouldBeAreRefused() throws Exception {
        api.put("/v1/images/bad", "{\"sidecar\": \"golden.img\"}").problem(422, "sidecar_invalid");
        byte[] qcow2 = new byte[1 << 16];
        System.arraycopy(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 0, qcow2, 0, 8);
        Files.write(data.resolve("golden.qcow2"), qcow2);
        api.put("/v1/images/bad", image("bad.raw-cow", "bad.img", "golden.qcow2"))
                .problem(422, "backing_format_unclear");
        api.put(
                        "/v1/images/bad",
                        image("bad.raw-cow", "bad.img", "golden.qcow2").replace("}", ", \"backingFormat\": \"qcow2\"}"))
                .problem(422, "backing_format_unsupported");
        api.put("/v1/images/same", image("same.raw-cow", "same.raw-cow", "golden.img"))
                .problem(400, "invalid_value");
        api.put("/v1/images/same", image("same.raw-cow", "golden.img", "golden.img"))
                .problem(409, "raw_file_exists");
    }

    @Test
    void pathsHave4095BytesAtMost() {
        api.put("/v1/images/long", "{\"rawFile\": \"" + "a/".repeat(1500) + "a\"}")
                .problem(404, "file_not_found");
        api.call("PUT", "/v1/images/long")
                .wrong()
                .body("{\"rawFile\": \"" + "a/".repeat(2048) + "\"}")
                .send()
                .problem(400, "invalid_value");
        api.put("/v1/images/long", "{\"rawFile\": \"" + "a".repeat(300) + "\"}").problem(400, "invalid_value");
    }

    @Test
    void allPathsThatLeadToAFileAreTheSame() {
        api.put("/v1/images/same-path", image("sub/path.raw-cow", "sub/path.img", "golden.img"))
                .expect(201);

        api.put(
                        "/v1/images/same-path",
                        image("back-in/path.raw-cow", "sub/../back-in/./path.img", "back-in/../golden.img"))
                .expect(200);
    }
}
