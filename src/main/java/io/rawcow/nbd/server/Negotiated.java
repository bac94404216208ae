package io.rawcow.nbd.server;

import io.rawcow.nbd.ReplyStyle;
import java.nio.channels.ByteChannel;
import java.util.List;

/**
 * What a handshake came to.
 *
 * @param channel to and from the client; TLS where that was started
 * @param contexts selected for block status; a context's number on the wire is its place here
 */
record Negotiated(ByteChannel channel, OfferedDevice device, ReplyStyle style, List<StatusContext> contexts) {}
