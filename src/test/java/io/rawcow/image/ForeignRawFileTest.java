package io.rawcow.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rawcow.block.BlockException;
import io.rawcow.block.FaultKind;
import io.rawcow.posix.DataRoots;
import io.rawcow.testing.Operation;
import io.rawcow.testing.SimulatedDisk;
import io.rawcow.testing.Survival;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A raw file that was there before is somebody's disk: a creation that is cut off and repeated leaves it alone. */
class ForeignRawFileTest {
    private static final int SIZE = 8192;
    private static final String RAW = "disks/vm.img";

    private static DataRoots roots(SimulatedDisk disk) {
        return new DataRoots(List.of(new DataRoots.Root(disk.root(), true, "")));
    }

    private static ImageSpec spec(DataRoots roots) throws Exception {
        return new ImageSpec(
                roots.locate(Layout.SIDECAR),
                null,
                null,
                "../" + RAW,
                (long) SIZE,
                512,
                Preallocation.OFF,
                false,
                true);
    }

    private static SimulatedDisk diskWith(byte[] foreign) {
        var disk = new SimulatedDisk();
        disk.placeFolder("images");
        disk.placeFolder("disks");
        disk.placeFile(RAW, foreign);
        disk.protect("/sim/" + RAW);
        return disk;
    }

    private static void requireRefused(SimulatedDisk disk) {
        assertThatThrownBy(() -> ImageCreator.create(roots(disk), spec(roots(disk))))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(FaultKind.RAW_FILE_EXISTS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"data", "zeros", "nothing"})
    void oneThatWasThereBeforeTheFirstTry(String content) {
        byte[] foreign = switch (content) {
            case "data" -> Layout.garbage(SIZE, 1);
            case "zeros" -> new byte[SIZE];
            default -> new byte[0];
        };
        SimulatedDisk disk = diskWith(foreign);
        disk.watch(operation -> {
            for (int choice = 0; choice < 12; choice++) {
                SimulatedDisk left = disk.cut(Survival.of(choice, operation.index()));
                requireRefused(left);
                assertThat(left.bytes(RAW)).isEqualTo(foreign);
            }
            requireRefused(disk.copyOfLiving());
        });
        requireRefused(disk);
        assertThat(disk.bytes(RAW)).isEqualTo(foreign);
        assertThat(disk.exists(Layout.SIDECAR)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"data of the same size", "zeros of another size"})
    void oneThatTookThePlaceOfAHalfMadeOne(String content) throws Exception {
        SimulatedDisk disk = killedBeforeTheRawFile();
        byte[] foreign = content.startsWith("data") ? Layout.garbage(SIZE, 1) : new byte[SIZE / 2];
        disk.placeFile(RAW, foreign);
        disk.protect("/sim/" + RAW);
        requireRefused(disk);
        assertThat(disk.bytes(RAW)).isEqualTo(foreign);
    }

    private static SimulatedDisk killedBeforeTheRawFile() throws Exception {
        var disk = new SimulatedDisk();
        disk.placeFolder("images");
        disk.placeFolder("disks");
        var killed = new SimulatedDisk[1];
        disk.watch(operation -> {
            if (operation.kind() == Operation.Kind.FOLDER_SYNC && killed[0] == null) {
                killed[0] = disk.copyOfLiving();
            }
        });
        ImageCreator.create(roots(disk), spec(roots(disk)));
        assertThat(killed[0].exists("images/.vm.raw-cow.creating")).isTrue();
        assertThat(killed[0].exists(RAW)).isFalse();
        return killed[0];
    }
}
