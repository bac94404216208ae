package io.rawcow.api;

import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.Map;

/**
 * Places for what waits on behalf of clients. No caller has more than a quarter of them, so that one that takes all it
 * can get leaves some to the others. Safe from many threads.
 */
final class Places {
    private static final int CALLERS = 4;

    private final int all;
    private final int each;
    private final Map<String, Integer> taken = new HashMap<>();
    private int sum;

    Places(int all) {
        this.all = all;
        this.each = Math.max(1, all / CALLERS);
    }

    /** Who calls, by name; by address where nobody is asked. A slash is in no name. */
    static String callerOf(HttpServletRequest request) {
        String name = request.getRemoteUser();
        return name == null ? "/" + request.getRemoteAddr() : name;
    }

    /** Takes a place, which is to be given back, unless there is none for that caller. */
    synchronized boolean take(String caller) {
        int own = taken.getOrDefault(caller, 0);
        if (sum >= all || own >= each) {
            return false;
        }
        taken.put(caller, own + 1);
        sum++;
        return true;
    }

    synchronized void giveBack(String caller) {
        taken.computeIfPresent(caller, (_, own) -> own > 1 ? own - 1 : null);
        sum--;
    }
}
