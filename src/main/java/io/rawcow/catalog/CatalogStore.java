package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.Folder;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The catalog on disk: one JSON file an object, in a folder a kind, in {@code .rawcow} of the primary root. A file is
 * replaced by rename, after it was synced and before its folder is: so it is the old or the new one, whatever happens.
 *
 * <p>One service at a time: the folder is locked. Safe from many threads for different names.
 */
public final class CatalogStore implements AutoCloseable {
    /** The folder's name in the primary root. */
    public static final String FOLDER = ".rawcow";

    private static final String LOCK = "lock";
    private static final String ENDING = ".json";
    private static final int FOLDER_MODE = 0700;
    private static final int FILE_MODE = 0600;
    private static final long MAX_BYTES = 1 << 20;
    private static final String WHAT = "catalog";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** The kinds of objects. */
    enum Kind {
        IMAGES,
        JOBS,
        EXPORTS;

        String folder() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    private final Map<Kind, Folder> kinds = new EnumMap<>(Kind.class);
    /** What closes each of its descriptors, the last one opened first. */
    private final Deque<Runnable> opened = new ArrayDeque<>();

    private CatalogStore() {}

    /**
     * Opens the catalog of a primary root, and makes it if it is not there.
     *
     * @throws BlockException IMAGE_LOCKED if another service has it
     */
    public static CatalogStore open(Folder root) throws BlockException {
        var store = new CatalogStore();
        boolean opened = false;
        try {
            store.openIn(root);
            opened = true;
            return store;
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        } finally {
            if (!opened) {
                store.close();
            }
        }
    }

    private void openIn(Folder root) throws PosixException, BlockException {
        Folder folder = keep(openFolder(root, FOLDER));
        OpenFile lock = openLock(folder);
        opened.push(lock::close);
        if (!lock.tryLock(LockMode.EXCLUSIVE, 0, 0)) {
            throw new BlockException(
                            FaultKind.IMAGE_LOCKED,
                            "cannot open catalog: another rawcow serves this folder: path=" + root.path())
                    .withAction("end that one, or give this one another first --data folder");
        }
        for (Kind kind : Kind.values()) {
            kinds.put(kind, keep(openFolder(folder, kind.folder())));
        }
    }

    private Folder keep(Folder folder) {
        opened.push(folder::close);
        return folder;
    }

    private static Folder openFolder(Folder parent, String name) throws PosixException {
        if (parent.status(name).isEmpty()) {
            parent.createFolder(name, FOLDER_MODE);
        }
        // Also one that is there: a service that was killed may not have come to it.
        parent.sync();
        return parent.folder(name);
    }

    private static OpenFile openLock(Folder folder) throws PosixException {
        try {
            return folder.create(LOCK, FILE_MODE);
        } catch (PosixException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            return folder.open(LOCK, Access.READ_WRITE_NO_FOLLOW);
        }
    }

    private Folder folderOf(Kind kind) {
        return Objects.requireNonNull(kinds.get(kind));
    }

    /** Writes an object; durable when it returns. */
    void save(Kind kind, String name, Object object) throws BlockException {
        Folder target = folderOf(kind);
        String temporary = "." + name + ENDING + ".new";
        try (Arena arena = Arena.ofConfined()) {
            byte[] json = JSON.writeValueAsBytes(object);
            MemorySegment bytes = arena.allocate(json.length);
            bytes.copyFrom(MemorySegment.ofArray(json));
            if (target.status(temporary).isPresent()) {
                target.unlink(temporary);
            }
            try (OpenFile file = target.create(temporary, FILE_MODE)) {
                file.write(0, bytes);
                file.sync();
            }
            target.rename(temporary, name + ENDING);
            target.sync();
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    /** Removes an object; durable when it returns. */
    void remove(Kind kind, String name) throws BlockException {
        try {
            folderOf(kind).unlink(name + ENDING);
            folderOf(kind).sync();
        } catch (PosixException e) {
            if (e.errno() != Errno.ENOENT) {
                throw BlockException.of(e, WHAT);
            }
            // A removal that failed at its sync is repeated like this.
            sync(folderOf(kind));
        }
    }

    private static void sync(Folder folder) throws BlockException {
        try {
            folder.sync();
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
    }

    /**
     * Reads all objects of a kind, and makes them durable: a service that was killed may have replaced or removed one
     * without, and what is done because of a record must not outlive it.
     *
     * @throws BlockException IO_ERROR naming the file, if one cannot be read or understood: nothing is passed over
     */
    <T> List<T> load(Kind kind, Class<T> type) throws BlockException {
        Folder source = folderOf(kind);
        var objects = new ArrayList<T>();
        try {
            source.sync();
            for (String name : source.list()) {
                if (name.endsWith(ENDING) && !name.startsWith(".")) {
                    objects.add(read(source, name, type));
                }
            }
        } catch (PosixException e) {
            throw BlockException.of(e, WHAT);
        }
        return objects;
    }

    private static <T> T read(Folder source, String name, Class<T> type) throws PosixException, BlockException {
        try (OpenFile file = source.open(name, Access.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(Math.min(file.status().size(), MAX_BYTES));
            long read = file.read(0, bytes);
            return JSON.readValue(bytes.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE), type);
        } catch (JacksonException e) {
            throw new BlockException(
                            FaultKind.IO_ERROR,
                            "cannot read catalog: %s: path=%s/%s"
                                    .formatted(e.getOriginalMessage(), source.path(), name),
                            e)
                    .withAction("mend or remove that file, then start again");
        }
    }

    @Override
    public void close() {
        opened.forEach(Runnable::run);
        opened.clear();
    }
}
