package io.rawcow.nbd.server;

import java.util.List;

/** Finds the contexts that a client means. */
final class ContextQueries {
    private ContextQueries() {}

    /** A namespace alone, {@code base:}, stands for all contexts of it, {@code qemu:dirty-bitmap:} likewise. */
    static List<StatusContext> list(List<StatusContext> contexts, List<String> queries) throws OptionException {
        requireNamespaces(queries);
        return contexts.stream()
                .filter(context -> queries.isEmpty() || queries.stream().anyMatch(query -> covers(query, context)))
                .toList();
    }

    /** Contexts of other namespaces, and those that there are not, are passed over. */
    static List<StatusContext> select(List<StatusContext> contexts, List<String> queries) throws OptionException {
        requireNamespaces(queries);
        return contexts.stream()
                .filter(context -> queries.contains(context.name()))
                .toList();
    }

    private static boolean covers(String query, StatusContext context) {
        return query.endsWith(":")
                ? context.name().startsWith(query)
                : context.name().equals(query);
    }

    private static void requireNamespaces(List<String> queries) throws OptionException {
        for (String query : queries) {
            if (query.indexOf(':') < 1) {
                throw new OptionException("a query needs a namespace and a colon");
            }
        }
    }
}
