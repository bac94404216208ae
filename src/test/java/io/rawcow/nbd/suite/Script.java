package io.rawcow.nbd.suite;

import io.rawcow.nbd.suite.Proto.CmdFlag;
import io.rawcow.nbd.suite.Proto.Opt;
import java.util.LinkedHashMap;
import java.util.Map;

/** All bytes that a well-behaved client sends, to be spoiled. */
final class Script {
    private Script() {}

    /** From the client flags to GO. */
    static byte[] handshake(Mode mode) {
        var script = new Wire().u32(3).raw(Wire.option(Opt.LIST));
        if (mode != Mode.SIMPLE) {
            int option = mode == Mode.STRUCTURED ? Opt.STRUCTURED_REPLY : Opt.EXTENDED_HEADERS;
            script.raw(Wire.option(option));
            script.raw(Wire.option(Opt.LIST_META_CONTEXT, Wire.metaData(Rig.DISK)));
            script.raw(Wire.option(Opt.SET_META_CONTEXT, Wire.metaData(Rig.DISK, Contexts.ALLOCATION, "base:")));
        }
        script.raw(Wire.option(Opt.INFO, Wire.infoData(Rig.DISK, Proto.Info.BLOCK_SIZE)));
        return script.raw(Wire.option(Opt.GO, Wire.infoData(Rig.DISK, Proto.Info.BLOCK_SIZE)))
                .bytes();
    }

    /** A request of each kind, by a name for it. */
    static Map<String, byte[]> requests(Mode mode) {
        var all = new LinkedHashMap<String, Request>();
        all.put("READ", Request.read(0x1020, 0x203));
        all.put("WRITE", Request.write(0x3040, MemoryDevice.pattern(0x3040, 37)).with(CmdFlag.FUA));
        all.put("FLUSH", Request.flush());
        all.put("TRIM", Request.trim(0x4000, 0x1000));
        all.put("CACHE", Request.cache(0x4000, 0x1000));
        all.put("WRITE_ZEROES", Request.zeroes(0x4000, 0x1000).with(CmdFlag.NO_HOLE));
        all.put("BLOCK_STATUS", Request.status(0x4000, 0x1000).with(CmdFlag.REQ_ONE));
        all.put("DISC", Request.disconnect());
        var bytes = new LinkedHashMap<String, byte[]>();
        all.forEach((name, request) -> bytes.put(name, request.encode(mode, 0x0102030405060708L)));
        return bytes;
    }
}
