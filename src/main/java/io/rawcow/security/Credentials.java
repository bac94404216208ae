package io.rawcow.security;

import jakarta.servlet.http.HttpServletRequest;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.AuthenticationConverter;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;

/** What a request has to show: a token (RFC 6750, in the header alone), else the certificate of its connection. */
final class Credentials implements AuthenticationConverter {
    private static final String SCHEME = "Bearer ";
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    @Override
    public @Nullable Authentication convert(HttpServletRequest request) {
        String header = request.getHeader(HttpHeaders.AUTHORIZATION);
        if (header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            String token = header.substring(SCHEME.length()).strip();
            return UsernamePasswordAuthenticationToken.unauthenticated("bearer", token);
        }
        if (request.getAttribute(CERTIFICATES) instanceof X509Certificate[] chain && chain.length > 0) {
            return new PreAuthenticatedAuthenticationToken(chain[0].getSubjectX500Principal(), "certificate");
        }
        return null;
    }
}
