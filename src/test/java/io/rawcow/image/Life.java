package io.rawcow.image;

import io.rawcow.block.Zeroing;
import io.rawcow.image.Rig.Between;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** The drawn life of an image, from its creation to some time after its detach: what a guest and the service do. */
final class Life {
    private final SplittableRandom random;
    private final UnaryOperator<Rig> reborn;
    private final boolean simulated;
    private Rig rig;
    private int tag;

    /** @param reborn told of each rig that begins with another disk, answers it */
    Life(Rig rig, SplittableRandom random, UnaryOperator<Rig> reborn) {
        this(rig, random, reborn, true);
    }

    /** @param simulated false to leave out what only a simulated disk can do */
    Life(Rig rig, SplittableRandom random, UnaryOperator<Rig> reborn, boolean simulated) {
        this.simulated = simulated;
        this.rig = rig;
        this.random = random;
        this.reborn = reborn;
    }

    Rig rig() {
        return rig;
    }

    /** All of it. */
    void run() {
        for (int tries = 0; !rig.create(); tries++) {
            Rig.require(tries < 20, "creation fails for good");
        }
        scribble();
        open(Between.CLEAN_CLOSE);
        for (int lives = random.nextInt(1, 4); lives > 0; lives--) {
            guestWorks(random.nextInt(3, 9));
            endAndReopen();
        }
        guestWorks(random.nextInt(4));
        end();
        guestWorks(random.nextInt(1, 4));
        endAndReopen();
        rig.close();
    }

    /** What comes after a crash: everything that is left to do. For an image that is open. */
    void liveOn() {
        guestWorks(2);
        if (rig.phase() != Rig.Phase.DETACHED) {
            boolean done = rig.image().isStandalone() ? rig.detach(rig.keepsSidecar()) : streamToEnd();
            Rig.require(done, "the image cannot be detached");
        }
        guestWorks(2);
        rig.check();
        rig.close();
        open(Between.CLEAN_CLOSE);
        rig.close();
    }

    private boolean streamToEnd() {
        for (int tries = 0; tries < 1000 && rig.phase() != Rig.Phase.DETACHED; tries++) {
            rig.streamStep(rig.keepsSidecar(), 1 << 20, 1 << 20);
        }
        return rig.phase() == Rig.Phase.DETACHED;
    }

    private void scribble() {
        if (simulated && !rig.layout().device() && rig.host().failed().isEmpty() && random.nextBoolean()) {
            int sectors = (rig.layout().size() - 1) / rig.layout().sectorSize() + 1;
            var some = new BitSet();
            for (int i = 0; i < sectors; i++) {
                some.set(i, random.nextInt(3) != 0);
            }
            rig.scribble(some, random.nextInt());
        }
    }

    private void open(Between between) {
        for (int tries = 0; !rig.open(between); tries++) {
            Rig.require(tries < 20, "opening fails for good");
        }
    }

    /** Ends this life of the service somehow and begins the next. */
    private void endAndReopen() {
        switch (random.nextInt(simulated ? 4 : 3)) {
            case 0, 1 -> {
                boolean failed = rig.isFailed();
                rig.close();
                open(failed || rig.hasFaults() ? Between.KILL : Between.CLEAN_CLOSE);
            }
            case 2 -> {
                rig = reborn.apply(rig.kill());
                open(Between.KILL);
            }
            default -> {
                SimulatedDisk left = rig.disk().cut(Survival.of(random.nextInt(12), random.nextLong()));
                rig = reborn.apply(rig.on(left));
                open(Between.POWER_LOSS);
            }
        }
    }

    /** Streams and detaches, by the job or by hand, through as many lives as faults cost. */
    private void end() {
        boolean byJob = random.nextBoolean();
        boolean keepSidecar = random.nextInt(3) == 0;
        int window = rig.layout().sectorSize() * random.nextInt(1, 6);
        for (int tries = 0; rig.phase() != Rig.Phase.DETACHED; tries++) {
            Rig.require(tries < 400, "the stream never ends");
            if (rig.isFailed()) {
                rig.close();
                open(Between.KILL);
            }
            if (!byJob) {
                boolean _ = rig.detach(keepSidecar);
            } else {
                rig.streamStep(keepSidecar, window, 3 * window);
                // How many steps it takes depends on where the file system sees holes.
                if (simulated && random.nextInt(5) == 0 && rig.phase() != Rig.Phase.DETACHED) {
                    guestWorks(1);
                }
            }
        }
    }

    /** Some things that a guest or a stream does, one after the other. */
    void guestWorks(int times) {
        for (int i = 0; i < times && !rig.isFailed(); i++) {
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3 -> write();
                case 4 -> zero();
                case 5, 6, 7 -> rig.flush();
                case 8 -> rig.check();
                case 9 -> {
                    int at = random.nextInt(rig.layout().size());
                    rig.checkPart(at, random.nextInt(rig.layout().size() - at + 1));
                }
                case 10 -> rig.hydrate(somewhere(), random.nextInt(1, 5), () -> {});
                case 11 -> trim();
                case 12 -> {
                    write(); // with FUA
                    rig.flush();
                }
                case 13 -> flushAmidWrites();
                default -> rig.hydrate(somewhere(), random.nextInt(1, 5), this::change);
            }
        }
    }

    /** What a guest does while the stream stands between reading the backing and taking the range. */
    private void change() {
        switch (random.nextInt(4)) {
            case 0 -> zero();
            case 1 -> trim();
            default -> write();
        }
    }

    private void flushAmidWrites() {
        if (simulated && rig.hasLastingMemory()) {
            rig.flushWhile(this::change);
        } else {
            rig.flush();
        }
    }

    private int somewhere() {
        return random.nextInt(rig.layout().size());
    }

    private int length(int offset) {
        int most =
                random.nextInt(3) == 0 ? rig.layout().size() : 3 * rig.layout().sectorSize();
        return Math.min(random.nextInt(1, most + 1), rig.layout().size() - offset);
    }

    private int offset() {
        int at = somewhere();
        return switch (random.nextInt(3)) {
            case 0 -> at / rig.layout().sectorSize() * rig.layout().sectorSize();
            case 1 -> at / 512 * 512;
            default -> at;
        };
    }

    private void write() {
        int offset = offset();
        byte[] bytes = new byte[length(offset)];
        tag++;
        Layout.fill(bytes, 0, bytes.length, 0x10101 * tag);
        rig.write(offset, bytes);
    }

    private void trim() {
        int offset = offset();
        rig.trim(offset, length(offset));
    }

    private void zero() {
        int offset = offset();
        rig.zero(offset, length(offset), random.nextBoolean() ? Zeroing.PUNCH : Zeroing.KEEP_ALLOCATED);
    }
}
