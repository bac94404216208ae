package io.rawcow;

/** Entry point of the command line and of the service. */
public final class RawCow {
    private RawCow() {}

    /** Prints how to call the program. */
    public static void main(String[] arguments) {
        System.out.println("usage: rawcow COMMAND [ARGUMENT]...");
    }
}
