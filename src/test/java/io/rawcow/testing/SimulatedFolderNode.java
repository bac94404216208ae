package io.rawcow.testing;

import io.rawcow.posix.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A folder of a simulated disk: its names as everybody sees them, those on the disk, and the changes between. */
final class SimulatedFolderNode {

    /** What a name stands for: a file or a folder; the other one is null. */
    record Entry(SimulatedInode file, SimulatedFolderNode folder) {
        long number() {
            return file != null ? file.number : folder.number;
        }
    }

    private enum What {
        ADD,
        REMOVE,
        RENAME
    }

    private record Change(What what, String name, String to, Entry entry) {}

    final long number;
    private final TreeMap<String, Entry> names = new TreeMap<>();
    private final TreeMap<String, Entry> stored = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();

    SimulatedFolderNode(long number) {
        this.number = number;
    }

    Map<String, Entry> names() {
        return names;
    }

    boolean isSynced() {
        return changes.isEmpty();
    }

    /** @return 0 or an error number */
    int add(String name, Entry entry) {
        if (names.containsKey(name)) {
            return Errno.EEXIST;
        }
        names.put(name, entry);
        changes.add(new Change(What.ADD, name, "", entry));
        return 0;
    }

    int remove(String name) {
        Entry entry = names.get(name);
        if (entry == null) {
            return Errno.ENOENT;
        }
        if (entry.folder != null) {
            return Errno.EISDIR;
        }
        names.remove(name);
        changes.add(new Change(What.REMOVE, name, "", entry));
        return 0;
    }

    int rename(String name, String to, boolean replace) {
        Entry entry = names.get(name);
        if (entry == null) {
            return Errno.ENOENT;
        }
        if (!replace && names.containsKey(to)) {
            return Errno.EEXIST;
        }
        names.remove(name);
        names.put(to, entry);
        changes.add(new Change(What.RENAME, name, to, entry));
        return 0;
    }

    void sync() {
        stored.clear();
        stored.putAll(names);
        changes.clear();
    }

    void loseChanges() {
        changes.clear();
    }

    // ---- copies

    /** One copy of each file, however many names and changes speak of it. */
    static final class Copier {
        private final Map<Long, SimulatedInode> copies = new HashMap<>();
        private final UnaryOperator<SimulatedInode> copy;

        Copier(UnaryOperator<SimulatedInode> copy) {
            this.copy = copy;
        }

        SimulatedInode of(SimulatedInode inode) {
            SimulatedInode known = copies.get(inode.number);
            if (known == null) {
                known = copy.apply(inode);
                copies.put(inode.number, known);
            }
            return known;
        }
    }

    SimulatedFolderNode copy(Copier files) {
        return copy(files, new HashMap<>());
    }

    private SimulatedFolderNode copy(Copier files, Map<Long, SimulatedFolderNode> folders) {
        SimulatedFolderNode known = folders.get(number);
        if (known != null) {
            return known;
        }
        var copy = new SimulatedFolderNode(number);
        folders.put(number, copy);
        UnaryOperator<Entry> copied = entry -> entry.file != null
                ? new Entry(files.of(entry.file), null)
                : new Entry(null, entry.folder.copy(files, folders));
        names.forEach((name, entry) -> copy.names.put(name, copied.apply(entry)));
        stored.forEach((name, entry) -> copy.stored.put(name, copied.apply(entry)));
        changes.forEach(change ->
                copy.changes.add(new Change(change.what, change.name, change.to, copied.apply(change.entry))));
        return copy;
    }

    /** The folder after a loss of power. A change whose name is not as it found it was lost with the one before. */
    SimulatedFolderNode cut(Copier files, Survival survival) {
        TreeMap<String, Entry> left = new TreeMap<>(stored);
        for (Change change : changes) {
            Entry at = left.get(change.name);
            boolean applies = change.what == What.ADD ? at == null : at != null && at.number() == change.entry.number();
            if (survival.keepsName() && applies) {
                switch (change.what) {
                    case ADD -> left.put(change.name, change.entry);
                    case REMOVE -> left.remove(change.name);
                    case RENAME -> {
                        left.remove(change.name);
                        left.put(change.to, change.entry);
                    }
                }
            }
        }
        var copy = new SimulatedFolderNode(number);
        left.forEach((name, entry) -> copy.names.put(
                name,
                entry.file != null
                        ? new Entry(files.of(entry.file), null)
                        : new Entry(null, entry.folder.cut(files, survival))));
        copy.stored.putAll(copy.names);
        return copy;
    }
}
