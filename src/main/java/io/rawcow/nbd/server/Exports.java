package io.rawcow.nbd.server;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** The exports that are offered, by name. Safe from many threads. */
final class Exports {
    private final NavigableMap<String, OfferedDevice> byName = new TreeMap<>();

    synchronized OfferedDevice offer(Export export) {
        var offered = new OfferedDevice(export, this);
        if (byName.putIfAbsent(export.name(), offered) != null) {
            throw new IllegalStateException("cannot offer export: the name is taken: name=" + export.name());
        }
        return offered;
    }

    synchronized void forget(OfferedDevice gone) {
        byName.remove(gone.export().name(), gone);
    }

    private synchronized List<OfferedDevice> all() {
        return new ArrayList<>(byName.values());
    }

    /** Those that take clients, by name. */
    List<OfferedDevice> visible() {
        return all().stream().filter(OfferedDevice::isVisible).toList();
    }

    /** The export of that name that takes clients; the empty name stands for the only one there is. */
    Optional<OfferedDevice> find(String name) {
        if (name.isEmpty()) {
            List<OfferedDevice> visible = visible();
            return visible.size() == 1 ? Optional.of(visible.getFirst()) : Optional.empty();
        }
        OfferedDevice offered;
        synchronized (this) {
            offered = byName.get(name);
        }
        return Optional.ofNullable(offered).filter(OfferedDevice::isVisible);
    }
}
