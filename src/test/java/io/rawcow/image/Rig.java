package io.rawcow.image;

import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Extent;
import io.rawcow.block.Zeroing;
import io.rawcow.posix.PosixException;
import io.rawcow.stream.ErrorPolicy;
import io.rawcow.stream.SteppedStream;
import io.rawcow.stream.StreamOptions;
import io.rawcow.testing.Host;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One image on a simulated disk, the guest that uses it, and what the service has promised so far. Every call checks
 * what it can; a promise that is broken is an AssertionError.
 */
final class Rig {

    /** How far the image has come in the eyes of whoever asked for it. */
    enum Phase {
        /** Somebody asked for it; no answer yet. */
        CREATING,
        /** It was created, or opened: it must open again. */
        LIVE,
        /** The detach was answered: the raw file is all there is. */
        DETACHED
    }

    /** What lies between two opens. */
    enum Between {
        CLEAN_CLOSE,
        KILL,
        POWER_LOSS
    }

    private final Layout layout;
    private final Host host;
    private final Service service;
    private final List<String> transcript = new ArrayList<>();
    private final GuestView guest;
    private final BitSet saved;
    private Phase phase;
    private boolean sidecarKept;
    private @Nullable LiveImage image;
    private @Nullable SteppedStream stream;
    private int failuresSeen;
    /** A sync failed in this run of the machine: answered writes may be lost, if somebody says so. */
    private boolean lossExcused;
    /** It failed while a guest's writes were owed and memory was there to say so in: somebody must. */
    private boolean lossExpected;

    /** Power was lost, or somebody accepts a loss, and the image was not opened since. */
    private boolean losing;

    private boolean owing;
    /** Failures of before this create or open excuse nothing any more. */
    private int failuresBefore;

    private Rig(Layout layout, Host host, GuestView guest, BitSet saved, Phase phase) {
        this.layout = layout;
        this.host = host;
        this.service = layout.inCatalog() ? new CatalogService(layout, host) : new PlainService(layout, host);
        this.guest = guest;
        this.saved = saved;
        this.phase = phase;
    }

    /** A disk on which nothing has happened yet. */
    static Rig fresh(Layout layout) {
        return fresh(layout, new SimulatedDisk());
    }

    /** A host on which nothing has happened yet. */
    static Rig fresh(Layout layout, Host host) {
        layout.placeOn(host);
        return new Rig(layout, host, new GuestView(layout.firstContent()), new BitSet(), Phase.CREATING);
    }

    /** The same promises on another host, with nothing open. */
    Rig on(Host other) {
        var rig = new Rig(layout, other, guest.copy(), (BitSet) saved.clone(), phase);
        rig.sidecarKept = sidecarKept;
        rig.failuresSeen = failuresSeen;
        rig.lossExcused = lossExcused;
        rig.lossExpected = lossExpected;
        rig.losing = losing;
        rig.failuresBefore = other.failed().size();
        return rig;
    }

    Layout layout() {
        return layout;
    }

    Host host() {
        return host;
    }

    /** Only for a simulated one. */
    SimulatedDisk disk() {
        return (SimulatedDisk) host;
    }

    GuestView guest() {
        return guest;
    }

    Phase phase() {
        return phase;
    }

    boolean isOpen() {
        return image != null;
    }

    LiveImage image() {
        return image;
    }

    /** What every call answered, in order. */
    List<String> transcript() {
        return transcript;
    }

    /** Whether a sync has failed, so that nothing but closing is of use. */
    boolean isFailed() {
        return image != null && image.failure() != null;
    }

    /** What was last asked of a detach. */
    boolean keepsSidecar() {
        return sidecarKept;
    }

    // ---- creating and opening

    /** Creates the image; false if a fault came between. */
    boolean create() {
        failuresBefore = host.failed().size();
        return attempt(() -> {
            if (service.create()) {
                phase = Phase.LIVE;
            }
        });
    }

    /** Opens the image and checks all that it holds; false if a fault came between. */
    boolean open(Between between) {
        failuresBefore = host.failed().size();
        if (between == Between.POWER_LOSS) {
            lossExcused = false;
            lossExpected = false;
            losing = true;
        }
        boolean opened = attempt(() -> image = openOrAcceptLoss());
        if (opened) {
            owing = false;
            byte[] found = readAll();
            Optional<String> wrong = losing
                    ? guest.compareAfterLoss(found)
                    : between == Between.KILL ? guest.compareAfterKill(found) : guest.compare(found);
            require(wrong.isEmpty(), "after %s: %s".formatted(between, wrong.orElse("")));
            requireSavedBits();
            phase = phase == Phase.CREATING ? Phase.LIVE : phase;
            boolean synced = !image.isStandalone();
            guest.adopt(found, between == Between.POWER_LOSS, synced);
            losing = false;
        }
        return opened;
    }

