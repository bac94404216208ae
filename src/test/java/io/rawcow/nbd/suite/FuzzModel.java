package io.rawcow.nbd.suite;

import static org.assertj.core.api.Assertions.assertThat;

import io.rawcow.nbd.suite.Proto.Cmd;
import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Err;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Requests that are well framed, and otherwise right or wrong: what comes back is what a model says. */
final class FuzzModel {
    static final int SIZE = 300_001;

    private static final Map<Integer, Integer> FLAGS = Map.of(
            Cmd.READ, CmdFlag.FUA | CmdFlag.DF,
            Cmd.WRITE, CmdFlag.FUA | CmdFlag.PAYLOAD_LEN,
            Cmd.FLUSH, CmdFlag.FUA,
            Cmd.TRIM, CmdFlag.FUA,
            Cmd.CACHE, CmdFlag.FUA,
            Cmd.WRITE_ZEROES, CmdFlag.FUA | CmdFlag.NO_HOLE | CmdFlag.FAST_ZERO,
            Cmd.BLOCK_STATUS, CmdFlag.FUA | CmdFlag.REQ_ONE);

    private final Random random;
    private final Transmission client;
    private final Mode mode;
    private final byte[] model = new byte[SIZE];

    FuzzModel(Random random, Transmission client) {
        this.random = random;
        this.client = client;
        this.mode = client.nbd().mode();
    }

    /** So many requests, up to eight of them in flight. */
    void run(int count) throws IOException {
        for (int done = 0; done < count; ) {
            // Those in flight together keep to places of their own.
            int lanes = 1 + random.nextInt(8);
            var requests = new Request[lanes];
            var cookies = new long[lanes];
            for (int lane = 0; lane < lanes; lane++) {
                requests[lane] = next(SIZE / lanes * lane, SIZE / lanes);
                cookies[lane] = client.send(requests[lane]);
            }
            for (int lane : shuffled(lanes)) {
                check(requests[lane], client.await(cookies[lane]));
            }
            done += lanes;
        }
        Bytes.assertEqual(client.read(0, SIZE), model);
    }

    private int[] shuffled(int count) {
        int[] order = new int[count];
        Arrays.setAll(order, i -> i);
        for (int i = count - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int mine = order[i];
            order[i] = order[other];
            order[other] = mine;
        }
        return order;
    }

    private Request next(int from, int room) {
        int command = random.nextInt(20) == 0 ? 8 + random.nextInt(0xfff8) : random.nextInt(8);
        if (command == Cmd.DISC) {
            command = Cmd.READ;
        }
        int offset = random.nextInt(room);
        int length = 1 + random.nextInt(room - offset);
        Request request = switch (command) {
            case Cmd.FLUSH -> Request.flush();
            case Cmd.WRITE -> Request.write(from + offset, randomBytes(length));
            default -> Request.of(command, from + offset, length);
        };
        if (random.nextInt(10) == 0) {
            request = request.with(1 << random.nextInt(16) & ~(mode == Mode.EXTENDED ? CmdFlag.PAYLOAD_LEN : 0));
        }
        if (random.nextInt(10) == 0 && command != Cmd.FLUSH) {
            long beyond = random.nextBoolean() ? SIZE - request.length() + 1 + random.nextInt(9) : random.nextLong();
            request = new Request(command, request.flags(), beyond, request.length(), request.payload());
        }
        return request;
    }

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private void check(Request request, Reply reply) {
        var allowed = expected(request);
        assertThat(allowed).as("%s in %s: %s", request, mode, reply.message()).contains(reply.error());
        if (reply.error() != 0) {
            return;
        }
        int offset = (int) request.offset();
        int length = (int) request.length();
        switch (request.command()) {
            case Cmd.READ -> Bytes.assertEqual(reply.data(), Arrays.copyOfRange(model, offset, offset + length));
            case Cmd.WRITE -> System.arraycopy(request.payload(), 0, model, offset, length);
            // Our device makes zeros of what is trimmed.
            case Cmd.WRITE_ZEROES, Cmd.TRIM -> Arrays.fill(model, offset, offset + length, (byte) 0);
            case Cmd.BLOCK_STATUS -> reply.status().values().forEach(this::checkStatus);
            default -> {}
        }
    }

    private void checkStatus(List<Reply.Extent> extents) {
        assertThat(extents.getFirst().length()).isPositive();
    }

    private Set<Integer> expected(Request request) {
        Integer flags = FLAGS.get(request.command());
        if (flags == null || (request.flags() & ~flags(flags)) != 0) {
            // Out of range besides, or not: which of two wrongs is told is free.
            return flags == null || inRange(request)
                    ? Set.of(Err.EINVAL)
                    : Set.copyOf(List.of(Err.EINVAL, beyond(request)));
        }
        if (request.command() == Cmd.BLOCK_STATUS && mode == Mode.SIMPLE) {
            return Set.of(Err.EINVAL);
        }
        if (!inRange(request)) {
            return request.command() == Cmd.CACHE ? Set.of(Err.EINVAL, Err.ENOSPC) : Set.of(beyond(request));
        }
        boolean large = request.has(CmdFlag.DF) && request.length() > 65_536;
        return large ? Set.of(0, Err.EOVERFLOW) : Set.of(0);
    }

    private int flags(int known) {
        int without = mode == Mode.SIMPLE ? CmdFlag.DF : 0;
        return known & ~without & ~(mode == Mode.EXTENDED ? 0 : CmdFlag.PAYLOAD_LEN);
    }

    private static int beyond(Request request) {
        boolean writes = request.command() == Cmd.WRITE || request.command() == Cmd.WRITE_ZEROES;
        return writes ? Err.ENOSPC : Err.EINVAL;
    }

    private static boolean inRange(Request request) {
        return request.offset() >= 0 && request.offset() <= SIZE - request.length();
    }
}
