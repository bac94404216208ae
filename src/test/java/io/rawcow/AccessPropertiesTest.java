package io.rawcow;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.AccessProperties.Subject;
import io.rawcow.AccessProperties.Token;
import io.rawcow.security.AccessSettings;
import io.rawcow.security.Hosts;
import io.rawcow.security.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.io.ByteArrayResource;

class AccessPropertiesTest {
    private static final Pattern YAML = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL);

    private static RawCowProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("rawcow", RawCowProperties.class);
    }

    @Test
    void defaultsAreThoseOfTheDocs() {
        RawCowProperties properties = bind(Map.of());

        assertThat(properties.access())
                .isEqualTo(
                        new AccessProperties(Map.of(), Map.of(), List.of(), 1000, Duration.ofMinutes(5), false, null));
        assertThat(properties.tls()).isEqualTo(new RestTls(null, null, null));
    }

    @Test
    void everyPropertyIsRead() {
        RawCowProperties properties = bind(Map.ofEntries(
                Map.entry("rawcow.access.tokens.ci.file", "f"),
                Map.entry("rawcow.access.tokens.ci.role", "operator"),
                Map.entry("rawcow.access.subjects.admin.subject", "CN=admin"),
                Map.entry("rawcow.access.subjects.admin.role", "viewer"),
                Map.entry("rawcow.access.hosts", "Disks.Example,other"),
                Map.entry("rawcow.access.rate", "7"),
                Map.entry("rawcow.access.stream-life", "90s"),
                Map.entry("rawcow.access.tls-terminated-in-front", "true"),
                Map.entry("rawcow.access.allow-unauthenticated-network", AccessProperties.UNAUTHENTICATED),
                Map.entry("rawcow.tls.certificate", "c"),
                Map.entry("rawcow.tls.key", "k"),
                Map.entry("rawcow.tls.client-ca", "a")));

        assertThat(properties.access())
                .isEqualTo(new AccessProperties(
                        Map.of("ci", new Token("f", Role.OPERATOR)),
                        Map.of("admin", new Subject("CN=admin", Role.VIEWER)),
                        List.of("Disks.Example", "other"),
                        7,
                        Duration.ofSeconds(90),
                        true,
                        AccessProperties.UNAUTHENTICATED));
        assertThat(properties.tls()).isEqualTo(new RestTls("c", "k", "a"));
        AccessSettings settings = properties.access().settings(new HostPort("127.0.0.1", 0), Set.of());
        assertThat(settings.tokens()).containsExactly(new AccessSettings.Token("ci", Role.OPERATOR, Path.of("f")));
        assertThat(settings.subjects())
                .containsExactly(new AccessSettings.Subject("admin", Role.VIEWER, new X500Principal("cn=ADMIN")));
        assertThat(settings.rate()).isEqualTo(7);
        assertThat(settings.hosts())
                .isEqualTo(new Hosts(
                        Hosts.Addresses.LOOPBACK, Set.of("localhost", "127.0.0.1", "disks.example", "other")));
    }

    @Test
    void hostsAreCheckedWhereverTheyGiveSomethingAway() {
        Duration life = Duration.ofSeconds(1);
        Set<String> none = Set.of();
        var nobody =
                new AccessProperties(Map.of(), Map.of(), List.of(), 1, life, false, AccessProperties.UNAUTHENTICATED);
        Map<String, Token> tokens = Map.of("ci", new Token("f", Role.VIEWER));
        var asking = new AccessProperties(tokens, Map.of(), List.of(), 1, life, true, null);
        var named = new AccessProperties(tokens, Map.of(), List.of("disks.example"), 1, life, true, null);
        Map<String, Subject> subjects = Map.of("admin", new Subject("CN=admin", Role.VIEWER));
        var certified = new AccessProperties(tokens, subjects, List.of(), 1, life, true, null);
        var network = new HostPort("0.0.0.0", 8080);

        assertThat(nobody.settings(network, none).hosts())
                .isEqualTo(new Hosts(Hosts.Addresses.ALL, Set.of("localhost", "0.0.0.0")));
        assertThat(asking.settings(network, none).hosts()).isEqualTo(Hosts.EVERY);
        assertThat(asking.settings(new HostPort("localhost", 0), none).hosts().addresses())
                .isEqualTo(Hosts.Addresses.LOOPBACK);
        assertThat(named.settings(network, none).hosts())
                .isEqualTo(new Hosts(Hosts.Addresses.ALL, Set.of("localhost", "0.0.0.0", "disks.example")));
        assertThat(certified.settings(network, Set.of("disks.example")).hosts())
                .isEqualTo(new Hosts(Hosts.Addresses.ALL, Set.of("localhost", "0.0.0.0", "disks.example")));
    }

    @Test
    void everyExampleOfTheDocsIsAConfiguration() throws Exception {
        String docs = Files.readString(Path.of("docs/security.md"));
        List<String> examples =
                YAML.matcher(docs).results().map(match -> match.group(1)).toList();

        assertThat(examples).hasSizeGreaterThanOrEqualTo(4);
        for (String example : examples) {
            RawCowProperties properties = strictly(example);
            AccessProperties access = properties.access();
            assertThat(access.asks())
                    .as(example)
                    .isEqualTo(access.allowUnauthenticatedNetwork() == null)
                    .isEqualTo(access.settings(new HostPort("127.0.0.1", 0), Set.of())
                            .asks());
        }
    }

    private static RawCowProperties strictly(String yaml) throws IOException {
        var sources = new YamlPropertySourceLoader()
                .load("example", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)));
        Iterable<ConfigurationPropertySource> named = ConfigurationPropertySources.from(sources.getFirst());
        return new Binder(named)
                .bind(
                        "rawcow",
                        Bindable.of(RawCowProperties.class),
                        new NoUnboundElementsBindHandler(BindHandler.DEFAULT, source -> true))
                .get();
    }
}
