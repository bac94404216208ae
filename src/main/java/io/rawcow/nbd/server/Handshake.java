package io.rawcow.nbd.server;

import io.rawcow.nbd.HandshakeFlags;
import io.rawcow.nbd.NbdInfo;
import io.rawcow.nbd.NbdMagic;
import io.rawcow.nbd.NbdOption;
import io.rawcow.nbd.NbdProtocolException;
import io.rawcow.nbd.NbdReply;
import io.rawcow.nbd.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Agrees with a client on an export and on how to talk about it: fixed newstyle negotiation, proto.md "Handshake". One
 * thread. Nothing of an export is looked at before TLS where that is required.
 */
final class Handshake {
    /** Longer options are not kept in memory. */
    private static final int MOST_OPTION_BYTES = 64 << 10;
    /** Longer options are not even skipped. */
    private static final int MOST_SKIPPED_BYTES = 1 << 20;

    private static final int ZEROES = 124;

    private final ServerContext server;
    private final Client client;
    private OptionWire wire;
    private boolean fixed;
    private boolean noZeroes;
    private boolean secure;
    private ReplyStyle style = ReplyStyle.SIMPLE;
    private List<StatusContext> contexts = List.of();
    private @Nullable OfferedDevice contextsOf;

    Handshake(ServerContext server, Client client) {
        this.server = server;
        this.client = client;
        this.wire = new OptionWire(client.socket());
    }

    /** Empty if the client wants nothing more. When it answers, the client is among the export's. */
    Optional<Negotiated> run() throws IOException {
        greet();
        for (int options = 0; options < server.settings().handshakeOptions(); options++) {
            ByteBuffer header = wire.read(NbdOption.HEADER_BYTES);
            if (header.getLong() != NbdMagic.OPTION) {
                throw new NbdProtocolException("not an option");
            }
            int number = header.getInt();
            long length = header.getInt() & 0xFFFF_FFFFL;
            Optional<NbdOption> option = NbdOption.of(number);
            if (!fixed && option.orElse(null) != NbdOption.EXPORT_NAME) {
                throw new NbdProtocolException("an option that needs fixed newstyle: option=" + number);
            }
            if (length > MOST_SKIPPED_BYTES) {
                throw new RefusedException(
                        Refusal.HANDSHAKE_FLOOD, "option too long: option=%d bytes=%d".formatted(number, length));
            }
            if (option.orElse(null) == NbdOption.ABORT) {
                wire.skip(length);
                wire.acknowledge(number);
                return Optional.empty();
            }
            Optional<Negotiated> end = answer(number, option, (int) length);
            if (end.isPresent()) {
                return end;
            }
        }
        throw new RefusedException(Refusal.HANDSHAKE_FLOOD, "too many options");
    }

    private void greet() throws IOException {
        var hello = ByteBuffer.allocate(Long.BYTES * 2 + Short.BYTES);
        hello.putLong(NbdMagic.SERVER).putLong(NbdMagic.OPTION);
        int offered = HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES;
        hello.putShort((short) offered);
        wire.write(hello.flip());
        int flags = wire.read(Integer.BYTES).getInt();
        if ((flags & ~offered) != 0) {
            throw new NbdProtocolException("unknown client flags: flags=0x%x".formatted(flags));
        }
        fixed = (flags & HandshakeFlags.FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & HandshakeFlags.NO_ZEROES) != 0;
    }

    private Optional<Negotiated> answer(int number, Optional<NbdOption> option, int length) throws IOException {
        boolean legacy = option.orElse(null) == NbdOption.EXPORT_NAME;
        try {
            requireWilling(option, length);
            if (length > MOST_OPTION_BYTES) {
                wire.skip(length);
                throw new OptionException(NbdReply.ERR_TOO_BIG, "the option is too long: bytes=" + length);
            }
            var data = new OptionData(wire.read(length));
            return switch (option.orElseThrow()) {
                case EXPORT_NAME -> Optional.of(exportName(data));
                case GO -> Optional.of(go(data));
                default -> {
                    carryOn(option.orElseThrow(), data);
                    yield Optional.empty();
                }
            };
        } catch (OptionException e) {
            if (legacy) {
                throw new RefusedException(legacyRefusal(e), String.valueOf(e.getMessage()));
            }
            if (option.orElse(null) == NbdOption.GO && e.reply() == NbdReply.ERR_POLICY) {
                server.observer().refused(Refusal.EXPORT_CONNECTIONS.word());
            }
            wire.refuse(number, e);
            return Optional.empty();
        }
    }

