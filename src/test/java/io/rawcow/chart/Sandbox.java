package io.rawcow.chart;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A container as a plain process, by bubblewrap: of the machine's files it sees programs and libraries only, read-only;
 * its mounts are where its specification wants them, and it has the user that it wants, no capabilities and no way to
 * get any. As root that user is a real one; else it is one of a user namespace. The network is the machine's.
 *
 * @param folder for its output
 * @param image files that its image has, by their paths there
 * @param hosts what is in its /etc/hosts
 */
record Sandbox(Path folder, SortedMap<String, Path> image, Path hosts) {
    private static final boolean ROOT = userId() == 0;

    private static int userId() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether files can be given to the pod's group. */
    static boolean hasUsers() {
        return ROOT;
    }

    /**
     * Starts a container.
     *
     * @param command what its image and its specification say
     * @param environment its image's, above which the specification's goes
     * @param volumes the pod's, by name
     */
    Tool start(
            Container container,
            List<String> command,
            Map<String, String> environment,
            PodSecurityContext pod,
            Map<String, Path> volumes)
            throws IOException {
        List<String> words = new ArrayList<>(List.of("bwrap", "--die-with-parent", "--new-session"));
        words.addAll(rootFileSystem());
        image.forEach((target, file) -> bind(words, "--ro-bind", file, target));
        for (VolumeMount mount : container.getVolumeMounts()) {
            String how = Boolean.TRUE.equals(mount.getReadOnly()) ? "--ro-bind" : "--bind";
            bind(words, how, Objects.requireNonNull(volumes.get(mount.getName())), mount.getMountPath());
        }
        Map<String, String> variables = new TreeMap<>(environment);
        container.getEnv().forEach(variable -> variables.put(variable.getName(), variable.getValue()));
        variables.forEach((name, value) -> words.addAll(List.of("--setenv", name, value)));
        words.addAll(user(container, pod));
        words.addAll(command);
        return Tool.start(folder, words);
    }

    private List<String> rootFileSystem() throws IOException {
        List<String> words = new ArrayList<>(List.of("--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"));
        for (String name : List.of("/bin", "/sbin", "/lib", "/lib64")) {
            Path path = Path.of(name);
            if (Files.isSymbolicLink(path)) {
                words.addAll(List.of("--symlink", Files.readSymbolicLink(path).toString(), name));
            } else if (Files.isDirectory(path)) {
                words.addAll(List.of("--ro-bind", name, name));
            }
        }
        bind(words, "--ro-bind", hosts, "/etc/hosts");
        // Where Debian's packages of Java keep their configuration.
        try (Stream<Path> java = Files.list(Path.of("/etc"))) {
            java.filter(path -> path.getFileName().toString().matches("java-.*-openjdk"))
                    .forEach(path -> bind(words, "--ro-bind", path, path.toString()));
        }
        words.addAll(List.of("--chdir", "/"));
        return words;
    }

    /** Bubblewrap itself makes the folders above for root alone. */
    private static void bind(List<String> words, String how, Path source, String target) {
        for (int slash = target.indexOf('/', 1); slash > 0; slash = target.indexOf('/', slash + 1)) {
            words.addAll(List.of("--perms", "0755", "--dir", target.substring(0, slash)));
        }
        words.addAll(List.of(how, source.toString(), target));
    }

    /** Of the two contexts the container's goes first. */
    private static List<String> user(Container container, PodSecurityContext pod) {
        Long own = container.getSecurityContext().getRunAsUser();
        String user = String.valueOf(own == null ? pod.getRunAsUser() : own);
        String group = String.valueOf(pod.getRunAsGroup());
        List<String> words = new ArrayList<>(List.of("--cap-drop", "ALL"));
        if (!ROOT) {
            words.addAll(List.of("--unshare-user", "--uid", user, "--gid", group, "--"));
            return words;
        }
        for (String needed : List.of("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")) {
            words.addAll(List.of("--cap-add", needed));
        }
        words.addAll(List.of("--", "setpriv", "--reuid=" + user, "--regid=" + group));
        words.addAll(List.of("--groups=" + pod.getFsGroup(), "--bounding-set=-all", "--inh-caps=-all"));
        words.addAll(List.of("--no-new-privs", "--"));
        return words;
    }
}
