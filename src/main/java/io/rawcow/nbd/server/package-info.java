/**
 * Offers block devices over NBD, as the protocol document of the NBD project has it. Knows exports and devices; what a
 * device is made of, and who decides which exports there are, is the business of others.
 */
@NullMarked
package io.rawcow.nbd.server;

import org.jspecify.annotations.NullMarked;
