package io.rawcow.catalog;

/**
 * An export at this moment.
 *
 * @param inFlight requests of its clients whose answers have not left; also of those who are cut off and have some in
 *     the device still
 */
public record ExportNow(String name, String image, ExportTraffic traffic, int inFlight) {}
