package io.rawcow.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;

/** Knows callers by what they show. */
final class Callers implements AuthenticationManager {
    private record Known(AccessSettings.Token caller, TokenFile file) {}

    private final List<Known> tokens = new ArrayList<>();
    private final List<AccessSettings.Subject> subjects;

    /** @throws IOException if a file of tokens cannot be used */
    Callers(AccessSettings settings) throws IOException {
        for (AccessSettings.Token caller : settings.tokens()) {
            tokens.add(new Known(caller, TokenFile.open(caller.file())));
        }
        this.subjects = settings.subjects();
    }

    @Override
    public Authentication authenticate(Authentication shown) {
        if (shown.getPrincipal() instanceof X500Principal subject) {
            return bySubject(subject);
        }
        return byToken(String.valueOf(shown.getCredentials()));
    }

    private Authentication bySubject(X500Principal shown) {
        return subjects.stream()
                .filter(caller -> caller.subject().equals(shown))
                .findFirst()
                .map(caller -> authenticated(caller.name(), caller.role()))
                .orElseThrow(() -> new BadCredentialsException("the certificate's subject has no role here"));
    }

    /** Looks at all of them however early it finds one: time tells nothing. */
    private Authentication byToken(String token) {
        byte[] hash = TokenFile.hash(token.getBytes(StandardCharsets.UTF_8));
        AccessSettings.@Nullable Token found = null;
        for (Known known : tokens) {
            boolean same = known.file().has(hash);
            found = same && found == null ? known.caller() : found;
        }
        if (found == null) {
            throw new BadCredentialsException("the token is not in force");
        }
        return authenticated(found.name(), found.role());
    }

    private static Authentication authenticated(String name, Role role) {
        return UsernamePasswordAuthenticationToken.authenticated(name, null, role.authorities());
    }
}
