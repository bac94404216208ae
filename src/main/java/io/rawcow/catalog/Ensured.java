package io.rawcow.catalog;

/** @param created false if the image was there before, or its files were */
public record Ensured(ImageView image, boolean created) {}
