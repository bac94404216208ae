package io.rawcow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    @Test
    void theServicesFileStatesNothingThatTheImagesEnvironmentOverrides() throws IOException {
        Map<String, String> image = ImageRecipe.environment();
        assertThat(image).containsKey("RAWCOW_NBD_WORKERS");
        eachConfiguration((file, settings) -> {
            List<String> variables = settings.keySet().stream()
                    .map(name -> name.toUpperCase(Locale.ROOT).replace("-", "").replace('.', '_'))
                    .toList();
            assertThat(variables).as("%s", file).contains("RAWCOW_NBD_CONNECTIONS");
            assertThat(variables).as("%s", file).doesNotContainAnyElementsOf(image.keySet());
        });
        eachPod((file, pod) -> rawcow(pod)
                .forEach(container -> assertThat(container.getEnv())
                        .as("%s", file)
                        .anyMatch(variable -> variable.getName().equals("RAWCOW_NBD_WORKERS")
                                && variable.getValue().equals(saysEverything(file) ? "32" : "8"))));
    }

    @Test
    void memoryIsSharedOutByTheServiceUnlessItIsStated() {
        eachConfiguration((file, settings) -> {
            List<String> memory = List.of("rawcow.nbd.buffers", "rawcow.streams.buffers", "rawcow.live.budget");
            if (saysEverything(file)) {
                assertThat(settings).containsKeys(memory.toArray(String[]::new));
            } else {
                assertThat(settings).as("%s", file).doesNotContainKeys(memory.toArray(String[]::new));
            }
        });
    }

    @Test
    void anotherHeapIsTheImagesEntryPointWithAnotherLimit() throws IOException {
        List<String> expected = new ArrayList<>(ImageRecipe.entryPoint());
        expected.add(expected.indexOf("@/opt/rawcow/jvm.options") + 1, "-Xmx128m");
        eachPod((file, pod) -> rawcow(pod)
                .forEach(container -> assertThat(container.getCommand())
                        .as("%s", file)
                        .isEqualTo(saysEverything(file) ? expected : List.of())));
    }

    /** Variables for Services: of one that is named rawcow they would be read as settings. */
    @Test
    void everyPodWithTheServiceIsReplacedWithItsConfigurationAndKnowsNothingOfTheCluster() {
        RENDERED.forEach((file, objects) -> pods(objects).forEach(template -> {
            PodTemplateSpec pod = KubernetesModels.as(PodTemplateSpec.class, template);
            if (rawcow(pod.getSpec()).isEmpty()) {
                return;
            }
            assertThat(pod.getMetadata().getAnnotations()).as("%s", file).containsKey("rawcow.io/config");
            assertThat(pod.getSpec().getServiceAccountName()).as("%s", file).isNotEmpty();
            assertThat(pod.getSpec().getAutomountServiceAccountToken())
                    .as("%s", file)
                    .isFalse();
            assertThat(pod.getSpec().getEnableServiceLinks()).as("%s", file).isFalse();
        }));
    }

    @Test
    void secretsAreReadByThePodsGroupAndNobodyElse() {
        var seen = new ArrayList<Path>();
        eachPod((file, pod) -> {
            for (Volume volume : pod.getVolumes()) {
                assertThat(volume.getSecret()).as("%s", file).isNull();
                if (volume.getProjected() != null) {
                    seen.add(file);
                    assertThat(volume.getProjected().getDefaultMode())
                            .as("%s", file)
                            .isEqualTo(0440);
                }
            }
            if (!rawcow(pod).isEmpty()) {
                assertThat(pod.getSecurityContext().getFsGroup()).as("%s", file).isNotNull();
            }
        });
        assertThat(seen).hasSizeGreaterThan(20);
    }

    /** By name the ports of an init container, which a sidecar is, are found from Kubernetes 1.33 on only. */
    @Test
    void servicesLeadToPortsByNumberAndToPodsThatAreNotReady() {
        each("Service", Service.class, (file, service) -> {
            assertThat(service.getSpec().getPublishNotReadyAddresses())
                    .as("%s", file)
                    .isTrue();
            assertThat(service.getSpec().getPorts())
                    .as("%s", file)
                    .isNotEmpty()
                    .allMatch(port -> port.getPort().equals(port.getTargetPort().getIntVal()));
        });
    }

    @Test
    void whoeverMonitorsIsLetInUnlessItIsSaidWhoThatIs() {
        var open = new ArrayList<Path>();
        each("NetworkPolicy", NetworkPolicy.class, (file, policy) -> {
            boolean monitored =
                    RENDERED.get(file).stream().anyMatch(object -> "ServiceMonitor".equals(object.get("kind")));
            boolean said = saysEverything(file) || file.toString().contains("statefulset");
            boolean everybody = policy.getSpec().getIngress().getFirst().getFrom().stream()
                    .anyMatch(peer -> peer.getNamespaceSelector() != null
                            && peer.getPodSelector() == null
                            && peer.getNamespaceSelector().getMatchLabels().isEmpty());
            assertThat(everybody).as("%s", file).isEqualTo(monitored && !said);
            if (everybody) {
                open.add(file);
            }
        });
        assertThat(open).hasSizeGreaterThan(8);
    }

    /** Of the set of values that leaves no default. */
    private static boolean saysEverything(Path file) {
        return file.getFileName().toString().startsWith("everything");
    }

    private interface Check<T> {
        void check(Path file, T object);
    }

    private static <T extends KubernetesResource> void each(String kind, Class<T> model, Check<T> check) {
        RENDERED.forEach((file, objects) -> objects.stream()
                .filter(object -> kind.equals(object.get("kind")))
                .forEach(object -> check.check(file, KubernetesModels.as(model, object))));
    }

    /** What the service reads: settings by their whole names. */
    private static void eachConfiguration(Check<Map<String, Object>> check) {
        each("ConfigMap", ConfigMap.class, (file, map) -> {
            String text = map.getData().get("rawcow.yaml");
            if (text != null) {
                Map<String, Object> settings = new TreeMap<>();
                flatten("", Chart.documents(text).getFirst(), settings);
                check.check(file, settings);
            }
        });
    }

    private static void flatten(String path, Object value, Map<String, Object> settings) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, part) -> flatten(path + "." + name, part, settings));
        } else {
            settings.put(path.substring(1), value);
        }
    }

    private static void eachPod(Check<PodSpec> check) {
        RENDERED.forEach((file, objects) -> pods(objects)
                .forEach(pod -> check.check(
                        file, KubernetesModels.as(PodTemplateSpec.class, pod).getSpec())));
    }

    /** Metadata and specification of each pod, or of what makes some. */
    private static List<Map<String, Object>> pods(List<Map<String, Object>> objects) {
        return objects.stream()
                .map(object -> {
                    Map<String, Object> template = part(part(object, "spec"), "template");
                    return template.isEmpty() ? object : template;
                })
                .filter(pod -> part(pod, "spec").containsKey("containers"))
                .map(pod -> Map.<String, Object>of("metadata", part(pod, "metadata"), "spec", part(pod, "spec")))
                .toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> part(Map<String, Object> object, String name) {
        return (Map<String, Object>) object.getOrDefault(name, Map.of());
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
