package io.rawcow.security;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/** What a caller may do. Each may do what those before it may. */
public enum Role {
    /** Reads: lists, progress, events, metrics. */
    VIEWER,
    /** Everything. */
    OPERATOR;

    private GrantedAuthority authority() {
        return new SimpleGrantedAuthority("ROLE_" + name());
    }

    List<GrantedAuthority> authorities() {
        return Arrays.stream(values())
                .filter(role -> role.compareTo(this) <= 0)
                .map(Role::authority)
                .toList();
    }

    boolean isHeldBy(@Nullable Authentication caller) {
        return caller != null
                && caller.isAuthenticated()
                && caller.getAuthorities().stream().anyMatch(authority()::equals);
    }

    /** As configurations and logs have it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