    /** The loss of answered writes is accepted where a failed sync explains it, and must be told of where one does. */
    private LiveImage openOrAcceptLoss() throws BlockException, PosixException {
        try {
            LiveImage strict = service.open(phase, sidecarKept, false);
            if (lossExpected && !strict.isStandalone()) {
                strict.abandon();
                throw new AssertionError("nobody knows any more that a sync failed");
            }
            return strict;
        } catch (BlockException e) {
            if (!String.valueOf(e.getMessage()).contains("whose bits are gone")) {
                throw e;
            }
            require(lossExcused, "answered writes are lost: " + e.getMessage());
            losing = true;
            lossExpected = false;
            LiveImage accepted = service.open(phase, sidecarKept, true);
            lossExcused = false;
            return accepted;
        }
    }

    private void requireSavedBits() {
        if (!image.isStandalone()) {
            BitSet lost = (BitSet) saved.clone();
            lost.andNot(allocated());
            require(lost.isEmpty(), "I1: saved bits are clear again: " + lost);
        }
    }

    private BitSet allocated() {
        var bits = new BitSet();
        int sectors = (int) image.geometry().sectorCount();
        bits.set(0, sectors);
        for (Optional<ByteRange> run = image.nextClear(0, Long.MAX_VALUE); run.isPresent(); ) {
            long end = run.get().end();
            int first = (int) image.geometry().sectorAt(run.get().offset());
            bits.clear(first, (int) image.geometry().sectorAfter(end));
            run = image.nextClear(end, Long.MAX_VALUE);
        }
        return bits;
    }

    // ---- the guest

    void write(int offset, byte[] bytes) {
        guest.write(offset, bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = nativeCopy(arena, bytes);
            answer(attempt(() -> image.write(offset, source)), offset, bytes.length);
        }
    }

    private void answer(boolean done, int offset, int length) {
        if (done) {
            guest.writeAnswered();
            owing = true;
        } else {
            guest.writeFailed(offset, length);
        }
    }

    void zero(int offset, int length, Zeroing how) {
        guest.write(offset, new byte[length]);
        answer(attempt(() -> image.zero(new ByteRange(offset, length), how)), offset, length);
    }

    /** Whole sectors of the range; the guest finds zeros there, and the rest as it was. */
    void trim(int offset, int length) {
        var range = new ByteRange(offset, length);
        Optional<ByteRange> sectors = image.geometry().alignIn(range);
        boolean punched = sectors.isPresent() && !image.isStandalone();
        if (punched) {
            int from = (int) sectors.get().offset();
            guest.write(from, new byte[(int) sectors.get().length()]);
            answer(attempt(() -> image.trim(range)), from, (int) sectors.get().length());
        }
    }

    /** Whether another client may write in the midst of a flush: with one thread, only if that takes no round. */
    boolean hasLastingMemory() {
        return owing
                && layout.liveBudget() == Layout.ENOUGH_MEMORY
                && host instanceof SimulatedDisk
                && host.failed().stream()
                        .noneMatch(operation -> operation.path().startsWith("/shm"));
    }

    /** A flush, and a write of another client that is answered before it. */
    void flushWhile(Meanwhile other) {
        disk().meanwhile(
                        operation -> operation.kind() == Operation.Kind.DATA_SYNC
                                && operation.path().endsWith(layout.rawPath()),
                        other::run);
        flush();
        disk().meanwhile(_ -> false, () -> {});
    }

    void flush() {
        guest.flush();
        BitSet before = allocated();
        if (attempt(() -> image.flush())) {
            guest.flushed();
            saved.or(before);
        }
    }

    /** Reads all of it and compares. */
    void check() {
        Optional<String> wrong = guest.compare(readAll());
        require(wrong.isEmpty(), wrong.orElse(""));
    }

