package io.rawcow.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFileTest {
    private static final String ONE = TestTokens.token("one");
    private static final String TWO = TestTokens.token("two");

    @TempDir
    Path folder;

    private Path file(String... tokens) {
        return TestTokens.write(folder.resolve("tokens"), tokens);
    }

    private static boolean has(TokenFile tokens, String token) {
        return tokens.has(TokenFile.hash(token.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void everyLineIsAToken() throws Exception {
        TokenFile tokens = TokenFile.open(file("# the old one", ONE, "", "  " + TWO + "\r"));

        assertThat(has(tokens, ONE)).isTrue();
        assertThat(has(tokens, TWO)).isTrue();
        assertThat(has(tokens, TestTokens.token("three"))).isFalse();
        assertThat(has(tokens, "# the old one")).isFalse();
        assertThat(has(tokens, "")).isFalse();
    }

    @Test
    void reasonIsInWordsWhereTheSystemHasNone() {
        assertThat(TokenFile.reasonOf(new AccessDeniedException("x"))).isEqualTo("the service's user may not read it");
        assertThat(TokenFile.reasonOf(new NoSuchFileException("x"))).isEqualTo("there is no such file");
        assertThat(TokenFile.reasonOf(new FileSystemException("x", null, "Input/output error")))
                .isEqualTo("Input/output error");
    }

    @Test
    void changeIsInForceAtOnce() throws Exception {
        TokenFile tokens = TokenFile.open(file(ONE));

        file(ONE, TWO);
        assertThat(has(tokens, TWO)).isTrue();
        file(TWO);
        assertThat(has(tokens, ONE)).isFalse();
    }

    @Test
    void changeThatKeepsSizeAndTimeIsSeenToo() throws Exception {
        Path file = file(ONE);
        FileTime time = Files.getLastModifiedTime(file);
        TokenFile tokens = TokenFile.open(file);

        Files.writeString(file, TWO + "\n");
        Files.setLastModifiedTime(file, time);

        assertThat(has(tokens, TWO)).isTrue();
        assertThat(has(tokens, ONE)).isFalse();
    }

    @Test
    void linkThatLeadsElsewhereIsSeen() throws Exception {
        Path old = Files.move(file(ONE), folder.resolve("old"));
        Path fresh = Files.move(file(TWO), folder.resolve("fresh"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), old);
        TokenFile tokens = TokenFile.open(link);

        Path next = Files.createSymbolicLink(folder.resolve("next"), fresh);
        Files.move(next, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);

        assertThat(has(tokens, TWO)).isTrue();
        assertThat(has(tokens, ONE)).isFalse();
    }

    @Test
    void tokensOfAFileThatIsGoneAreVoidUntilItIsBack() throws Exception {
        TokenFile tokens = TokenFile.open(file(ONE));

        Files.delete(folder.resolve("tokens"));
        assertThat(has(tokens, ONE)).isFalse();
        file(ONE);
        assertThat(has(tokens, ONE)).isTrue();
    }

    @Test
    void tokensOfAFileThatOthersCanReadAreVoid() throws Exception {
        Path file = file(ONE);
        TokenFile tokens = TokenFile.open(file);

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(has(tokens, ONE)).isFalse();
    }

    @Test
    void emptyFileIsWaitedForSinceSomebodyIsWritingIt() throws Exception {
        Path file = file(ONE);
        TokenFile tokens = TokenFile.open(file);
        Files.writeString(file, "");

        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                Files.writeString(file, TWO);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        boolean found = has(tokens, TWO);
        writer.join();

        assertThat(found).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw-rw----", "rw-----w-", "rw------x"})
    void fileThatOthersCanReadOrChangeIsRefused(String permissions) throws Exception {
        Path file = file(ONE);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

        assertThatThrownBy(() -> TokenFile.open(file))
                .isInstanceOf(TokenFileException.class)
                .hasMessageContaining("chmod 600")
                .hasMessageContaining(file.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"r--------", "rw-------", "rw-r-----", "r--r-----"})
    void fileOfTheServiceOrItsGroupIsRead(String permissions) throws Exception {
        Path file = file(ONE);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

        assertThat(has(TokenFile.open(file), ONE)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"short-secret", "with a blank with a blank with a blank", "umläut-secret-umläut-secret-umläut"})
    void lineThatIsNoTokenIsRefusedWithoutShowingIt(String line) {
        Path file = file(ONE, line);

        assertThatThrownBy(() -> TokenFile.open(file))
                .isInstanceOf(TokenFileException.class)
                .hasMessageContaining("line=2")
                .hasMessageNotContaining("secret")
                .hasMessageNotContaining("blank with")
                .hasMessageNotContaining(ONE);
    }

    @Test
    void fileWithoutATokenIsRefused() {
        assertThatThrownBy(() -> TokenFile.open(file("", "# nothing"))).hasMessageContaining("there is none");
        assertThatThrownBy(() -> TokenFile.open(folder.resolve("none"))).hasMessageContaining("no such file");
        assertThatThrownBy(() -> TokenFile.open(file("#".repeat(70_000)))).hasMessageContaining("65536 bytes");
    }
}
