package io.rawcow.chart;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.ProjectedVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import io.rawcow.testing.TestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/** A pod's volumes as the kubelet makes them: claims are folders that stay, everything else is as new as the pod. */
final class PodVolumes {
    private final Path folder;
    private final Path memory;
    private final long group;
    private final ConfigMap config;

    /**
     * @param folder for the volumes of one pod
     * @param config the one that the pod may name
     */
    private PodVolumes(Path folder, PodSpec spec, ConfigMap config) throws IOException {
        this.folder = folder;
        this.memory = Files.createTempDirectory(TestMemory.path(), "pod");
        this.group = spec.getSecurityContext().getFsGroup();
        this.config = config;
    }

    /** @param claims a folder for each claim that the pod may name */
    static Map<String, Path> make(Path folder, PodSpec spec, ConfigMap config, Map<String, Path> claims)
            throws IOException {
        var volumes = new PodVolumes(folder, spec, config);
        Map<String, Path> made = new HashMap<>();
        for (Volume volume : spec.getVolumes()) {
            made.put(volume.getName(), volumes.make(volume, claims));
        }
        return made;
    }

    private Path make(Volume volume, Map<String, Path> claims) throws IOException {
        String name = volume.getName();
        if (volume.getPersistentVolumeClaim() != null) {
            return claims.get(volume.getPersistentVolumeClaim().getClaimName());
        }
        if (volume.getProjected() != null) {
            return project(folder.resolve(name), volume.getProjected());
        }
        boolean inMemory = "Memory".equals(volume.getEmptyDir().getMedium());
        Path made = Files.createDirectory((inMemory ? memory : folder).resolve(name));
        // Made by root for everybody, and then given to the group.
        give(made, group, "rwxrwxrwx", true);
        return made;
    }

    private Path project(Path target, ProjectedVolumeSource source) throws IOException {
        Files.createDirectory(target);
        for (KeyToPath item : source.getSources().getFirst().getConfigMap().getItems()) {
            Path file = target.resolve(item.getPath());
            Files.writeString(file, config.getData().get(item.getKey()));
            give(file, group, mode(source.getDefaultMode()), false);
        }
        give(target, group, "rwxr-xr-x", true);
        return target;
    }

    private static String mode(int bits) {
        var letters = new StringBuilder("rwxrwxrwx");
        for (int i = 0; i < 9; i++) {
            if ((bits & (0400 >> i)) == 0) {
                letters.setCharAt(i, '-');
            }
        }
        return letters.toString();
    }

    /** As fsGroup does it: what is made in the folder has the group as well. */
    static void give(Path path, long group, String permissions, boolean setGroup) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        if (Sandbox.hasUsers()) {
            Files.setAttribute(path, "unix:gid", Math.toIntExact(group));
            if (setGroup) {
                int mode = (Integer) Files.getAttribute(path, "unix:mode");
                Files.setAttribute(path, "unix:mode", mode | 02000);
            }
        }
    }
}
