package io.rawcow.nbd.server;

import io.rawcow.nbd.NbdLimits;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads the data of an option. What is not as the protocol has it is an {@link OptionException}. */
final class OptionData {
    private final ByteBuffer data;

    OptionData(ByteBuffer data) {
        this.data = data;
    }

    /** A string with its length in front. */
    String string() throws OptionException {
        return string(uint32());
    }

    /** A string that is all there is. */
    String rest() throws OptionException {
        return string(data.remaining());
    }

    private String string(long length) throws OptionException {
        if (length > NbdLimits.MAX_STRING_BYTES) {
            throw new OptionException("a string may have 4096 bytes: bytes=" + length);
        }
        require(length);
        ByteBuffer bytes = data.slice(data.position(), (int) length);
        data.position(data.position() + (int) length);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            if (text.indexOf('\0') >= 0) {
                throw new OptionException("a string has a NUL");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw new OptionException("a string is not UTF-8");
        }
    }

    long uint32() throws OptionException {
        require(Integer.BYTES);
        return data.getInt() & 0xFFFF_FFFFL;
    }

    /** As many 16-bit numbers as the first one says. */
    List<Integer> shorts() throws OptionException {
        require(Short.BYTES);
        int count = data.getShort() & 0xFFFF;
        require((long) count * Short.BYTES);
        List<Integer> numbers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            numbers.add(data.getShort() & 0xFFFF);
        }
        return numbers;
    }

    /** As many strings as the first number says. */
    List<String> strings() throws OptionException {
        long count = uint32();
        require(count * Integer.BYTES);
        List<String> strings = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            strings.add(string());
        }
        return strings;
    }

    void requireEnd() throws OptionException {
        if (data.hasRemaining()) {
            throw new OptionException("the option has more data than it should: bytes=" + data.remaining());
        }
    }

    private void require(long bytes) throws OptionException {
        if (bytes > data.remaining()) {
            throw new OptionException("the option's data ends early");
        }
    }
}
