package io.rawcow.security;

import java.nio.file.Path;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/**
 * Who may call. With nobody named, everybody who reaches the listener is an operator called {@value #LOCAL}.
 *
 * @param tokens callers that send a token
 * @param subjects callers that show a certificate
 * @param hosts what this service is called by those who call it
 * @param rate requests a second of one caller, twice as many at once
 */
public record AccessSettings(List<Token> tokens, List<Subject> subjects, Hosts hosts, int rate) {
    /** The caller of a service that asks nobody. */
    public static final String LOCAL = "local";

    /**
     * A caller by its tokens.
     *
     * @param file a token a line
     */
    public record Token(String name, Role role, Path file) {}

    /** A caller by its certificate. */
    public record Subject(String name, Role role, X500Principal subject) {}

    public AccessSettings {
        tokens = List.copyOf(tokens);
        subjects = List.copyOf(subjects);
    }

    /** Whether callers have to say who they are. */
    public boolean asks() {
        return !tokens.isEmpty() || !subjects.isEmpty();
    }
}