    void checkPart(int offset, int length) {
        byte[] whole = guest.latest().clone();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(Math.max(1, length)).asSlice(0, length);
            if (attempt(() -> image.read(offset, part)) && !guest.isDoubtful(offset, length)) {
                MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, whole, offset, length);
                Optional<String> wrong = guest.compare(whole);
                require(wrong.isEmpty(), wrong.orElse(""));
            }
        }
    }

    private byte[] readAll() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment all = arena.allocate(layout.size());
            // What a failed sync makes unreadable is not wrong.
            byte[] found = attempt(() -> image.read(0, all)) ? all.toArray(ValueLayout.JAVA_BYTE) : guest.latest();
            transcript.add("read %08x allocated=%d raw=%d sidecar=%d"
                    .formatted(
                            Arrays.hashCode(found),
                            image.sectorsAllocated(),
                            host.sizeOf(layout.rawPath()),
                            host.exists(Layout.SIDECAR) ? host.sizeOf(Layout.SIDECAR) : -1));
            return found;
        }
    }

    private static MemorySegment nativeCopy(Arena arena, byte[] bytes) {
        MemorySegment segment = arena.allocate(Math.max(1, bytes.length)).asSlice(0, bytes.length);
        segment.copyFrom(MemorySegment.ofArray(bytes));
        return segment;
    }

    // ---- hydrating

    /** Something that happens between the read of the backing and the write to the raw file. */
    interface Meanwhile {
        void run();
    }

    /** Fills one window of clear sectors, as a step of the stream does, with the guest in between. */
    void hydrate(int from, int mostSectors, Meanwhile meanwhile) {
        Optional<ByteRange> run = image.nextClear(from, Long.MAX_VALUE);
        if (run.isEmpty()) {
            return;
        }
        long start = run.get().offset();
        long end = Math.min(run.get().end(), start + (long) mostSectors * layout.sectorSize());
        var window = ByteRange.between(start, end);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(window.length());
            boolean[] zero = {false};
            boolean read = attempt(() -> {
                Extent extent = image.backingExtentAt(start, end);
                zero[0] = extent.zero() && extent.range().end() >= end;
                image.readBacking(start, content);
            });
            meanwhile.run();
            if (read) {
                attempt(() -> image.hydrate(window, zero[0] ? null : content));
            }
        }
    }

    /** One step of the job, which detaches at the end. */
    void streamStep(boolean keepSidecar, int window, int saveBytes) {
        if (stream == null || !stream.isRunning()) {
            sidecarKept = keepSidecar;
            var options = new StreamOptions(0, ErrorPolicy.REPORT, true, keepSidecar);
            stream = new SteppedStream(image, options, service.record(keepSidecar), window, saveBytes);
        }
        stream.step();
        noteFailures();
        var snapshot = stream.snapshot();
        if (!stream.isRunning() && snapshot.error() == null) {
            phase = Phase.DETACHED;
        } else if (snapshot.error() != null) {
            require(hasFaults(), "the job ended with an error: " + snapshot.error());
        }
    }

    /** Hydrates what is left and detaches; false if a fault came between. */
    boolean detach(boolean keepSidecar) {
        for (long left = image.geometry().sectorCount(); left > 0 && !image.isComplete() && !isFailed(); left--) {
            hydrate(0, 8, () -> {});
        }
        if (!image.isComplete()) {
            return false;
        }
        sidecarKept = keepSidecar;
        boolean done = attempt(() -> image.detach(keepSidecar, service.record(keepSidecar)));
        if (done) {
            phase = Phase.DETACHED;
            require(keepSidecar || !host.exists(Layout.SIDECAR), "the sidecar was not removed");
        }
        return done;
    }

    // ---- ends

    /** Ends the process, and begins another where it was. */
    Rig kill() {
        Rig next = on(host.kill());
        if (image != null && !(host instanceof SimulatedDisk)) {
            image.abandon();
            service.stop();
        }
        next.transcript.addAll(transcript);
        return next;
    }

    void close() {
        LiveImage closing = image;
        image = null;
        stream = null;
        guest.flush();
        if (attempt(closing::close) && closing.failure() == null) {
            guest.flushed();
        }
        service.stop();
        require(
                layout.backing() == null
                        || !(host instanceof SimulatedDisk disk)
                        || disk.openHandles(Layout.BACKING) == 0,
                "I5: the backing is still open after a close");
    }

    /** Puts garbage into some sectors of the raw file that are clear. For an image that is not open. */
    void scribble(BitSet sectors, int tag) {
        for (int sector = sectors.nextSetBit(0); sector >= 0; sector = sectors.nextSetBit(sector + 1)) {
            int from = sector * layout.sectorSize();
            int end = Math.min(from + layout.sectorSize(), layout.size());
            if (from < end) {
                disk().scribble(layout.rawPath(), from, Layout.garbage(end - from, tag));
            }
        }
    }

    // ---- faults

    private interface Body {
        void run() throws BlockException, PosixException;
    }

    /** Runs something that may fail only because the disk was made to. */
    private boolean attempt(Body body) {
        try {
            body.run();
            transcript.add("done");
            return true;
        } catch (BlockException | PosixException e) {
            transcript.add(String.valueOf(e.getMessage()));
            if (!hasFaults()) {
                throw new AssertionError(e.getMessage(), e);
            }
            return false;
        } finally {
            noteFailures();
        }
    }

    boolean hasFaults() {
        return host.failed().size() > failuresBefore;
    }

    private void noteFailures() {
        List<Operation> failed = host.failed();
        for (Operation operation : failed.subList(failuresSeen, failed.size())) {
            if (operation.kind().isSync()) {
                lossExcused = true;
            }
            if (operation.kind().isSync() && operation.path().endsWith(layout.rawPath())) {
                guest.syncFailed();
                lossExpected |= hasLastingMemory();
            }
        }
        failuresSeen = failed.size();
    }

    static void require(boolean holds, String promise) {
        if (!holds) {
            throw new AssertionError(promise);
        }
    }
}
