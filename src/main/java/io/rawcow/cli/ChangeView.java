package io.rawcow.cli;

import io.rawcow.cli.remote.ServiceException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A line for every change, for programs and for reading later. */
final class ChangeView implements WatchView {
    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean json;
    /** By the name of the image, what makes another line of it. */
    private final Map<String, Object> shown = new HashMap<>();

    /** @param json whether lines are JSON objects */
    ChangeView(PrintWriter out, PrintWriter err, boolean json) {
        this.out = out;
        this.err = err;
        this.json = json;
    }

    @Override
    public void show(List<WatchedImage> images) throws ServiceException, CommandFailure {
        var gone = new HashSet<>(shown.keySet());
        for (WatchedImage image : images) {
            String name = image.shownImage().name();
            gone.remove(name);
            Object now = json ? image : WatchRow.of(image).line();
            if (!now.equals(shown.put(name, now))) {
                out.println(json ? line(name, image) : now);
            }
        }
        for (String name : gone) {
            shown.remove(name);
            out.println(json ? line(name, null) : Printable.of(name) + "  deleted");
        }
        if (out.checkError()) {
            throw nobodyReads();
        }
    }

    static CommandFailure nobodyReads() {
        return new CommandFailure("cannot write to standard output any more", null);
    }

    private static String line(String name, @Nullable WatchedImage now) {
        var line = new LinkedHashMap<String, @Nullable Object>();
        line.put("time", Instant.now());
        line.put("name", name);
        line.put("image", now == null ? null : now.image().json());
        line.put("job", now == null || now.job() == null ? null : now.job().json());
        return Json.lineForeign(line);
    }

    @Override
    public void say(String message) {
        err.println(message);
        err.flush();
    }

    @Override
    public void close() {
        out.flush();
    }
}
