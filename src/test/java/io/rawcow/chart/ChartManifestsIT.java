package io.rawcow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Everything that the chart renders, with every set of values and both Helms, and the manifests for kubectl. */
@Timeout(300)
class ChartManifestsIT {
    private static final Set<String> KINDS = Set.of(
            "ConfigMap",
            "DaemonSet",
            "Deployment",
            "NetworkPolicy",
            "PersistentVolumeClaim",
            "Pod",
            "PrometheusRule",
            "Service",
            "ServiceAccount",
            "ServiceMonitor",
            "StatefulSet");

    @TempDir
    static Path folder;

    private static final Map<Path, List<Map<String, Object>>> RENDERED = new TreeMap<>();

    @BeforeAll
    static void render() throws IOException, InterruptedException {
        Chart.renderAll(folder);
        try (Stream<Path> rendered = Files.walk(folder);
                Stream<Path> committed = Files.list(Path.of("helm/manifests"))) {
            for (Path file : Stream.concat(rendered, committed)
                    .filter(path -> path.toString().endsWith(".yaml"))
                    .toList()) {
                RENDERED.put(file, Chart.read(file));
            }
        }
    }

    @Test
    void kubernetesKnowsEveryFieldOfEveryManifest() {
        assertThat(RENDERED).hasSizeGreaterThan(50);
        RENDERED.forEach((file, objects) -> {
            assertThat(objects).as("%s", file).isNotEmpty();
            for (Map<String, Object> object : objects) {
                assertThat(KubernetesModels.problems(object))
                        .as("%s: %s", file, object.get("kind"))
                        .isEmpty();
            }
        });
    }

    @Test
    void anUnknownFieldOrAWrongTypeIsFoundWhereverItStands() {
        Map<String, String> planted = Map.of(
                "serviceAccountName: ", "serviceAccountname: ",
                "mountPath: /data", "mountpath: /data",
                "restartPolicy: OnFailure", "restartpolicy: OnFailure",
                "periodSeconds: 2", "periodSeconds: two",
                "defaultMode: 288", "defaultMode: all",
                "medium: Memory", "medium: Memory\n        bogus: 1",
                "clusterIP: None", "clusterIP: None\n  bogus: 1",
                "podSelector:", "podSelectors:",
                "automountServiceAccountToken: false\n---", "automountToken: false\n---",
                "data:\n  rawcow.yaml", "datum:\n  rawcow.yaml");
        Path sidecar = RENDERED.keySet().stream()
                .filter(file -> file.endsWith("manifests/sidecar.yaml"))
                .findFirst()
                .orElseThrow();
        planted.forEach((good, bad) ->
                assertThat(problemsWith(sidecar, good, bad)).as(bad).isNotEmpty());
        assertThat(problemsWith(Path.of("helm/manifests/monitoring.yaml"), "interval: ", "intervall: "))
                .isNotEmpty();
    }

