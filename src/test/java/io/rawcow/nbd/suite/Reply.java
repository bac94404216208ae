package io.rawcow.nbd.suite;

import java.util.List;
import java.util.Map;

/**
 * All of a request's answer.
 *
 * @param error 0 for success
 * @param message what came with the error; empty if nothing did
 * @param errorOffset where the error is, or -1
 * @param data what was read, zeros where holes were told of; empty unless the request was a read that succeeded
 * @param content the content chunks in the order they came, of a read that was answered in chunks
 * @param status what a block status request was told, by the number of the context
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Reply(
        Request request,
        int error,
        String message,
        long errorOffset,
        byte[] data,
        List<Content> content,
        Map<Integer, List<Extent>> status) {

    /** A content chunk. */
    record Content(long offset, long length, boolean hole) {}

    /** A descriptor of a status chunk, with its place. */
    record Extent(long offset, long length, int flags) {
        long end() {
            return offset + length;
        }
    }
}
