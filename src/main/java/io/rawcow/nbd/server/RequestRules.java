package io.rawcow.nbd.server;

import io.rawcow.nbd.CommandFlags;
import io.rawcow.nbd.NbdCommand;
import io.rawcow.nbd.NbdError;
import io.rawcow.nbd.NbdLimits;
import io.rawcow.nbd.NbdProtocolException;
import io.rawcow.nbd.NbdRequest;
import io.rawcow.nbd.ReplyStyle;
import org.jspecify.annotations.Nullable;

/**
 * Which requests a client may make of an export, and with which error the others are refused: proto.md "Error values".
 */
final class RequestRules {
    private final long sizeBytes;
    private final boolean readOnly;
    private final ReplyStyle style;
    private final int contexts;

    RequestRules(Negotiated with) {
        this.sizeBytes = with.device().sizeBytes();
        this.readOnly = with.device().export().readOnly();
        this.style = with.style();
        this.contexts = with.contexts().size();
    }

    /**
     * How many bytes follow the header.
     *
     * @throws NbdProtocolException if that cannot be told, so that guest data would be taken for requests; or if they
     *     are more than the protocol's extension wants waited for
     */
    long payloadBytes(NbdRequest request) throws NbdProtocolException {
        boolean write = request.is(NbdCommand.WRITE);
        if (style != ReplyStyle.EXTENDED) {
            return write ? request.length() : 0;
        }
        boolean declared = request.has(CommandFlags.PAYLOAD_LEN);
        if (write && !declared) {
            throw new NbdProtocolException("a write without NBD_CMD_FLAG_PAYLOAD_LEN under extended headers");
        }
        if (declared && (request.length() < 0 || request.length() > NbdLimits.MAX_PAYLOAD_BYTES)) {
            throw new NbdProtocolException("payload too long: bytes=" + Long.toUnsignedString(request.length()));
        }
        return declared ? request.length() : 0;
    }

    /** Null if the request is to be carried out. */
    @Nullable
    Fault faultOf(NbdRequest request) {
        NbdCommand command = NbdCommand.of(request.type()).orElse(null);
        if (command == null) {
            return invalid("unknown command");
        }
        if ((request.flags() & ~flagsFor(command)) != 0) {
            return invalid("the flags do not fit the command");
        }
        return switch (command) {
            case READ ->
                request.length() > NbdLimits.MAX_PAYLOAD_BYTES || isNegative(request)
                        ? invalid("a read may have 32 MiB")
                        : range(request, NbdError.EINVAL);
            case WRITE -> {
                if (readOnly) {
                    yield readOnly();
                }
                yield request.length() > NbdLimits.MAX_PAYLOAD_BYTES || isNegative(request)
                        ? invalid("a write may have 32 MiB")
                        : range(request, NbdError.ENOSPC);
            }
            case WRITE_ZEROES -> readOnly ? readOnly() : range(request, NbdError.ENOSPC);
            case TRIM -> readOnly ? readOnly() : range(request, NbdError.EINVAL);
            case CACHE -> range(request, NbdError.EINVAL);
            case BLOCK_STATUS -> blockStatus(request);
            case FLUSH ->
                request.offset() != 0 || request.length() != 0 ? invalid("a flush has no offset and no length") : null;
            case DISC -> null;
        };
    }

    private int flagsFor(NbdCommand command) {
        boolean extended = style == ReplyStyle.EXTENDED;
        int special = switch (command) {
            case READ -> style.hasChunks() ? CommandFlags.DF : 0;
            case WRITE -> extended ? CommandFlags.PAYLOAD_LEN : 0;
            case WRITE_ZEROES -> CommandFlags.NO_HOLE | CommandFlags.FAST_ZERO;
            case BLOCK_STATUS -> CommandFlags.REQ_ONE | (extended && contexts > 0 ? CommandFlags.PAYLOAD_LEN : 0);
            case DISC, FLUSH, TRIM, CACHE -> 0;
        };
        // Clients are known to set it everywhere, so it is to be accepted everywhere.
        return special | CommandFlags.FUA;
    }

    private @Nullable Fault blockStatus(NbdRequest request) {
        if (contexts == 0) {
            return invalid("no context was selected");
        }
        if (request.has(CommandFlags.PAYLOAD_LEN)) {
            // The range is in the payload.
            return null;
        }
        return statusRange(request);
    }

    /** Of a block status request whose length is that of the range. */
    @Nullable
    Fault statusRange(NbdRequest request) {
        return request.length() == 0 ? invalid("a block status needs a length") : range(request, NbdError.EINVAL);
    }

    private static boolean isNegative(NbdRequest request) {
        return request.length() < 0;
    }

    private @Nullable Fault range(NbdRequest request, NbdError error) {
        boolean inside = request.offset() >= 0
                && request.length() >= 0
                && request.offset() <= sizeBytes
                && request.length() <= sizeBytes - request.offset();
        return inside ? null : new Fault(error, "the request ends past the export");
    }

    private static Fault invalid(String reason) {
        return new Fault(NbdError.EINVAL, reason);
    }

    private static Fault readOnly() {
        return new Fault(NbdError.EPERM, "the export is read-only");
    }
}
