package io.rawcow.backing;

import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The magic numbers of image formats: a file that has one is not taken for raw without being told. Never used to choose
 * a format, because a guest can write any of these into a raw disk.
 */
public final class FormatMagic {

    /** @param bytes as Latin-1 characters */
    private record Magic(String format, int offset, String bytes) {}

    /** Format names are those of qemu-img; the numbers are from the formats' specifications. */
    private static final List<Magic> KNOWN = List.of(
            new Magic("qcow2", 0, "QFI\u00fb"),
            new Magic("qed", 0, "QED\0"),
            new Magic("vmdk", 0, "KDMV"),
            new Magic("vmdk", 0, "COWD"),
            new Magic("vmdk", 0, "# Disk DescriptorFile"),
            new Magic("vhdx", 0, "vhdxfile"),
            new Magic("vpc", 0, "conectix"),
            new Magic("vdi", 0x40, "\u007f\u0010\u00da\u00be"),
            new Magic("luks", 0, "LUKS\u00ba\u00be"),
            new Magic("parallels", 0, "WithoutFreeSpace"),
            new Magic("parallels", 0, "WithouFreSpacExt"),
            new Magic("raw-cow", 0, "RCOW"));

    private static final int HEAD_BYTES = 512;

    private FormatMagic() {}

    /** The format whose magic a file begins with; null if none does. */
    public static @Nullable String find(OpenFile file) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(HEAD_BYTES);
            byte[] read = head.asSlice(0, file.read(0, head)).toArray(ValueLayout.JAVA_BYTE);
            var text = new String(read, StandardCharsets.ISO_8859_1);
            return KNOWN.stream()
                    .filter(magic -> text.startsWith(magic.bytes(), magic.offset()))
                    .map(Magic::format)
                    .findFirst()
                    .orElse(null);
        }
    }
}
