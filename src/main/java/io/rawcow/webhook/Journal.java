package io.rawcow.webhook;

import io.rawcow.posix.Access;
import io.rawcow.posix.Errno;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A file of records, one a line: the CRC-32C of the record in eight hexadecimal digits, a space, the record. What is
 * appended is behind what was there before; a file as a whole is replaced by another one that was synced before.
 *
 * <p>Not safe from many threads, but for {@link #sync}.
 */
final class Journal implements AutoCloseable {
    private static final String NAME = "queue";
    private static final String TEMPORARY = ".queue.new";
    private static final int FILE_MODE = 0600;
    private static final int CHECKSUM_DIGITS = 8;
    /** The most bytes of a file: it is read as a whole, and what writes it keeps it smaller by far. */
    static final long MAX_SIZE = 4 * EventQueue.MAX_LENGTH;

    /**
     * What was found in a file.
     *
     * @param records from its beginning to its end, or to the first one that is damaged
     * @param damaged bytes behind those
     */
    record Found(List<String> records, long damaged) {
        /** Bytes of a file that was not read. */
        boolean isTooLarge() {
            return damaged > MAX_SIZE;
        }
    }

    private final Folder folder;
    private final OpenFile file;
    private long size;

    private Journal(Folder folder, OpenFile file) {
        this.folder = folder;
        this.file = file;
    }

    /** Reads the file in a folder; one that is not there has no records, one that is too large is all damage. */
    static Found read(Folder folder) throws PosixException {
        if (folder.status(NAME).isEmpty()) {
            return new Found(List.of(), 0);
        }
        try (OpenFile file = folder.open(NAME, Access.READ);
                Arena arena = Arena.ofConfined()) {
            long found = file.status().size();
            if (found > MAX_SIZE) {
                return new Found(List.of(), found);
            }
            MemorySegment target = arena.allocate(found);
            long read = file.read(0, target);
            return parse(target.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static Found parse(byte[] bytes) {
        List<String> records = new ArrayList<>();
        int start = 0;
        for (int end = endOfLine(bytes, start); end >= 0; end = endOfLine(bytes, start)) {
            String line = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            if (line.length() <= CHECKSUM_DIGITS || !line.equals(line(line.substring(CHECKSUM_DIGITS + 1)))) {
                break;
            }
            records.add(line.substring(CHECKSUM_DIGITS + 1));
            start = end + 1;
        }
        return new Found(records, bytes.length - start);
    }

    private static int endOfLine(byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private static String line(String record) {
        var checksum = new CRC32C();
        checksum.update(record.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) checksum.getValue()) + " " + record;
    }

    /** Makes a file that is to replace the one that is there, see {@link #publish}. Its bytes are durable. */
    static Journal create(Folder folder, List<String> records) throws PosixException {
        if (folder.status(TEMPORARY).isPresent()) {
            folder.unlink(TEMPORARY);
        }
        var journal = new Journal(folder, folder.create(TEMPORARY, FILE_MODE));
        boolean written = false;
        try {
            journal.append(records);
            journal.file.sync();
            written = true;
            return journal;
        } finally {
            if (!written) {
                journal.close();
            }
        }
    }

    /** Takes the place of the file that is there. Durable after a sync. */
    void publish() throws PosixException {
        folder.rename(TEMPORARY, NAME);
    }

    /**
     * Writes records behind all others, in one call: they are there if the process dies after it.
     *
     * @throws PosixException EFBIG if the file is large enough
     */
    void append(List<String> records) throws PosixException {
        var text = new StringBuilder();
        records.forEach(record -> text.append(line(record)).append('\n'));
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (size + bytes.length > MAX_SIZE) {
            throw new PosixException("append to file", file.path(), Errno.EFBIG);
        }
        if (bytes.length > 0) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment source = arena.allocate(bytes.length);
                source.copyFrom(MemorySegment.ofArray(bytes));
                file.write(size, source);
                size += bytes.length;
            }
        }
    }

    /** The file's bytes. */
    long size() {
        return size;
    }

    /** What was appended before, and the file's name, survive a loss of power after this. */
    void sync() throws PosixException {
        file.dataSync();
        folder.sync();
    }

    @Override
    public void close() {
        file.close();
    }
}
