/** The words of the NBD protocol and how they look on the wire, for server and client alike. No sockets here. */
@NullMarked
package io.rawcow.nbd;

import org.jspecify.annotations.NullMarked;
