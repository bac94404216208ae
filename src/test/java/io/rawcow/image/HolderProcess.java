package io.rawcow.image;

import io.rawcow.block.BlockException;
import java.io.IOException;
import java.nio.file.Path;

/** A process of its own that opens an image and holds it until it is killed. */
final class HolderProcess {
    private HolderProcess() {}

    static Tool.Running start(Path folder, String sidecar) throws IOException {
        return new Tool.Running(
                folder,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                HolderProcess.class.getName(),
                folder.toString(),
                sidecar);
    }

    /** Says {@code holding} once it has the image, or {@code refused} and why. */
    public static void main(String[] arguments) throws Exception {
        try (LiveImage image = new ImageFiles(Path.of(arguments[0])).open(arguments[1])) {
            System.out.println("holding " + image.sizeBytes());
            Thread.sleep(Long.MAX_VALUE);
        } catch (BlockException e) {
            System.out.println("refused " + e.kind() + " " + e.getMessage() + "\nend");
        }
    }
}
