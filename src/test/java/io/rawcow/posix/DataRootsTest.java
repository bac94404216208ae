package io.rawcow.posix;

import static io.rawcow.posix.PosixFolderTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Three roots: data, writable; data/golden, nested in it and read-only; backings, beside it and read-only. */
class DataRootsTest {
    @TempDir
    Path temp;

    private String base;
    private PosixFolder data;
    private PosixFolder golden;
    private PosixFolder backings;
    private DataRoots roots;

    @BeforeEach
    void open() throws Exception {
        base = temp.toRealPath().toString();
        Files.createDirectories(temp.resolve("data/sub"));
        Files.createDirectories(temp.resolve("data/.rawcow"));
        Files.createDirectories(temp.resolve("data/golden/.rawcow"));
        Files.createDirectories(temp.resolve("backings"));
        for (String file : List.of("data/a", "data/sub/b", "data/.rawcow/c", "data/golden/g", "backings/k")) {
            Files.writeString(temp.resolve(file), file);
        }
        Files.writeString(temp.resolve("data/golden/.rawcow/h"), "");
        Files.writeString(temp.resolve("outside"), "");
        data = PosixFolder.open(base + "/data");
        golden = PosixFolder.open(base + "/data/golden");
        backings = PosixFolder.open(base + "/backings");
        roots = new DataRoots(List.of(
                new DataRoots.Root(data, true, ".rawcow"),
                new DataRoots.Root(backings, false, ""),
                new DataRoots.Root(golden, false, ".rawcow")));
    }

    @AfterEach
    void close() {
        data.close();
        golden.close();
        backings.close();
    }

