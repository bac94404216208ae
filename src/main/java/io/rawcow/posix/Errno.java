package io.rawcow.posix;

/** The error numbers of Linux that rawcow may meet, and the C library's words for them. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EXDEV = 18;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ETXTBSY = 26;
    public static final int EFBIG = 27;
    public static final int ENOSPC = 28;
    public static final int ESPIPE = 29;
    public static final int EROFS = 30;
    public static final int EDEADLK = 35;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOLCK = 37;
    public static final int ENOSYS = 38;
    public static final int ENOTEMPTY = 39;
    public static final int ELOOP = 40;
    public static final int EOVERFLOW = 75;
    public static final int EOPNOTSUPP = 95;
    public static final int ETIMEDOUT = 110;
    public static final int ESTALE = 116;
    public static final int EREMOTEIO = 121;
    public static final int EDQUOT = 122;
    public static final int ENOMEDIUM = 123;

    private Errno() {}

    /** The words of strerror(3), or {@code errno N} for one that is not listed here. */
    public static String message(int errno) {
        return entry(errno).words();
    }

    /** The constant's name, as {@code ENOENT}, or {@code errno N} for one that is not listed here. */
    public static String name(int errno) {
        return entry(errno).name();
    }

    private record Entry(String name, String words) {}

    private static Entry entry(int errno) {
        return switch (errno) {
            case EPERM -> new Entry("EPERM", "Operation not permitted");
            case ENOENT -> new Entry("ENOENT", "No such file or directory");
            case EINTR -> new Entry("EINTR", "Interrupted system call");
            case EIO -> new Entry("EIO", "Input/output error");
            case ENXIO -> new Entry("ENXIO", "No such device or address");
            case EBADF -> new Entry("EBADF", "Bad file descriptor");
            case EAGAIN -> new Entry("EAGAIN", "Resource temporarily unavailable");
            case ENOMEM -> new Entry("ENOMEM", "Cannot allocate memory");
            case EACCES -> new Entry("EACCES", "Permission denied");
            case EFAULT -> new Entry("EFAULT", "Bad address");
            case EBUSY -> new Entry("EBUSY", "Device or resource busy");
            case EEXIST -> new Entry("EEXIST", "File exists");
            // rawcow never links or renames across file systems: only a confined lookup gives this one.
            case EXDEV -> new Entry("EXDEV", "Path leads out of its root folder");
            case ENODEV -> new Entry("ENODEV", "No such device");
            case ENOTDIR -> new Entry("ENOTDIR", "Not a directory");
            case EISDIR -> new Entry("EISDIR", "Is a directory");
            case EINVAL -> new Entry("EINVAL", "Invalid argument");
            case ENFILE -> new Entry("ENFILE", "Too many open files in system");
            case EMFILE -> new Entry("EMFILE", "Too many open files");
            case ETXTBSY -> new Entry("ETXTBSY", "Text file busy");
            case EFBIG -> new Entry("EFBIG", "File too large");
            case ENOSPC -> new Entry("ENOSPC", "No space left on device");
            case ESPIPE -> new Entry("ESPIPE", "Illegal seek");
            case EROFS -> new Entry("EROFS", "Read-only file system");
            case EDEADLK -> new Entry("EDEADLK", "Resource deadlock avoided");
            case ENAMETOOLONG -> new Entry("ENAMETOOLONG", "File name too long");
            case ENOLCK -> new Entry("ENOLCK", "No locks available");
            case ENOSYS -> new Entry("ENOSYS", "Function not implemented");
            case ENOTEMPTY -> new Entry("ENOTEMPTY", "Directory not empty");
            case ELOOP -> new Entry("ELOOP", "Too many levels of symbolic links");
            case EOVERFLOW -> new Entry("EOVERFLOW", "Value too large for defined data type");
            case EOPNOTSUPP -> new Entry("EOPNOTSUPP", "Operation not supported");
            case ETIMEDOUT -> new Entry("ETIMEDOUT", "Connection timed out");
            case ESTALE -> new Entry("ESTALE", "Stale file handle");
            case EREMOTEIO -> new Entry("EREMOTEIO", "Remote I/O error");
            case EDQUOT -> new Entry("EDQUOT", "Disk quota exceeded");
            case ENOMEDIUM -> new Entry("ENOMEDIUM", "No medium found");
            default -> new Entry("errno " + errno, "errno " + errno);
        };
    }
}
