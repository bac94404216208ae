package io.rawcow.testing;

import io.rawcow.posix.FileStatus;
import io.rawcow.posix.LockMode;
import io.rawcow.posix.OpenFile;
import io.rawcow.posix.PosixException;
import io.rawcow.testing.Tampering.Call;
import io.rawcow.testing.Tampering.Touch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

record TamperedFile(OpenFile file, Tampering tampering) implements OpenFile {

    private void before(Call call, long offset, long length) throws PosixException {
        String path = file.path();
        tampering.before(new Touch(call, path.substring(path.lastIndexOf('/') + 1), offset, length));
    }

    @Override
    public String path() {
        return file.path();
    }

    @Override
    public FileStatus status() throws PosixException {
        return file.status();
    }

    @Override
    public String fileSystem() throws PosixException {
        return file.fileSystem();
    }

    @Override
    public MemorySegment map(long length, Arena arena) throws PosixException {
        return file.map(length, arena);
    }

    @Override
    public long read(long offset, MemorySegment target) throws PosixException {
        before(Call.READ, offset, target.byteSize());
        return file.read(offset, target);
    }

    @Override
    public void write(long offset, MemorySegment source) throws PosixException {
        before(Call.WRITE, offset, source.byteSize());
        file.write(offset, source);
    }

    @Override
    public void truncate(long size) throws PosixException {
        file.truncate(size);
    }

    @Override
    public void allocate(long offset, long length) throws PosixException {
        before(Call.ALLOCATE, offset, length);
        file.allocate(offset, length);
    }

    @Override
    public void punchHole(long offset, long length) throws PosixException {
        before(Call.PUNCH, offset, length);
        file.punchHole(offset, length);
    }

    @Override
    public void zeroRange(long offset, long length) throws PosixException {
        before(Call.ZERO_RANGE, offset, length);
        file.zeroRange(offset, length);
    }

    @Override
    public void dataSync() throws PosixException {
        before(Call.DATA_SYNC, 0, 0);
        file.dataSync();
    }

    @Override
    public void sync() throws PosixException {
        before(Call.SYNC, 0, 0);
        file.sync();
    }

    @Override
    public void startWriteback(long offset, long length) {
        file.startWriteback(offset, length);
    }

    @Override
    public long nextData(long offset) throws PosixException {
        before(Call.SEEK, offset, 0);
        return file.nextData(offset);
    }

    @Override
    public long nextHole(long offset) throws PosixException {
        before(Call.SEEK, offset, 0);
        return file.nextHole(offset);
    }

    @Override
    public boolean tryLock(LockMode mode, long start, long length) throws PosixException {
        return file.tryLock(mode, start, length);
    }

    @Override
    public boolean wouldConflict(LockMode mode, long start, long length) throws PosixException {
        return file.wouldConflict(mode, start, length);
    }

    @Override
    public void unlock(long start, long length) throws PosixException {
        file.unlock(start, length);
    }

    @Override
    public void close() {
        file.close();
    }
}