    /** An option that has no answer for errors but the end of the connection. */
    private static Refusal legacyRefusal(OptionException e) {
        return switch (e.reply()) {
            case NbdReply.ERR_POLICY -> Refusal.EXPORT_CONNECTIONS;
            case NbdReply.ERR_TLS_REQD -> Refusal.TLS;
            case NbdReply.ERR_UNKNOWN -> Refusal.UNKNOWN_EXPORT;
            default -> Refusal.PROTOCOL;
        };
    }

    /** The reasons against an option that do not depend on its data. */
    private void requireWilling(Optional<NbdOption> option, int length) throws IOException, OptionException {
        OptionException refusal = null;
        if (server.isStopping()) {
            refusal = new OptionException(NbdReply.ERR_SHUTDOWN, "the server is shutting down");
        } else if (isTlsMissing() && option.orElse(null) != NbdOption.STARTTLS) {
            refusal = new OptionException(NbdReply.ERR_TLS_REQD, "start TLS first");
        } else if (option.isEmpty()) {
            refusal = new OptionException(NbdReply.ERR_UNSUP, "unknown option");
        }
        if (refusal != null) {
            wire.skip(length);
            throw refusal;
        }
    }

    private boolean isTlsMissing() {
        return !secure && server.tls() != null && server.tls().required();
    }

    private void carryOn(NbdOption option, OptionData data) throws IOException, OptionException {
        switch (option) {
            case LIST -> list(data);
            case STARTTLS -> startTls(data);
            case INFO -> info(data);
            case STRUCTURED_REPLY -> structuredReply(data);
            case EXTENDED_HEADERS -> extendedHeaders(data);
            case LIST_META_CONTEXT -> listContexts(data);
            case SET_META_CONTEXT -> setContexts(data);
            case EXPORT_NAME, ABORT, GO -> throw new IllegalStateException("ends the handshake: " + option);
        }
    }

    private void list(OptionData data) throws IOException, OptionException {
        data.requireEnd();
        for (OfferedDevice device : server.exports().visible()) {
            wire.reply(NbdOption.LIST.number(), NbdReply.SERVER, ExportAnswers.listed(device.export()));
        }
        wire.acknowledge(NbdOption.LIST.number());
    }

    private void startTls(OptionData data) throws IOException, OptionException {
        data.requireEnd();
        TlsSettings tls = server.tls();
        if (tls == null) {
            throw new OptionException(NbdReply.ERR_POLICY, "TLS is not configured");
        }
        if (secure) {
            throw new OptionException("TLS was started already");
        }
        wire.acknowledge(NbdOption.STARTTLS.number());
        wire = new OptionWire(client.startTls(tls));
        secure = true;
        // What was agreed on in clear could have been said by somebody else.
        style = ReplyStyle.SIMPLE;
        contexts = List.of();
        contextsOf = null;
    }

    private void structuredReply(OptionData data) throws IOException, OptionException {
        data.requireEnd();
        if (style == ReplyStyle.EXTENDED) {
            throw new OptionException(NbdReply.ERR_EXT_HEADER_REQD, "extended headers were agreed on already");
        }
        if (style == ReplyStyle.STRUCTURED) {
            throw new OptionException("structured replies were agreed on already");
        }
        style = ReplyStyle.STRUCTURED;
        wire.acknowledge(NbdOption.STRUCTURED_REPLY.number());
    }

    private void extendedHeaders(OptionData data) throws IOException, OptionException {
        data.requireEnd();
        if (style == ReplyStyle.EXTENDED) {
            throw new OptionException("extended headers were agreed on already");
        }
        style = ReplyStyle.EXTENDED;
        wire.acknowledge(NbdOption.EXTENDED_HEADERS.number());
    }

