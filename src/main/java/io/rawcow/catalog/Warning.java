package io.rawcow.catalog;

/** Something that works and should be looked at. */
public record Warning(String code, String detail) {}
