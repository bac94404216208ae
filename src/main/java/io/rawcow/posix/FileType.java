package io.rawcow.posix;

/** What a name stands for. */
public enum FileType {
    REGULAR("regular file"),
    BLOCK_DEVICE("block device"),
    FOLDER("folder"),
    SYMBOLIC_LINK("symbolic link"),
    FIFO("FIFO"),
    SOCKET("socket"),
    CHARACTER_DEVICE("character device"),
    /** What only descriptors lead to, an eventfd or epoll for example. */
    ANONYMOUS("anonymous file");

    private final String words;

    FileType(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