    @ParameterizedTest
    @CsvSource({
        "a, data/a",
        "./a, data/a",
        ".//sub///b, data/sub/b",
        "sub/b, data/sub/b",
        "sub/../a, data/a",
        "sub/./b, data/sub/b",
        "../data/a, data/a",
        "../backings/k, backings/k",
        "golden/g, data/golden/g",
        "./../data/./golden/g, data/golden/g",
        "@/data/a, data/a",
        "@/data//sub/b, data/sub/b",
        "@/data/./sub/b, data/sub/b",
        "@/backings/k, backings/k",
        "@/data/../backings/k, backings/k",
        "@/backings/../data/golden/g, data/golden/g",
        "@/data/./golden/g, data/golden/g",
    })
    void namesLeadToFilesOfAllRoots(String name, String expected) throws Exception {
        try (OpenFile file = roots.locate(name.replace("@", base)).open(Access.READ)) {
            assertThat(Bytes.text(file, 0, 100)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "..",
                "../outside",
                "sub/../../outside",
                "../../../../../../etc/passwd",
                "/etc/passwd",
                "/",
                "@/outside",
                "@/data",
                "@/data/",
                "@/data/../outside",
                "@/data/sub/../../outside",
                "@/database/x",
                "@/data/golden",
                "sub/../golden/g",
                ".rawcow/c",
                "sub/../.rawcow/c",
                "golden/.rawcow/h",
                "@/data/.rawcow/c"
            })
    void namesThatLeadElsewhereAreRefused(String name) {
        assertRefused(Errno.EXDEV, () -> roots.locate(name.replace("@", base)).open(Access.READ));
    }

    @Test
    void whatIsNoFileNameIsRefused() {
        assertRefused(Errno.ENOENT, () -> roots.locate(""));
        assertRefused(Errno.EINVAL, () -> roots.locate("a\0b"));
        assertRefused(Errno.ENOTDIR, () -> roots.locate("a/").open(Access.READ));
        assertRefused(Errno.EINVAL, () -> roots.locate(".").open(Access.READ));
        assertRefused(Errno.EINVAL, () -> roots.locate("sub/..").open(Access.READ));
        assertThatIllegalArgumentException().isThrownBy(() -> new DataRoots(List.of()));
    }

    @Test
    void relativeNamesResolveAgainstTheGivenFolder() throws Exception {
        try (OpenFile file = roots.locate(base + "/data/sub", "../a").open(Access.READ);
                OpenFile other =
                        roots.locate(base + "/data/sub", "../../backings/k").open(Access.READ)) {
            assertThat(Bytes.text(file, 0, 100)).isEqualTo("data/a");
            assertThat(Bytes.text(other, 0, 100)).isEqualTo("backings/k");
        }
    }

    @Test
    void readOnlyRootsAreNotWritten() throws Exception {
        roots.locate("a").open(Access.READ_WRITE).close();

        assertRefused(Errno.EROFS, () -> roots.locate("golden/g").open(Access.READ_WRITE));
        assertRefused(Errno.EROFS, () -> roots.locate("../backings/k").open(Access.READ_WRITE_NO_FOLLOW));
    }

    @Test
    void aNestedRootIsNotEnteredThroughTheOuterOne() throws Exception {
        Files.createSymbolicLink(temp.resolve("data/link"), Path.of("golden/g"));
        Files.createSymbolicLink(temp.resolve("data/door"), Path.of("golden"));

        assertRefused(Errno.EXDEV, () -> roots.locate("link").open(Access.READ_WRITE));
        assertRefused(Errno.EXDEV, () -> roots.locate("sub/../golden/g").open(Access.READ_WRITE));
        assertRefused(Errno.EXDEV, () -> roots.locate("door/new").openParent());
        assertRefused(Errno.EXDEV, () -> roots.locate("sub/../golden/new").openParent());
    }

    @Test
    void theReservedFolderIsNotEnteredThroughALink() throws Exception {
        Files.createSymbolicLink(temp.resolve("data/link"), Path.of(".rawcow/c"));
        Files.createSymbolicLink(temp.resolve("data/door"), Path.of(".rawcow"));
        Files.writeString(temp.resolve("data/.rawcow-not"), "free");

        assertRefused(Errno.EXDEV, () -> roots.locate("link").open(Access.READ));
        assertRefused(Errno.EXDEV, () -> roots.locate("door/c").openParent());
        assertRefused(Errno.EXDEV, () -> roots.locate(".rawcow/new").openParent());
        assertRefused(Errno.EXDEV, () -> roots.locate(".rawcow").openParent());
        assertRefused(Errno.EXDEV, () -> roots.locate("sub/../.rawcow").openParent());
        roots.locate(".rawcow-not").open(Access.READ).close();
    }

    @Test
    void theParentIsWhereTheFileWouldBe() throws Exception {
        Place place = roots.locate("sub/new.raw");
        try (Folder parent = place.openParent();
                Folder top = roots.locate("new.raw").openParent()) {
            assertThat(parent.path()).isEqualTo(base + "/data/sub");
            assertThat(top.path()).isEqualTo(base + "/data");
            assertThat(place.name()).isEqualTo("new.raw");
            assertThat(place.path()).isEqualTo(base + "/data/sub/new.raw");
        }
        for (String noName : List.of("sub/", "sub/.", "sub/..", ".")) {
            assertRefused(Errno.EISDIR, () -> roots.locate(noName).openParent());
        }
        assertRefused(Errno.ENOENT, () -> roots.locate("missing/new.raw").openParent());
    }

    @Test
    void theRootOfAllIsARootToo() throws Exception {
        try (PosixFolder everything = PosixFolder.open("/")) {
            DataRoots all = new DataRoots(List.of(new DataRoots.Root(everything, true, "reserved")));

            try (OpenFile file = all.locate(base + "/data/sub", "../a").open(Access.READ);
                    Folder parent = all.locate("/new").openParent()) {
                assertThat(file.path()).isEqualTo(base + "/data/a");
                assertThat(parent.path()).isEqualTo("/");
            }
            assertThat(all.locate("/../etc/x").path()).isEqualTo("/etc/x");
            assertRefused(Errno.EXDEV, () -> all.locate("/reserved").openParent());
            assertRefused(Errno.EXDEV, () -> all.locate("/"));
        }
    }

    @Test
    void aRootIsKnownByItsAliasToo() throws Exception {
        Files.createSymbolicLink(temp.resolve("alias"), temp.resolve("data"));
        Files.createSymbolicLink(temp.resolve("data/link"), temp.resolve("backings"));
        DataRoots aliased = new DataRoots(List.of(
                new DataRoots.Root(data, true, ".rawcow", base + "/alias"),
                new DataRoots.Root(backings, false, "", base + "/data/link")));

        assertThat(aliased.locate(base + "/alias/a").path()).isEqualTo(base + "/data/a");
        assertThat(aliased.locate(base + "/data/a").path()).isEqualTo(base + "/data/a");
        assertThat(aliased.locate(base + "/alias/../backings/k").path()).isEqualTo(base + "/backings/k");
        // An alias inside of another root leads to its own root.
        assertThat(aliased.locate("link/k").path()).isEqualTo(base + "/backings/k");
        assertThat(aliased.locate(base + "/alias/link/k").path()).isEqualTo(base + "/data/link/k");
        assertRefused(Errno.EXDEV, () -> aliased.locate(base + "/aliased/a"));
        assertRefused(Errno.EXDEV, () -> aliased.locate(base + "/alias"));
        assertRefused(Errno.EXDEV, () -> aliased.locate(base + "/alias/.rawcow/c"));
    }

    @Test
    void theReservedFolderIsRefusedWhetherSomethingIsThereOrNot() {
        for (String path : List.of(".rawcow", ".rawcow/c", "./.rawcow/nothing", base + "/data/.rawcow/nothing")) {
            assertRefused(Errno.EXDEV, () -> roots.locate(path));
        }
    }

    @Test
    void aPlaceAloneKnowsItsOwnRoot() throws Exception {
        Place place = new Place(roots.primary(), "golden/g");

        place.open(Access.READ_WRITE).close();
        assertThat(roots.primary().folder()).isSameAs(data);
        assertThat(roots.all()).hasSize(3);
    }
}
