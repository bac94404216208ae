package io.rawcow.catalog;

import java.util.regex.Pattern;

/** Names of images, jobs and exports: what may be one, so that it may be a file's name and a part of a URI too. */
final class Names {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?");

    private Names() {}

    static String require(String field, String name) {
        if (!NAME.matcher(name).matches()) {
            throw ProblemException.ofField(
                    ProblemCode.INVALID_NAME,
                    "a name has 1 to 128 letters, digits, dots, underscores and hyphens, "
                            + "and begins and ends with a letter or digit",
                    field,
                    name.length() > 200 ? name.substring(0, 200) : name,
                    "take another name");
        }
        return name;
    }
}
