/**
 * Webhooks: what changes is told to receivers over HTTP, as CloudEvents, signed, at least once and in order, over
 * restarts of the service too.
 *
 * <p>{@link io.rawcow.webhook.Webhooks} hears of each event before anybody else and hands it to the queue of each
 * webhook that wants it. {@link io.rawcow.webhook.EventQueue} has written it to its file when that returns: the death
 * of the service cannot lose what somebody was told. It is synced before it is sent, so that no number is given twice
 * after a loss of power. {@link io.rawcow.webhook.Delivery} sends one event after the other, on a thread of its own for
 * each webhook: one that hangs or fails keeps nobody else waiting.
 *
 * <p>{@link io.rawcow.webhook.Backlog} is what a queue is, without files, threads and time. Knows nothing of REST.
 */
@NullMarked
package io.rawcow.webhook;

import org.jspecify.annotations.NullMarked;
