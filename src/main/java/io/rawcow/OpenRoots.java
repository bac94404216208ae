package io.rawcow;

import io.rawcow.catalog.CatalogStore;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.PosixException;
import io.rawcow.posix.PosixFolder;
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

    private void add(String option, String stated, boolean writable) {
        String path = absolute(stated);
        try {
            PosixFolder folder = PosixFolder.open(path);
            folders.add(folder);
            // What was stated may lead there through links; callers know the folder by that name.
            roots.add(new DataRoots.Root(folder, writable, CatalogStore.FOLDER, path));
        } catch (PosixException e) {
            throw new StartException("cannot start: %s %s: %s".formatted(option, stated, e.reason()), e);
        }
    }

    /** Text, because a Path cannot have every name where the locale is not UTF-8. */
    private static String absolute(String stated) {
        String path = stated.startsWith("/") ? stated : System.getProperty("user.dir") + "/" + stated;
        String plain = path.replaceAll("/(\\./|/)+", "/").replaceAll("/\\.?$", "");
        return plain.isEmpty() ? "/" : plain;
    }

    DataRoots roots() {
        return new DataRoots(roots);
    }

    @Override
    public void close() {
        folders.forEach(PosixFolder::close);
    }
}
