/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

/* Through /proc: also into pages that the program itself may not write. */
bool rn_inline_write(pid_t tid, uint64_t address, const void *bytes, size_t size)
{
    char path[64];
    ssize_t written;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    written = pwrite(fd, bytes, size, (off_t)address);
    close(fd);
    return written == (ssize_t)size;
}

bool rn_inline_read(pid_t tid, uint64_t address, void *bytes, size_t size)
{
    struct iovec local = {bytes, size};
    struct iovec remote = {(void *)(uintptr_t)address, size};

    return process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}
