/**
 * The running service as its users meet it: a process with exports, and the programs of others as clients: QEMU, fio,
 * libnbd. Everything here works on the real kernel and the loopback, and knows nothing of what is inside.
 */
package io.rawcow.guest;
