/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

/* Through /proc: also into pages that the program itself may not write. */
int rn_inline_memory_open(pid_t tid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
    return open(path, O_WRONLY | O_CLOEXEC);
}

bool rn_inline_memory_write(int memory, uint64_t address, const void *bytes, size_t size)
{
    return pwrite(memory, bytes, size, (off_t)address) == (ssize_t)size;
}

bool rn_inline_write(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
    int memory = rn_inline_memory_open(tid);
    bool written = memory >= 0 && rn_inline_memory_write(memory, address, bytes, size);

    if (memory >= 0)
        close(memory);
    return written;
}

bool rn_inline_read(pid_t tid, uint64_t address, void *bytes, size_t size)
{
    struct iovec local = {bytes, size};
    struct iovec remote = {(void *)(uintptr_t)address, size};

    return process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}
