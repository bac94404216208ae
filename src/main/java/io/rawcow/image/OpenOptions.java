package io.rawcow.image;

/**
 * What a caller accepts when an image is opened.
 *
 * @param acceptBackingChange take a backing, or a raw file, that was changed while the image was closed, and pin it
 *     anew
 * @param acceptLostWrites take the saved bits although answered writes cannot be found any more
 * @param newUuid give the image a new identity: it is a copy
 */
public record OpenOptions(boolean acceptBackingChange, boolean acceptLostWrites, boolean newUuid) {
    public static final OpenOptions STRICT = new OpenOptions(false, false, false);
}
