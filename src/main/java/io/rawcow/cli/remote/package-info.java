/**
 * The client of a running service, for the commands that look at one.
 *
 * <p>Begin with {@link io.rawcow.cli.remote.ServiceClient}. What a service says is believed only as far as it is well
 * formed and of bounded length, and none of it is safe to print: that is the callers' part. JSON is streamed rather
 * than bound to objects, because binding alone doubles the time a command takes to start.
 */
@NullMarked
package io.rawcow.cli.remote;

import org.jspecify.annotations.NullMarked;
