package io.rawcow.testing;

import io.rawcow.posix.Access;
import io.rawcow.posix.FileStatus;
import io.rawcow.posix.Folder;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Tampering.Call;
import io.rawcow.testing.Tampering.Touch;
import java.util.List;
import java.util.Optional;

/** A folder whose files, and theirs beneath, do what a {@link Tampering} makes them do. */
public record TamperedFolder(Folder folder, Tampering tampering) implements Folder {

    @Override
    public String path() {
        return folder.path();
    }

    @Override
    public OpenFile open(String relative, Access access) throws PosixException {
        return new TamperedFile(folder.open(relative, access), tampering);
    }

    @Override
    public OpenFile create(String name, int mode) throws PosixException {
        return new TamperedFile(folder.create(name, mode), tampering);
    }

    @Override
    public Folder folder(String relative) throws PosixException {
        return new TamperedFolder(folder.folder(relative), tampering);
    }

    @Override
    public void createFolder(String name, int mode) throws PosixException {
        folder.createFolder(name, mode);
    }

    @Override
    public Optional<FileStatus> status(String relative) throws PosixException {
        return folder.status(relative);
    }

    @Override
    public void rename(String from, String to) throws PosixException {
        folder.rename(from, to);
    }

    @Override
    public void renameNoReplace(String from, String to) throws PosixException {
        folder.renameNoReplace(from, to);
    }

    @Override
    public void unlink(String name) throws PosixException {
        tampering.before(new Touch(Call.UNLINK, name, 0, 0));
        folder.unlink(name);
    }

    @Override
    public List<String> list() throws PosixException {
        return folder.list();
    }

    @Override
    public void sync() throws PosixException {
        folder.sync();
    }

    @Override
    public long availableBytes() throws PosixException {
        return folder.availableBytes();
    }

    @Override
    public boolean isInMemory() throws PosixException {
        return folder.isInMemory();
    }

    @Override
    public void close() {
        folder.close();
    }
}
