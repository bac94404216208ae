package io.rawcow.catalog;

/** An export at this moment. */
public record ExportNow(String name, String image, ExportTraffic traffic) {}
