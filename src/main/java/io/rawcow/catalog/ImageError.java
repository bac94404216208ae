package io.rawcow.catalog;

/** Why an image is unavailable or failed. */
public record ImageError(String code, String detail) {
    static ImageError of(ProblemException problem) {
        return new ImageError(problem.code().word(), String.valueOf(problem.getMessage()));
    }
}
