package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.format.Sidecar;
import io.rawcow.format.SidecarState;
import io.rawcow.posix.Access;
import io.rawcow.posix.DataRoots;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Host;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** The engine alone, with one file that remembers a detach. */
final class PlainService implements Service {
    private static final String RECORD = "catalog/vm.json";
    private static final byte[] STANDALONE = "{\"state\":\"standalone\"}".getBytes(StandardCharsets.UTF_8);

    private final Layout layout;
    private final Host host;

    PlainService(Layout layout, Host host) {
        this.layout = layout;
        this.host = host;
    }

    @Override
    public boolean create() throws BlockException, PosixException {
        DataRoots roots = Service.roots(host);
        try {
            ImageCreator.create(roots, layout.spec(roots));
            return true;
        } catch (BlockException e) {
            if (e.kind() != FaultKind.SIDECAR_EXISTS) {
                throw e;
            }
            return false;
        }
    }

    @Override
    public LiveImage open(Rig.Phase phase, boolean sidecarKept, boolean acceptLoss)
            throws BlockException, PosixException {
        DataRoots roots = Service.roots(host);
        boolean recorded = host.exists(RECORD);
        Rig.require(phase != Rig.Phase.DETACHED || recorded, "the record of an answered detach is gone");
        if (phase == Rig.Phase.CREATING) {
            boolean _ = create();
        }
        if (recorded) {
            boolean there = host.exists(Layout.SIDECAR);
            Rig.require(phase != Rig.Phase.DETACHED || there == sidecarKept, "the sidecar was kept: " + there);
            if (!there) {
                return ImageOpener.openStandalone(roots.locate(layout.rawPath()));
            }
            requireStandaloneSidecar(roots);
        }
        return ImageOpener.open(
                roots,
                roots.locate(Layout.SIDECAR),
                TestLive.on(host, layout.liveBudget()),
                new OpenOptions(false, acceptLoss, false));
    }

    private static void requireStandaloneSidecar(DataRoots roots) throws BlockException, PosixException {
        try (OpenFile file = roots.locate(Layout.SIDECAR).open(Access.READ)) {
            SidecarState state = Sidecar.open(file, "").extension().state();
            Rig.require(state == SidecarState.STANDALONE, "recorded as standalone, but its sidecar says " + state);
        }
    }

    /** Writes a file as a catalog does: whole under another name, synced, renamed, and the folder synced. */
    @Override
    public StandaloneRecord record(boolean keepSidecar) {
        return () -> {
            try (Folder folder = host.root().folder("catalog")) {
                if (folder.status("vm.json.new").isPresent()) {
                    folder.unlink("vm.json.new");
                }
                try (OpenFile file = folder.create("vm.json.new", 0600);
                        Arena arena = Arena.ofConfined()) {
                    file.write(0, arena.allocate(STANDALONE.length).copyFrom(MemorySegment.ofArray(STANDALONE)));
                    file.sync();
                }
                folder.rename("vm.json.new", "vm.json");
                folder.sync();
            } catch (PosixException e) {
                throw BlockException.of(e, "catalog");
            }
        };
    }

    @Override
    public void stop() {}
}
