package io.rawcow.nbd.server;

import io.rawcow.block.BlockDevice;
import java.util.List;

/**
 * A device as clients see it.
 *
 * @param name what clients ask for, 1 to 4096 bytes of UTF-8
 * @param description for people, at most 4096 bytes of UTF-8; may be empty
 * @param device never closed by the server
 * @param readOnly writes, zeroes and trims are refused with EPERM
 * @param maxConnections clients at once
 * @param contexts what {@code NBD_CMD_BLOCK_STATUS} can tell
 */
public record Export(
        String name,
        String description,
        BlockDevice device,
        boolean readOnly,
        int maxConnections,
        List<StatusContext> contexts) {

    public Export {
        contexts = List.copyOf(contexts);
    }
}
