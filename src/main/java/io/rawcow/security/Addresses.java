package io.rawcow.security;

import jakarta.servlet.http.HttpServletRequest;

/** Callers by where they call from. */
final class Addresses {
    private static final int NETWORK_GROUPS = 4;

    private Addresses() {}

    /** The address; of IPv6 the network, since whoever has one address there has 2^64. */
    static String keyOf(HttpServletRequest request) {
        String address = request.getRemoteAddr();
        String[] groups = address.split(":", NETWORK_GROUPS + 1);
        return groups.length <= NETWORK_GROUPS ? address : String.join(":", groups[0], groups[1], groups[2], groups[3]);
    }
}
