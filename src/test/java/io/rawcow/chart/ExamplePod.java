package io.rawcow.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.rawcow.guest.GuestVm;
import io.rawcow.testing.Tool;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The example pod, run the way a kubelet runs it: volumes, then the sidecar, then its startup probe for as long as it
 * takes, then the guest; and at the end the guest before the sidecar.
 */
final class ExamplePod implements AutoCloseable {
    private static final String JAVA = "/app/java";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final PodSpec spec;
    private final Map<String, Path> volumes;
    private final Sandbox sandbox;
    private Tool sidecar;
    private GuestVm guest;

    private ExamplePod(PodSpec spec, Map<String, Path> volumes, Sandbox sandbox) {
        this.spec = spec;
        this.volumes = volumes;
        this.sandbox = sandbox;
    }

    /**
     * A pod that is scheduled, and of which nothing runs.
     *
     * @param rendered the objects of the chart
     * @param claims a folder for each claim
     * @param guest files of the guest's image, by their paths there
     */
    static ExamplePod of(
            Path folder, List<Map<String, Object>> rendered, Map<String, Path> claims, Map<String, Path> guest)
            throws IOException {
        PodSpec spec = KubernetesModels.as(Pod.class, object(rendered, "Pod", "test-rawcow-example"))
                .getSpec();
        ConfigMap config = KubernetesModels.as(ConfigMap.class, object(rendered, "ConfigMap", "test-rawcow"));
        Path own = Files.createTempDirectory(folder, "pod");
        Path hosts = Files.writeString(own.resolve("hosts"), "127.0.0.1 localhost test-rawcow-pods.default.svc\n");
        SortedMap<String, Path> image = new TreeMap<>(guest);
        image.put(JAVA, Path.of(System.getProperty("java.home")));
        image.putAll(classPath());
        return new ExamplePod(spec, PodVolumes.make(own, spec, config, claims), new Sandbox(own, image, hosts));
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(List<Map<String, Object>> rendered, String kind, String name) {
        return rendered.stream()
                .filter(object -> kind.equals(object.get("kind"))
                        && name.equals(((Map<String, Object>) object.get("metadata")).get("name")))
                .findFirst()
                .orElseThrow();
    }

    /** Ours without the tests', by the paths in the image. */
    private static SortedMap<String, Path> classPath() {
        SortedMap<String, Path> image = new TreeMap<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path path = Path.of(entry);
            if (path.endsWith("classes") || entry.endsWith(".jar")) {
                image.put("/app/%03d-%s".formatted(image.size(), path.getFileName()), path);
            }
        }
        return image;
    }

    private Container sidecarSpec() {
        return spec.getInitContainers().getFirst();
    }

    // ---- the sidecar

    void startSidecar() throws IOException {
        Container container = sidecarSpec();
        // Much as the image's entry point.
        List<String> command = new ArrayList<>(List.of(JAVA + "/bin/java", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m"));
        command.addAll(List.of("-cp", String.join(":", classPath().keySet()), "io.rawcow.RawCow"));
        command.addAll(container.getArgs());
        Map<String, String> environment = ImageRecipe.environment();
        sidecar = sandbox.start(container, command, environment, spec.getSecurityContext(), volumes);
    }

    /** Bytes. */
    long memoryLimit() {
        return sidecarSpec()
                .getResources()
                .getLimits()
                .get("memory")
                .getNumericalAmount()
                .longValueExact();
    }

    /** The most memory that the sidecar has had, in bytes, what it has of files included. */
    long memoryPeak() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + service().pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElseThrow();
    }

    /** Asks the startup probe for as long as it may fail; answers whether it passed. */
    boolean sidecarStarts() throws Exception {
        Probe probe = sidecarSpec().getStartupProbe();
        Duration period = Duration.ofSeconds(probe.getPeriodSeconds());
        try {
            await().pollDelay(Duration.ZERO)
                    .pollInterval(period)
                    .failFast(() -> assertThat(sidecar.isRunning())
                            .as("the sidecar runs: %s", sidecar.output())
                            .isTrue())
                    .atMost(period.multipliedBy(probe.getFailureThreshold()))
                    .until(() -> passes(probe));
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }

    boolean isLive() throws Exception {
        return passes(sidecarSpec().getLivenessProbe());
    }

    boolean isReady() throws Exception {
        return passes(sidecarSpec().getReadinessProbe());
    }

    private boolean passes(Probe probe) throws Exception {
        String port = probe.getHttpGet().getPort().getStrVal();
        int number = sidecarSpec().getPorts().stream()
                .filter(named -> named.getName().equals(port))
                .mapToInt(ContainerPort::getContainerPort)
                .findFirst()
                .orElseThrow();
        URI uri = URI.create("http://127.0.0.1:" + number + probe.getHttpGet().getPath());
        var request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30));
        try {
            return HTTP.send(request.build(), BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false; // nobody listens yet
        }
    }

    /** The process in the sandbox, which is the last that was started. */
    private ProcessHandle service() {
        return sidecar.process().descendants().toList().getLast();
    }

    /** Out of memory, for example. */
    void killSidecar() throws Exception {
        service().destroyForcibly();
        assertThat(sidecar.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    /** In order, in the time that the pod has for it. */
    void stopSidecar() throws Exception {
        service().destroy();
        assertThat(sidecar.process().waitFor(spec.getTerminationGracePeriodSeconds(), TimeUnit.SECONDS))
                .as("the sidecar ends in time")
                .isTrue();
        assertThat(sidecar.process().exitValue()).as("%s", sidecar.output()).isZero();
    }

    // ---- the rest

    /** The sidecar, its probe, and then the guest. */
    GuestVm start() throws Exception {
        if (!spec.getInitContainers().isEmpty()) {
            startSidecar();
            assertThat(sidecarStarts())
                    .as("the startup probe: %s", sidecar.output())
                    .isTrue();
        }
        Container container = spec.getContainers().getFirst();
        List<String> command = new ArrayList<>(container.getCommand());
        command.addAll(container.getArgs());
        guest = GuestVm.attach(sandbox.start(container, command, Map.of(), spec.getSecurityContext(), volumes));
        return guest;
    }

    /** Runs a pod beside this one, with one container and no volumes, to its end; answers what it said. */
    String run(Map<String, Object> pod) throws Exception {
        PodSpec beside = KubernetesModels.as(Pod.class, pod).getSpec();
        Container container = beside.getContainers().getFirst();
        var security = beside.getSecurityContext();
        try (Tool tool = sandbox.start(container, container.getCommand(), Map.of(), security, Map.of())) {
            return tool.succeeded();
        }
    }

    @Override
    public void close() throws IOException {
        if (guest != null) {
            guest.close();
        }
        if (sidecar != null) {
            sidecar.close();
        }
    }
}