    private static List<String> problemsWith(Path file, String good, String bad) {
        try {
            String text = Files.readString(file);
            assertThat(text).contains(good);
            List<String> problems = new ArrayList<>();
            Chart.documents(text.replace(good, bad))
                    .forEach(object -> problems.addAll(KubernetesModels.problems(object)));
            return problems;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void nothingIsMadeThatGivesRights() {
        RENDERED.forEach((file, objects) -> assertThat(objects)
                .as("%s", file)
                .allSatisfy(object -> assertThat(KINDS).contains(String.valueOf(object.get("kind")))));
        eachPod((file, pod) ->
                assertThat(pod.getAutomountServiceAccountToken()).as("%s", file).isNotEqualTo(true));
    }

    @Test
    void everyContainerIsConfined() {
        eachPod((file, pod) -> {
            assertThat(pod.getSecurityContext().getRunAsNonRoot())
                    .as("%s", file)
                    .isTrue();
            for (Container container : ours(pod)) {
                var security = container.getSecurityContext();
                assertThat(security.getRunAsNonRoot()).as("%s", file).isTrue();
                assertThat(security.getReadOnlyRootFilesystem()).as("%s", file).isTrue();
                assertThat(security.getAllowPrivilegeEscalation())
                        .as("%s", file)
                        .isFalse();
                assertThat(security.getCapabilities().getDrop()).as("%s", file).containsExactly("ALL");
                assertThat(security.getCapabilities().getAdd()).as("%s", file).isEmpty();
                assertThat(security.getSeccompProfile().getType())
                        .as("%s", file)
                        .isEqualTo("RuntimeDefault");
                assertThat(container.getResources().getRequests())
                        .as("%s", file)
                        .isNotEmpty();
            }
        });
    }

    @Test
    void noBackingHasAPartInLiveness() {
        eachPod((file, pod) -> rawcow(pod).forEach(container -> {
            assertThat(container.getLivenessProbe().getHttpGet().getPath())
                    .as("%s", file)
                    .isEqualTo("/actuator/health/liveness");
            assertThat(container.getReadinessProbe().getHttpGet().getPath())
                    .as("%s", file)
                    .isEqualTo("/actuator/health/readiness");
        }));
    }

    @Test
    void aSidecarStartsFirstAndHoldsItsGuestBack() {
        var seen = new ArrayList<Path>();
        eachPod((file, pod) -> {
            if (pod.getInitContainers().isEmpty()) {
                return;
            }
            seen.add(file);
            Container sidecar = pod.getInitContainers().getFirst();
            assertThat(sidecar.getName()).isEqualTo("rawcow");
            assertThat(sidecar.getRestartPolicy()).as("%s", file).isEqualTo("Always");
            assertThat(sidecar.getStartupProbe().getHttpGet().getPath()).isEqualTo("/actuator/health/readiness");
            assertThat(mounts(sidecar)).as("%s", file).contains("/data", "/run/rawcow", "/live");
            assertThat(mounts(pod.getContainers().getFirst()))
                    .as("%s: the guest's", file)
                    .contains("/run/rawcow")
                    .doesNotContain("/data", "/golden", "/live", "/etc/rawcow");
        });
        assertThat(seen).anyMatch(file -> file.endsWith("parent.yaml")).hasSizeGreaterThan(8);
    }

    @Test
    void everyMountHasItsVolumeAndEveryStopItsTime() {
        eachPod((file, pod) -> {
            Set<String> volumes = pod.getVolumes().stream().map(Volume::getName).collect(Collectors.toSet());
            // Made of the claims of a StatefulSet.
            volumes.add("rawcow-data");
            for (Container container : containers(pod)) {
                assertThat(container.getVolumeMounts())
                        .as("%s: %s", file, container.getName())
                        .allMatch(mount -> volumes.contains(mount.getName()));
                assertThat(new HashSet<>(mounts(container))).hasSameSizeAs(mounts(container));
            }
            if (!rawcow(pod).isEmpty()) {
                // It takes 25 s at most.
                assertThat(pod.getTerminationGracePeriodSeconds())
                        .as("%s", file)
                        .isGreaterThanOrEqualTo(30);
            }
        });
    }

    private interface PodCheck {
        void check(Path file, PodSpec pod);
    }

    @SuppressWarnings("unchecked")
    private static void eachPod(PodCheck check) {
        RENDERED.forEach((file, objects) -> objects.stream()
                .map(object -> {
                    var spec = (Map<String, Object>) object.get("spec");
                    if (spec != null && spec.get("template") instanceof Map<?, ?> template) {
                        spec = (Map<String, Object>) template.get("spec");
                    }
                    return spec != null && spec.containsKey("containers") ? spec : null;
                })
                .filter(Objects::nonNull)
                .forEach(spec -> check.check(file, KubernetesModels.as(PodSpec.class, spec))));
    }

    private static List<Container> containers(PodSpec pod) {
        return Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream())
                .toList();
    }

    /** All but the guest of somebody else's chart. */
    private static List<Container> ours(PodSpec pod) {
        return containers(pod).stream()
                .filter(container -> !container.getImage().startsWith("my-"))
                .toList();
    }

    private static List<Container> rawcow(PodSpec pod) {
        return containers(pod).stream()
                .filter(container -> container.getName().equals("rawcow"))
                .toList();
    }

    private static List<String> mounts(Container container) {
        return container.getVolumeMounts().stream()
                .map(VolumeMount::getMountPath)
                .toList();
    }
}
