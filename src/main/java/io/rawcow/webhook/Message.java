package io.rawcow.webhook;

/**
 * What is delivered, the same at each attempt.
 *
 * @param sequence its place among all that a webhook delivers, from 1 on, without gaps but for what was lost
 * @param id by which a receiver knows it again
 * @param body JSON in one line
 */
record Message(long sequence, String id, String body) {}
