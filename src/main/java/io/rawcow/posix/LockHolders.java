package io.rawcow.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Who is in the way, for the message to whoever could not have a lock. A guess: the kernel need not show everyone. */
public final class LockHolders {
    private static final String UNKNOWN = "another process";

    /** Descriptors to look at before giving up. */
    private static final int MOST_DESCRIPTORS = 8192;

    private static final int MOST_NAMED = 4;

    private final FileIdentity wanted;
    private final long self = ProcessHandle.current().pid();
    private final List<Long> locking = new ArrayList<>();
    private final List<Long> opening = new ArrayList<>();
    private int budget = MOST_DESCRIPTORS;

    private LockHolders(FileIdentity wanted) {
        this.wanted = wanted;
    }

    /**
     * Which processes hold locks on a file, else which others have it open, as {@code pid 4711 (qemu-io)} or
     * {@code this process (pid 4712)}; {@code another process} if none can be seen. Never fails; takes some tens of
     * milliseconds.
     */
    public static String describe(FileIdentity identity) {
        LockHolders holders = new LockHolders(identity);
        holders.scan();
        return holders.answer();
    }

    private void scan() {
        List<Long> newestFirst =
                numbersIn("/proc").stream().sorted(Comparator.reverseOrder()).toList();
        for (long pid : newestFirst) {
            scanProcess(pid);
        }
    }

    private void scanProcess(long pid) {
        boolean opens = false;
        for (long descriptor : numbersIn("/proc/" + pid + "/fd")) {
            if (budget-- <= 0) {
                break;
            }
            if (isWanted("/proc/" + pid + "/fd/" + descriptor)) {
                opens = true;
                if (text("/proc/" + pid + "/fdinfo/" + descriptor).contains("\nlock:")) {
                    locking.add(pid);
                    return;
                }
            }
        }
        // This process has the file open because it is asking. A device it was refused it has open for another reason.
        if (opens && (pid != self || wanted.device() == 0)) {
            opening.add(pid);
        }
    }

    private String answer() {
        List<Long> named = locking.isEmpty() ? opening : locking;
        return named.isEmpty()
                ? UNKNOWN
                : named.stream().limit(MOST_NAMED).map(this::words).collect(Collectors.joining(", "));
    }

    private String words(long pid) {
        if (pid == self) {
            return "this process (pid %d)".formatted(pid);
        }
        String command = text("/proc/" + pid + "/comm").strip().replaceAll("\\p{Cntrl}", "?");
        return command.isEmpty() ? "pid " + pid : "pid %d (%s)".formatted(pid, command);
    }

    private boolean isWanted(String link) {
        try {
            return Statx.cached(link).identity().equals(wanted);
        } catch (PosixException _) {
            return false;
        }
    }

    /** The entries of a folder of /proc that are numbers; none if it cannot be read. */
    private static List<Long> numbersIn(String folder) {
        try (PosixFolder open = PosixFolder.open(folder)) {
            return open.list().stream()
                    .filter(name -> name.chars().allMatch(c -> c >= '0' && c <= '9'))
                    .map(Long::valueOf)
                    .toList();
        } catch (PosixException _) {
            return List.of();
        }
    }

    private static String text(String file) {
        try {
            return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
        } catch (IOException _) {
            return "";
        }
    }
}
