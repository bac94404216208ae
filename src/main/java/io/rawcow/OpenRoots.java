package io.rawcow;

import io.rawcow.catalog.CatalogStore;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The data roots, open as long as the service runs. */
final class OpenRoots implements AutoCloseable {
    private final List<PosixFolder> folders = new ArrayList<>();
    private final List<DataRoots.Root> roots = new ArrayList<>();

    private OpenRoots() {}

    /** @throws StartException if there is none, or one cannot be opened */
    static OpenRoots open(List<String> writable, List<String> readOnly) {
        if (writable.isEmpty()) {
            throw new StartException("cannot start: name at least one folder for images: --data DIR");
        }
        var opened = new OpenRoots();
        try {
            writable.forEach(path -> opened.add("--data", path, true));
            readOnly.forEach(path -> opened.add("--data-ro", path, false));
            return opened;
        } catch (StartException e) {
            opened.close();
            throw e;
        }
    }

    private void add(String option, String path, boolean writable) {
        try {
            PosixFolder folder =
                    PosixFolder.open(Path.of("").toAbsolutePath().resolve(path).toString());
            folders.add(folder);
            roots.add(new DataRoots.Root(folder, writable, CatalogStore.FOLDER));
        } catch (PosixException e) {
            throw new StartException("cannot start: %s %s: %s".formatted(option, path, e.reason()), e);
        }
    }

    DataRoots roots() {
        return new DataRoots(roots);
    }

    @Override
    public void close() {
        folders.forEach(PosixFolder::close);
    }
}
