"""A guest that lives on after its disk's service has died: writes, reconnects, and believes nothing.

usage: writer.py URI OFFSET LENGTH GOLDEN MODEL SEED

Changes bytes of one region at random, and keeps in mind what it was promised: every change that was answered, flushed
or not. After each reconnect it reads the whole region and compares. A change that was never answered is made again.
Ends at the end of its input, compares once more, and leaves what the region must be in the file MODEL.
"""

import random
import sys
import threading
import time

import nbd

SECTOR = 4096
PATIENCE = 60

uri, offset, length, golden, model_file, seed = sys.argv[1:]
offset, length = int(offset), int(length)
choose = random.Random(int(seed))
with open(golden, "rb") as file:
    file.seek(offset)
    model = bytearray(file.read(length))
enough = threading.Event()


def await_end_of_input():
    sys.stdin.read()
    enough.set()


def connect():
    until = time.monotonic() + PATIENCE
    while True:
        handle = nbd.NBD()
        try:
            handle.connect_uri(uri)
            return handle
        except nbd.Error:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def compare(handle, start=0, end=0):
    """All of the region but what lies from start to end, which was never answered."""
    found = bytearray(handle.pread(length, offset))
    found[start:end] = model[start:end]
    if found != model:
        wrong = [at for at in range(length) if found[at] != model[at]]
        print(f"MISMATCH: {len(wrong)} bytes, the first at {offset + wrong[0]}, the last at {offset + wrong[-1]}")
        sys.exit(1)


def lost(handle, error):
    """Whether the service died, and did not just refuse."""
    return error.errnum is None or handle.aio_is_dead() or handle.aio_is_closed()


def connect_and_compare(start=0, end=0):
    """The service may die while it is read, too."""
    until = time.monotonic() + PATIENCE
    while True:
        handle = connect()
        try:
            compare(handle, start, end)
            return handle
        except nbd.Error as error:
            if not lost(handle, error) or time.monotonic() > until:
                raise


def change():
    """What is to be done, on which bytes, and what they are then."""
    start = choose.randrange(length)
    end = min(length, start + choose.randrange(1, 4 * SECTOR))
    kind = choose.randrange(10)
    if kind == 0:
        return start, end, bytes(end - start), lambda h: h.zero(end - start, offset + start)
    if kind == 1:
        start, end = start // SECTOR * SECTOR, -(-end // SECTOR) * SECTOR
        return start, end, bytes(end - start), lambda h: h.trim(end - start, offset + start)
    data = choose.randbytes(end - start)
    flags = nbd.CMD_FLAG_FUA if kind == 2 else 0
    return start, end, data, lambda h: h.pwrite(data, offset + start, flags)


threading.Thread(target=await_end_of_input, daemon=True).start()
disk = connect()
answered = reconnects = 0
while not enough.is_set():
    start, end, content, request = change()
    while True:
        try:
            request(disk)
            break
        except nbd.Error as error:
            if not lost(disk, error):
                raise
            disk = connect_and_compare(start, end)
            reconnects += 1
            print(f"reconnected {reconnects}", flush=True)
    model[start:end] = content
    answered += 1
    try:
        if choose.randrange(50) == 0:
            disk.flush()
    except nbd.Error:
        pass  # lost again: the next change will see to it
    if answered % 10 == 0:
        print(f"answered {answered}", flush=True)
connect_and_compare()
with open(model_file, "wb") as file:
    file.write(model)
print(f"done: {answered} answered, {reconnects} reconnects")
