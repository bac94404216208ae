package io.rawcow.nbd.suite;

import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.Opt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Sessions that begin as good ones, by the grammar of the protocol, and are then spoiled here and there. */
final class FuzzScript {
    private static final long[] EDGES = {
        0,
        1,
        2,
        0xff,
        511,
        4095,
        4096,
        4097,
        0xffff,
        65_536,
        Rig.SIZE - 1,
        Rig.SIZE,
        Rig.SIZE + 1,
        Proto.MAX_PAYLOAD,
        Proto.MAX_PAYLOAD + 1,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
    };
    private static final List<String> NAMES = List.of(Rig.DISK, "", "nosuch", "frozen", "é", "n".repeat(4096));
    private static final String[] QUERIES = {
        Contexts.ALLOCATION, Contexts.STRIPES, "base:", "x-test:", "a:b", ":", "nothing", "x:" + "y".repeat(4000)
    };

    private final Random random;

    FuzzScript(Random random) {
        this.random = random;
    }

    /** All that a client sends. */
    byte[] next() {
        Mode mode = Mode.any(random);
        var parts = new ArrayList<byte[]>();
        parts.add(new Wire().u32(chance(20) ? edge() : random.nextInt(4)).bytes());
        for (int i = random.nextInt(4); i > 0; i--) {
            parts.add(option());
        }
        if (mode != Mode.SIMPLE) {
            parts.add(Wire.option(mode == Mode.STRUCTURED ? Opt.STRUCTURED_REPLY : Opt.EXTENDED_HEADERS));
            parts.add(Wire.option(Opt.SET_META_CONTEXT, Wire.metaData(Rig.DISK, Contexts.ALLOCATION)));
        }
        String name = chance(10) ? pick(NAMES) : Rig.DISK;
        parts.add(
                chance(10)
                        ? Wire.option(Opt.EXPORT_NAME, Wire.utf8(name))
                        : Wire.option(Opt.GO, Wire.infoData(name, 3)));
        for (int i = random.nextInt(12); i > 0; i--) {
            parts.add(request().encode(mode, random.nextLong()));
        }
        if (chance(3)) {
            parts.add(Request.disconnect().encode(mode, 0));
        }
        return spoil(parts);
    }

    private byte[] option() {
        return switch (random.nextInt(8)) {
            case 0 -> Wire.option(Opt.LIST);
            case 1 -> Wire.option(Opt.INFO, Wire.infoData(pick(NAMES), 0, 1, 2, 3));
            case 2 -> Wire.option(Opt.LIST_META_CONTEXT, Wire.metaData(pick(NAMES), queries()));
            case 3 -> Wire.option(Opt.SET_META_CONTEXT, Wire.metaData(pick(NAMES), queries()));
            case 4 -> Wire.option(Opt.STARTTLS);
            case 5 -> Wire.option(chance(4) ? Opt.ABORT : Opt.PEEK_EXPORT);
            case 6 -> Wire.option(Opt.STRUCTURED_REPLY);
            default -> {
                byte[] rubbish = new byte[random.nextInt(100)];
                random.nextBytes(rubbish);
                yield Wire.option(random.nextInt(13), rubbish);
            }
        };
    }

    private String[] queries() {
        return Arrays.copyOfRange(QUERIES, random.nextInt(QUERIES.length), QUERIES.length);
    }

    private Request request() {
        int command = chance(12) ? random.nextInt(0x10000) : random.nextInt(8);
        long offset = chance(6) ? edge() : random.nextLong(Rig.SIZE);
        long length = chance(6) ? edge() : random.nextInt(8192);
        int flags = chance(4) ? random.nextInt(64) : 0;
        byte[] payload =
                command == Cmd.WRITE || chance(30) ? new byte[(int) Math.min(length & 0xffff, 8192)] : new byte[0];
        return new Request(command, flags, offset, length, payload);
    }

    /** One session in four stays as it is. */
    private byte[] spoil(List<byte[]> parts) {
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(parts.size());
            switch (random.nextInt(7)) {
                case 0 -> parts.remove(at);
                case 1 -> parts.add(at, parts.get(random.nextInt(parts.size())));
                case 2 -> parts.set(at, Arrays.copyOf(parts.get(at), random.nextInt(parts.get(at).length + 9)));
                case 3 -> parts.set(at, flip(parts.get(at)));
                case 4 -> parts.set(at, overwrite(parts.get(at), 4));
                case 5 -> parts.set(at, overwrite(parts.get(at), 8));
                default -> parts.set(at, overwrite(parts.get(at), 2));
            }
            if (parts.isEmpty()) {
                break;
            }
        }
        var all = new Wire();
        parts.forEach(all::raw);
        byte[] bytes = all.bytes();
        return chance(5) ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)) : bytes;
    }

    private byte[] flip(byte[] part) {
        byte[] flipped = part.clone();
        if (flipped.length > 0) {
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 + random.nextInt(255));
        }
        return flipped;
    }

    /** Some field of so many bytes becomes a number that is at an edge. */
    private byte[] overwrite(byte[] part, int width) {
        byte[] changed = part.clone();
        int fields = changed.length / 2 - width / 2 + 1;
        if (changed.length >= width) {
            int at = 2 * random.nextInt(fields);
            long value = edge();
            for (int i = 0; i < width; i++) {
                changed[at + i] = (byte) (value >>> (8 * (width - 1 - i)));
            }
        }
        return changed;
    }

    private boolean chance(int in) {
        return random.nextInt(in) == 0;
    }

    private long edge() {
        return EDGES[random.nextInt(EDGES.length)];
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
