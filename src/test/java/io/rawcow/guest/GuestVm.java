package io.rawcow.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rawcow.testing.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A virtual machine: Debian's kernel, a shell, and one disk. What it does is in {@code src/test/guest/init}. */
public final class GuestVm implements AutoCloseable {
    private static final Pattern SUM = Pattern.compile("^SUM ([0-9a-f]{64})  (\\S+)\\s*$", Pattern.MULTILINE);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Tool qemu;

    private GuestVm(Tool qemu) {
        this.qemu = qemu;
    }

    /**
     * Switches the machine on.
     *
     * @param work what the guest is to do: {@code work} until it is enough, or {@code check}
     * @param disk QEMU's {@code -blockdev} for the disk, without its name
     */
    static GuestVm boot(Path folder, String work, String disk) throws IOException, InterruptedException {
        List<String> said = script(folder);
        List<String> command = new ArrayList<>(List.of("qemu-system-x86_64"));
        command.addAll(List.of(said.getLast().split(" ", -1)));
        command.addAll(List.of("-nodefaults", "-display", "none", "-serial", "stdio"));
        command.addAll(system(said, work));
        command.addAll(List.of("-blockdev", disk + ",discard=unmap,node-name=disk"));
        command.addAll(List.of("-device", "virtio-blk-pci,drive=disk"));
        return attach(Tool.start(folder, command));
    }

    /** A machine that somebody else has switched on. Its serial line is its standard output. */
    public static GuestVm attach(Tool qemu) {
        return new GuestVm(qemu);
    }

    /** QEMU's arguments for what it boots, without its disk. The files that they name are named by nothing else. */
    public static List<String> system(Path folder, String work) throws IOException, InterruptedException {
        return system(script(folder), work);
    }

    private static List<String> system(List<String> said, String work) {
        Path guest = Path.of(said.get(said.size() - 2));
        return List.of(
                "-m",
                "256",
                "-no-reboot",
                "-kernel",
                guest.resolve("vmlinuz").toString(),
                "-initrd",
                guest.resolve("initramfs").toString(),
                "-append",
                "console=ttyS0 quiet panic=-1 guest=" + work);
    }

    private static List<String> script(Path folder) throws IOException, InterruptedException {
        Path script = Path.of("scripts/guest.sh").toAbsolutePath();
        return Tool.run(folder, script.toString()).lines().toList();
    }

    /** Waits until the guest has done some rounds of its work, from now on. */
    public void awaitRounds(int rounds) throws IOException {
        long target = roundsDone() + rounds;
        await().atMost(PATIENCE)
                .failFast(() -> assertThat(qemu.isRunning())
                        .as("the guest runs: %s", console())
                        .isTrue())
                .untilAsserted(() -> assertThat(roundsDone())
                        .as("rounds, with the console: %s", console())
                        .isGreaterThanOrEqualTo(target));
    }

    private long roundsDone() throws IOException {
        return console().lines().filter(line -> line.startsWith("ROUND ")).count();
    }

    /** Tells the guest to come to an end after a few rounds more. */
    public void enough() throws IOException {
        qemu.say("\n");
    }

    /** Waits until the machine has switched itself off, and answers the checksum of every file it saw. */
    public Map<String, String> checksums() throws IOException, InterruptedException {
        String said = qemu.succeeded();
        assertThat(said).as("the guest's console").contains("GUEST DONE").doesNotContain("GUEST FAILED");
        Map<String, String> sums = new TreeMap<>();
        SUM.matcher(said).results().forEach(line -> sums.put(line.group(2), line.group(1)));
        return sums;
    }

    public String console() throws IOException {
        return qemu.output();
    }

    @Override
    public void close() throws IOException {
        qemu.close();
    }
}
