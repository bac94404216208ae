package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import io.rawcow.block.BlockException;
import io.rawcow.block.ByteRange;
import io.rawcow.block.Zeroing;
import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdRequest;
import java.io.IOException;

/**
 * Carries out a request of a worker that leads: takes what belongs to it from the client, passes the lead on, goes into
 * the device, and answers.
 */
final class Commands {
    private static final long STEP_BYTES = 64L << 20;

    /** A hint is not worth more: the client waits for the answer. */
    private static final long MOST_PREFETCH_NANOS = 1_000_000_000;

    private final Session session;
    private final BlockDevice device;
    private final Outgoing out;
    private final Reads reads;
    private final Writes writes;
    private final BlockStatus blockStatus;

    /** @param out empty whenever a request is carried out, for its memory is used */
    Commands(Session session, Outgoing out) {
        this.session = session;
        this.device = session.device();
        this.out = out;
        this.reads = new Reads(session, out, this);
        this.writes = new Writes(session, out);
        this.blockStatus = new BlockStatus(session, out);
    }

    void carryOut(NbdRequest request, long began) throws IOException {
        NbdCommand command = NbdCommand.of(request.type()).orElseThrow();
        NbdError error = null;
        try {
            switch (command) {
                case READ -> {
                    session.lead().pass();
                    error = reads.answer(request);
                }
                case WRITE -> {
                    writes.carryOut(request);
                    finish(request);
                }
                case BLOCK_STATUS -> error = blockStatus.answer(request);
                default -> {
                    session.lead().pass();
                    carryOutInDevice(command, request);
                    finish(request);
                }
            }
        } catch (BlockException | RuntimeException e) {
            error = refuse(request, e);
        }
        session.answered(request, began, error);
    }

    private void carryOutInDevice(NbdCommand command, NbdRequest request) throws BlockException, IOException {
        if (command == NbdCommand.FLUSH) {
            device.flush();
        } else if (command == NbdCommand.WRITE_ZEROES && request.has(CommandFlags.FAST_ZERO)) {
            zeroFast(request);
        } else {
            inSteps(command, request);
        }
    }

    /** All or nothing: in one call. */
    private void zeroFast(NbdRequest request) throws BlockException {
        if (request.length() > 0) {
            device.zeroFast(new ByteRange(request.offset(), request.length()), zeroing(request));
        }
    }

    /** A client can ask for terabytes, and be cut off meanwhile. */
    private void inSteps(NbdCommand command, NbdRequest request) throws BlockException, IOException {
        long end = request.offset() + request.length();
        long began = System.nanoTime();
        for (long at = request.offset(); at < end; ) {
            session.requireAlive();
            // Ends where steps of any offset end, so that no sector is done in two parts.
            var range = new ByteRange(at, Math.min(end - at, STEP_BYTES - at % STEP_BYTES));
            switch (command) {
                case TRIM -> device.trim(range);
                case WRITE_ZEROES -> device.zero(range, zeroing(request));
                case CACHE -> {
                    if (session.isStopping() || System.nanoTime() - began > MOST_PREFETCH_NANOS) {
                        return;
                    }
                    device.prefetch(range);
                }
                case READ, WRITE, DISC, FLUSH, BLOCK_STATUS -> throw new IllegalStateException("not here: " + command);
            }
            at = range.end();
        }
    }

    private static Zeroing zeroing(NbdRequest request) {
        return request.has(CommandFlags.NO_HOLE) ? Zeroing.KEEP_ALLOCATED : Zeroing.PUNCH;
    }

    private void finish(NbdRequest request) throws IOException, BlockException {
        if (request.has(CommandFlags.FUA) && changes(request)) {
            device.flush();
        }
        out.addDone(request);
    }

    private static boolean changes(NbdRequest request) {
        return request.is(NbdCommand.WRITE) || request.is(NbdCommand.WRITE_ZEROES) || request.is(NbdCommand.TRIM);
    }

    /** Answers that the device could not. */
    NbdError refuse(NbdRequest request, Exception cause) throws IOException {
        Fault fault = faultOf(request, cause);
        out.addError(request, fault);
        return fault.error();
    }

    /** What the client is told; the log is told everything. */
    Fault faultOf(NbdRequest request, Exception cause) {
        Fault fault = Fault.of(cause);
        if (fault.error() == NbdError.ENOTSUP) {
            if (request.has(CommandFlags.FAST_ZERO)) {
                return fault;
            }
            fault = Fault.failed();
        }
        logFault(request, fault.error(), cause);
        return fault;
    }

    private void logFault(NbdRequest request, NbdError error, Exception cause) {
        String what = "request failed: %s: export=%s command=%s offset=%d length=%d error=%s"
                .formatted(
                        cause.getMessage(),
                        session.with().device().export().name(),
                        NbdCommand.of(request.type()).map(Enum::name).orElse("?"),
                        request.offset(),
                        request.length(),
                        error);
        // Where a bug comes from is worth its lines; a disk without space is not.
        session.server().faults().warn(what, cause instanceof BlockException ? null : cause);
    }
}
