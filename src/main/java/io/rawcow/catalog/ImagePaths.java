package io.rawcow.catalog;

import io.rawcow.block.BlockException;
import io.rawcow.format.SidecarHeader;
import io.rawcow.format.StoredName;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Errno;
import io.rawcow.posix.Folder;
import io.rawcow.posix.Place;
import io.rawcow.posix.PosixException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Turns what requests state into places inside the data roots, and checks their values. Opens no image's file. */
final class ImagePaths {
    private static final int MAX_PATH = 4096;

    private final DataRoots roots;

    ImagePaths(DataRoots roots) {
        this.roots = roots;
    }

    DataRoots roots() {
        return roots;
    }

    /** The request with absolute paths; every value is one that an image may have. */
    ImageRequest resolve(ImageRequest request) {
        requireFormat(request.backingFormat());
        if (request.size() != null && (request.size() < 1 || request.size() > SidecarHeader.MAX_SIZE)) {
            throw invalid("size", request.size(), "size is 1 to " + SidecarHeader.MAX_SIZE + " bytes");
        }
        if (request.sectorSize() != null && !SidecarHeader.isSectorSize(request.sectorSize())) {
            throw invalid("sectorSize", request.sectorSize(), "sectorSize is a power of two from 512 to 2097152");
        }
        return new ImageRequest(
                path("sidecar", request.sidecar()),
                path("backingFile", request.backingFile()),
                request.backingFormat(),
                path("rawFile", request.rawFile()),
                request.size(),
                request.sectorSize(),
                request.reuseRawFile(),
                request.acceptBackingChange(),
                request.acceptLostWrites(),
                request.newUuid());
    }

    private static void requireFormat(@Nullable String format) {
        if (format != null && !format.equals(StoredName.RAW) && !format.equals(StoredName.QCOW2)) {
            throw invalid("backingFormat", format, "backingFormat is raw or qcow2");
        }
    }

    private static ProblemException invalid(String field, Object value, String rule) {
        return ProblemException.ofField(
                ProblemCode.INVALID_VALUE, rule, field, value, "correct the value and repeat the request");
    }

    private @Nullable String path(String field, @Nullable String name) {
        if (name == null) {
            return null;
        }
        Place place = locate(field, name);
        if (!place.root().writable() && !field.equals("backingFile")) {
            throw outside(field, name, "the path lies in a data root for backings only");
        }
        return resolved(field, name, place);
    }

    /** One path for all that lead to a name; as it is stated where its folder is not there. */
    private static String resolved(String field, String name, Place place) {
        try (Folder parent = place.openParent()) {
            return (parent.path().equals("/") ? "" : parent.path()) + "/" + place.name();
        } catch (PosixException e) {
            if (e.errno() == Errno.EXDEV) {
                throw outside(field, name, "the path leads out of its data root");
            }
            return place.path();
        }
    }

    /** Where a path of a request leads; relative ones begin at the primary root. */
    Place locate(String field, String name) {
        if (name.isEmpty() || name.length() > MAX_PATH || name.indexOf('\0') >= 0) {
            throw invalid(field, shortened(name), field + " is a path of 1 to 4096 characters");
        }
        try {
            return roots.locate(name);
        } catch (PosixException e) {
            throw e.errno() == Errno.EXDEV
                    ? outside(field, name, "the path lies in no data root")
                    : ProblemException.of(BlockException.of(e, field));
        }
    }

    private static String shortened(String name) {
        return name.length() > 200 ? name.substring(0, 200) : name;
    }

    private static ProblemException outside(String field, String name, String reason) {
        return ProblemException.ofField(
                ProblemCode.PATH_OUTSIDE_ROOTS,
                reason + ": path=" + name,
                field,
                name,
                "use a path below a data root, or start the service with another --data or --data-ro");
    }

    /** Whether a name is taken, by whatever. */
    boolean exists(Place place) {
        try (Folder parent = place.openParent()) {
            return parent.status(place.name()).isPresent();
        } catch (PosixException e) {
            throw ProblemException.of(BlockException.of(e, "folder of " + place.name()));
        }
    }

    /** A file's name as a header beside {@code sidecar} stores it: relative to its folder when one root holds both. */
    String storedName(Place sidecar, Place file) {
        if (!sidecar.root().equals(file.root())) {
            return canonical(file);
        }
        return relative(parentPath(sidecar), canonical(file));
    }

    private static String parentPath(Place place) {
        try (Folder parent = place.openParent()) {
            return parent.path();
        } catch (PosixException e) {
            throw ProblemException.of(BlockException.of(e, "folder of " + place.name()));
        }
    }

    private static String canonical(Place file) {
        return parentPath(file) + "/" + file.name();
    }

    private static String relative(String folder, String file) {
        List<String> from = parts(folder);
        List<String> to = parts(file);
        int common = 0;
        while (common < from.size()
                && common < to.size() - 1
                && from.get(common).equals(to.get(common))) {
            common++;
        }
        var names = new ArrayList<String>();
        for (int i = common; i < from.size(); i++) {
            names.add("..");
        }
        names.addAll(to.subList(common, to.size()));
        return String.join("/", names);
    }

    private static List<String> parts(String path) {
        return Arrays.stream(path.split("/", -1))
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** The fields that {@code wanted} states and that are otherwise. */
    static List<Difference> differences(ImageRequest wanted, ImageRequest is) {
        var found = new ArrayList<Difference>();
        compare(found, "sidecar", wanted.sidecar(), is.sidecar());
        compare(found, "backingFile", wanted.backingFile(), is.backingFile());
        compare(found, "backingFormat", wanted.backingFormat(), is.backingFormat());
        compare(found, "rawFile", wanted.rawFile(), is.rawFile());
        compare(found, "size", wanted.size(), is.size());
        compare(found, "sectorSize", wanted.sectorSize(), is.sectorSize());
        return found;
    }

    private static void compare(List<Difference> found, String field, @Nullable Object wanted, @Nullable Object is) {
        if (wanted != null && !Objects.equals(wanted, is)) {
            found.add(new Difference(field, wanted, is));
        }
    }
}
