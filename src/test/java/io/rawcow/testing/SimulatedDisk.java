package io.rawcow.testing;

import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.FileIdentity;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.FileType;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.User;
import io.rawcow.testing.Operation.Kind;
import io.rawcow.testing.SimulatedFolderNode.Copier;
import io.rawcow.testing.SimulatedFolderNode.Entry;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.CRC32C;

/**
 * A file system in memory that can lose power, or its process, between any two calls. For one thread; what it does
 * depends on nothing but the calls.
 *
 * <p>It promises less than ext4 and XFS do. What is on the disk after {@link #cut} is everything that was synced, and
 * of the rest any part:
 *
 * <ul>
 *   <li>bytes by sectors of 512: each as it was after any change since the last sync. A sync of the file covers its
 *       bytes and its size; {@code sync} its time of modification too, {@code dataSync} not;
 *   <li>names by calls: a creation, rename or removal is there or not, each for itself as long as it still fits the
 *       name, until the folder is synced. A sync of the file does nothing for its name;
 *   <li>a failed sync has written nothing, and nothing will: the pages count as clean.
 * </ul>
 */
public final class SimulatedDisk implements Host {
    private static final long FIRST_INSTANT = 1_700_000_000_000_000_000L;
    private static final long TICK = 1_000_003;
    private static final int REMEMBERED = 400;
    private static final long DEVICE = 2049;

    static final String MEMORY = "/shm";

    /** Told after each operation, when it is done and nothing else has happened. */
    @FunctionalInterface
    public interface Watcher {
        void after(Operation operation);
    }

    private final SimulatedFolderNode root;
    private final SimulatedFolderNode memory;
    private final int boots;
    private final SimulatedLocks locks = new SimulatedLocks();
    private final ArrayDeque<Operation> log = new ArrayDeque<>();
    private final Map<Long, Integer> handles = new HashMap<>();
    private long operations;
    private long now;
    private long inodes;
    private Operation current;
    private Watcher watcher = _ -> {};
    private Predicate<Operation> awaited = _ -> false;
    private Runnable meanwhile = () -> {};
    private Faults faults = Faults.NONE;
    private boolean evictsAfterFailedSync;
    private boolean dead;
    private final List<Operation> failed = new ArrayList<>();
    private String protectedPath = "";

    public SimulatedDisk() {
        this(new SimulatedFolderNode(1), new SimulatedFolderNode(2), 1, FIRST_INSTANT, 2);
    }

    private SimulatedDisk(SimulatedFolderNode root, SimulatedFolderNode memory, int boots, long now, long inodes) {
        this.root = root;
        this.memory = memory;
        this.boots = boots;
        this.now = now;
        this.inodes = inodes;
    }

    // ---- use

    /** {@inheritDoc} Its path is {@code /sim}. */
    @Override
    public Folder root() {
        return new SimulatedFolder(this, root, "/sim");
    }

    /** {@inheritDoc} Its path is {@link #MEMORY}. */
    @Override
    public Folder memory() {
        return new SimulatedFolder(this, memory, MEMORY);
    }

    @Override
    public String bootId() {
        return "boot-" + boots;
    }

    public void watch(Watcher next) {
        watcher = next;
    }

    /** Does something once, right after the next operation of a sort, as another client may. */
    public void meanwhile(Predicate<Operation> operation, Runnable action) {
        awaited = operation;
        meanwhile = action;
    }

    public void setFaults(Faults next) {
        faults = next;
    }

    /** Makes every change to a file that exists a mistake of the program. */
    public void protect(String path) {
        protectedPath = path;
    }

    /** {@inheritDoc} In this life of the process and before. */
    @Override
    public List<Operation> failed() {
        return failed;
    }

    /** Whether pages that a failed sync did not write vanish from memory at once. */
    public void setEvictsAfterFailedSync(boolean evicts) {
        evictsAfterFailedSync = evicts;
    }

    /** The last operations, oldest first. */
    public Collection<Operation> log() {
        return List.copyOf(log);
    }

    public long operations() {
        return operations;
    }

    // ---- ends

    /** {@inheritDoc} What this process has open fails from now on. */
    @Override
    public SimulatedDisk kill() {
        dead = true;
        return copyOfLiving();
    }

    /** What {@link #kill} would answer. This disk goes on. */
    public SimulatedDisk copyOfLiving() {
        var copier = new Copier(SimulatedInode::copy);
        return successor(root.copy(copier), memory.copy(copier), boots);
    }

    /** The disk after a loss of power at this moment. This disk goes on. */
    public SimulatedDisk cut(Survival survival) {
        SimulatedFolderNode left = root.cut(new Copier(inode -> inode.cut(survival)), survival);
        return successor(left, new SimulatedFolderNode(memory.number), boots + 1);
    }

    private SimulatedDisk successor(SimulatedFolderNode top, SimulatedFolderNode keptMemory, int bootsThen) {
        var next = new SimulatedDisk(top, keptMemory, bootsThen, now + TICK, inodes);
        next.log.addAll(log);
        next.operations = operations;
        next.evictsAfterFailedSync = evictsAfterFailedSync;
        next.protectedPath = protectedPath;
        next.failed.addAll(failed);
        return next;
    }

    /** Whether nothing can be lost: all is synced. */
    public boolean isSynced() {
        return isSynced(root);
    }

    private static boolean isSynced(SimulatedFolderNode node) {
        return node.isSynced()
                && node.names().values().stream()
                        .allMatch(entry -> entry.file() != null ? entry.file().isSynced() : isSynced(entry.folder()));
    }