    private void listContexts(OptionData data) throws IOException, OptionException {
        String name = contextExport(data);
        List<String> queries = endingWith(data);
        List<StatusContext> found = ContextQueries.list(find(name).export().contexts(), queries);
        for (StatusContext context : found) {
            wire.reply(NbdOption.LIST_META_CONTEXT.number(), NbdReply.META_CONTEXT, ExportAnswers.context(0, context));
        }
        wire.acknowledge(NbdOption.LIST_META_CONTEXT.number());
    }

    private void setContexts(OptionData data) throws IOException, OptionException {
        // Also where this fails the client has nothing selected any more.
        contexts = List.of();
        contextsOf = null;
        String name = contextExport(data);
        List<String> queries = endingWith(data);
        OfferedDevice device = find(name);
        List<StatusContext> selected = ContextQueries.select(device.export().contexts(), queries);
        for (int id = 0; id < selected.size(); id++) {
            wire.reply(
                    NbdOption.SET_META_CONTEXT.number(),
                    NbdReply.META_CONTEXT,
                    ExportAnswers.context(id, selected.get(id)));
        }
        wire.acknowledge(NbdOption.SET_META_CONTEXT.number());
        contexts = selected;
        contextsOf = device;
    }

    private String contextExport(OptionData data) throws OptionException {
        if (!style.hasChunks()) {
            throw new OptionException("contexts need structured replies");
        }
        return data.string();
    }

    private static List<String> endingWith(OptionData data) throws OptionException {
        List<String> queries = data.strings();
        data.requireEnd();
        return queries;
    }

    private void info(OptionData data) throws IOException, OptionException {
        String name = data.string();
        List<Integer> requests = requests(data);
        inform(NbdOption.INFO, find(name), requests);
        wire.acknowledge(NbdOption.INFO.number());
    }

    private Negotiated go(OptionData data) throws IOException, OptionException {
        String name = data.string();
        List<Integer> requests = requests(data);
        OfferedDevice device = find(name);
        enter(device);
        inform(NbdOption.GO, device, requests);
        wire.acknowledge(NbdOption.GO.number());
        return negotiated(device);
    }

    private static List<Integer> requests(OptionData data) throws OptionException {
        List<Integer> requests = data.shorts();
        data.requireEnd();
        return requests;
    }

    private void inform(NbdOption option, OfferedDevice device, List<Integer> requests) throws IOException {
        wire.reply(option.number(), NbdReply.INFO, ExportAnswers.export(device, flags(device)));
        if (requests.contains(NbdInfo.NAME)) {
            wire.reply(option.number(), NbdReply.INFO, ExportAnswers.name(device.export()));
        }
        if (requests.contains(NbdInfo.DESCRIPTION)) {
            wire.reply(option.number(), NbdReply.INFO, ExportAnswers.description(device.export()));
        }
        if (requests.contains(NbdInfo.BLOCK_SIZE)) {
            wire.reply(option.number(), NbdReply.INFO, ExportAnswers.blockSizes());
        }
    }

    private Negotiated exportName(OptionData data) throws IOException, OptionException {
        if (style == ReplyStyle.EXTENDED) {
            throw new OptionException("extended headers exclude NBD_OPT_EXPORT_NAME");
        }
        OfferedDevice device = find(data.rest());
        enter(device);
        wire.write(ExportAnswers.legacy(device, flags(device), noZeroes ? 0 : ZEROES));
        return negotiated(device);
    }

    private int flags(OfferedDevice device) {
        return ExportAnswers.flags(device.export(), style, !contextsFor(device).isEmpty());
    }

    private List<StatusContext> contextsFor(OfferedDevice device) {
        return device.equals(contextsOf) ? contexts : List.of();
    }

    private Negotiated negotiated(OfferedDevice device) {
        return new Negotiated(wire.channel(), device, style, contextsFor(device));
    }

    private OfferedDevice find(String name) throws OptionException {
        return server.exports()
                .find(name)
                .orElseThrow(() -> new OptionException(NbdReply.ERR_UNKNOWN, "there is no such export"));
    }

    private void enter(OfferedDevice device) throws OptionException {
        switch (client.enter(device)) {
            case ADMITTED -> {}
            case GONE -> throw new OptionException(NbdReply.ERR_UNKNOWN, "there is no such export");
            case FULL ->
                throw new OptionException(
                        NbdReply.ERR_POLICY,
                        "the export has all the clients it may have: maxConnections="
                                + device.export().maxConnections());
        }
    }
}
