package io.rawcow.nbd.server;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import tlschannel.ServerTlsChannel;
import tlschannel.TlsChannel;

/**
 * A connection that speaks TLS from now on.
 *
 * @param subject of the client's certificate; null without one
 */
record TlsUpgrade(TlsChannel channel, @Nullable String subject) {
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    /**
     * Does the TLS handshake.
     *
     * @throws RefusedException if it comes to nothing, or the client may not come in
     */
    static TlsUpgrade of(SocketChannel socket, TlsSettings settings) throws IOException {
        SSLContext context = settings.contexts().current();
        TlsChannel channel = ServerTlsChannel.newBuilder(socket, context)
                .withEngineFactory(used -> engine(used, settings))
                .withWaitForCloseConfirmation(false)
                .build();
        try {
            channel.handshake();
        } catch (IOException e) {
            throw new RefusedException(Refusal.TLS, "TLS handshake: " + e.getMessage());
        }
        X500Principal subject = subject(channel.getSslEngine().getSession());
        List<X500Principal> allowed = settings.allowedSubjects();
        if (subject != null && !allowed.isEmpty() && !allowed.contains(subject)) {
            throw new RefusedException(Refusal.TLS, "client certificate not allowed: subject=" + subject.getName());
        }
        return new TlsUpgrade(channel, subject == null ? null : subject.getName());
    }

    private static SSLEngine engine(SSLContext context, TlsSettings settings) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(VERSIONS);
        switch (settings.clientCertificates()) {
            case NONE -> engine.setNeedClientAuth(false);
            case OPTIONAL -> engine.setWantClientAuth(true);
            case REQUIRED -> engine.setNeedClientAuth(true);
        }
        return engine;
    }

    private static @Nullable X500Principal subject(SSLSession session) {
        try {
            return session.getPeerPrincipal() instanceof X500Principal subject ? subject : null;
        } catch (SSLPeerUnverifiedException e) {
            return null;
        }
    }
}