    /** Equal for disks that show the same. */
    public long fingerprint() {
        var sum = new CRC32C();
        var check = new CRC32C();
        check.update(0x5A);
        addTo(root, "", sum, check);
        return sum.getValue() << 32 ^ check.getValue();
    }

    private static void addTo(SimulatedFolderNode node, String path, CRC32C sum, CRC32C check) {
        node.names().forEach((name, entry) -> {
            byte[] bytes = (path + "/" + name).getBytes(java.nio.charset.StandardCharsets.UTF_8);
            sum.update(bytes);
            check.update(bytes);
            if (entry.file() != null) {
                entry.file().addTo(sum);
                check.update((int) sum.getValue());
                check.update((int) (sum.getValue() >>> 8));
            } else {
                addTo(entry.folder(), path + "/" + name, sum, check);
            }
        });
    }

    // ---- behind the back of the program

    /** Makes a file or a device with these bytes, all on the disk. The folder must exist. */
    public void place(String path, FileType type, byte[] bytes) {
        SimulatedInode inode = SimulatedInode.empty(++inodes, type, now += TICK);
        // Page by page: pages of zeros stay holes.
        inode.truncate(bytes.length, now);
        for (int at = 0; at < bytes.length; at += PagedBytes.PAGE) {
            byte[] page = java.util.Arrays.copyOfRange(bytes, at, Math.min(at + PagedBytes.PAGE, bytes.length));
            if (type == FileType.BLOCK_DEVICE || !isZero(page)) {
                inode.write(at, MemorySegment.ofArray(page), now);
            }
        }
        inode.sync(true);
        SimulatedFolderNode folder = folderOf(path);
        folder.add(nameOf(path), new Entry(inode, null));
        folder.sync();
    }

    private static boolean isZero(byte[] page) {
        for (byte b : page) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void placeFolder(String path) {
        SimulatedFolderNode folder = folderOf(path);
        folder.add(nameOf(path), new Entry(null, newFolder()));
        folder.sync();
    }

    /** Puts garbage where nobody should look, without a trace in the file's times. */
    public void scribble(String path, long offset, byte[] garbage) {
        entry(path).file().scribble(offset, MemorySegment.ofArray(garbage));
    }

    @Override
    public void placeFile(String path, byte[] bytes) {
        place(path, FileType.REGULAR, bytes);
    }

    @Override
    public boolean exists(String path) {
        return entry(path) != null;
    }

    /** The bytes of a file as everybody sees them. */
    public byte[] bytes(String path) {
        PagedBytes bytes = entry(path).file().cached();
        return bytes.read(0, (int) bytes.size());
    }

    @Override
    public long sizeOf(String path) {
        return entry(path).file().cached().size();
    }

    public long mtime(String path) {
        return entry(path).file().mtime();
    }

    /** How many handles of the living process lead to a file. */
    public int openHandles(String path) {
        return handles.getOrDefault(entry(path).number(), 0);
    }

    private Entry entry(String path) {
        return folderOf(path).names().get(nameOf(path));
    }

    private SimulatedFolderNode folderOf(String path) {
        SimulatedFolderNode at = root;
        String[] names = path.split("/", -1);
        for (int i = 0; i < names.length - 1; i++) {
            at = at.names().get(names[i]).folder();
        }
        return at;
    }

    private static String nameOf(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    // ---- for the handles

    long now() {
        return now;
    }

    boolean isDead() {
        return dead;
    }

    SimulatedLocks locks() {
        return locks;
    }

    SimulatedInode newInode() {
        return SimulatedInode.empty(++inodes, FileType.REGULAR, now);
    }

    SimulatedFolderNode newFolder() {
        return new SimulatedFolderNode(++inodes);
    }

    OpenFile opened(SimulatedInode inode, String path, Access access) {
        handles.merge(inode.number, 1, Integer::sum);
        return new SimulatedFile(this, inode, path, access);
    }

    void closed(SimulatedInode inode) {
        handles.merge(inode.number, -1, Integer::sum);
    }

    FileStatus status(SimulatedInode inode) throws PosixException {
        boolean device = inode.type == FileType.BLOCK_DEVICE;
        return new FileStatus(
                inode.type,
                new FileIdentity(device ? 0 : DEVICE, inode.number),
                inode.cached().size(),
                inode.mtime(),
                device ? 0 : inode.cached().allocatedBytes(),
                1,
                0,
                User.effectiveId(),
                0600);
    }

    FileStatus status(SimulatedFolderNode folder) {
        return new FileStatus(
                FileType.FOLDER, new FileIdentity(DEVICE, folder.number), 0, 0, 0, 1, 0, User.effectiveId(), 0700);
    }

    /** @return the error number that the operation is to fail with, or 0 */
    int begin(Kind kind, String path, long offset, long length) {
        now += TICK;
        current = new Operation(operations++, kind, path, offset, length);
        if (log.size() == REMEMBERED) {
            log.removeFirst();
        }
        log.addLast(current);
        if (path.equals(protectedPath) && kind != Kind.CREATE) {
            throw new AssertionError("a change to a file that must not be changed: " + current);
        }
        int errno = faults.errno(current);
        if (errno != 0 && errno != Errno.EOPNOTSUPP) {
            failed.add(current);
        }
        return errno;
    }

    void end() {
        Operation done = current;
        watcher.after(done);
        if (awaited.test(done)) {
            awaited = _ -> false;
            meanwhile.run();
        }
    }

    void afterLostChanges(SimulatedInode inode) {
        if (evictsAfterFailedSync) {
            inode.evict();
        }
    }
}
