/* SPDX-License-Identifier: MIT */
#include "tracee_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE         4096u
#define STRING_FIRST 256u /* most strings end within the first read */

/* Opened for each read: a descriptor kept over an exec would show the old image. */
static ssize_t read_file(const struct rn_memory *memory, uint64_t address, void *to, size_t size)
{
    char path[64];
    int fd;
    ssize_t got;

    snprintf(path, sizeof(path), "/proc/%d/mem", (int)memory->tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    got = pread(fd, to, size, (off_t)address);
    close(fd);
    return got;
}

static size_t read_spans_through_file(const struct rn_memory *memory,
                                      const struct rn_memory_span *spans, size_t count, uint8_t *to,
                                      size_t size)
{
    size_t done = 0;

    for (size_t i = 0; i < count && done < size; i++) {
        size_t wanted = spans[i].size < size - done ? spans[i].size : size - done;
        ssize_t got = read_file(memory, spans[i].address, to + done, wanted);

        if (got > 0)
            done += (size_t)got;
        if (got < (ssize_t)wanted)
            break;
    }
    return done;
}

size_t rn_memory_read_spans(struct rn_memory *memory, const struct rn_memory_span *spans,
                            size_t count, void *to, size_t size)
{
    struct iovec remote[RN_MEMORY_SPANS];
    struct iovec local = {.iov_base = to, .iov_len = size};
    ssize_t got;

    if (count > RN_MEMORY_SPANS)
        count = RN_MEMORY_SPANS;
    if (memory->through_file)
        return read_spans_through_file(memory, spans, count, to, size);
    for (size_t i = 0; i < count; i++) {
        remote[i].iov_base = (void *)(uintptr_t)spans[i].address;
        remote[i].iov_len = spans[i].size;
    }
    got = process_vm_readv(memory->tid, &local, 1, remote, count, 0);
    if (got < 0 && (errno == EPERM || errno == ENOSYS)) {
        memory->through_file = true;
        return read_spans_through_file(memory, spans, count, to, size);
    }
    return got < 0 ? 0 : (size_t)got;
}

size_t rn_memory_read(struct rn_memory *memory, uint64_t address, void *to, size_t size)
{
    size_t in_page = PAGE - (size_t)(address % PAGE);
    struct rn_memory_span spans[2] = {{address, size}, {0, 0}};

    /* A read may only be cut between spans: what lies in the first page must not be lost with the
     * second one. */
    if (size > in_page) {
        spans[0].size = in_page;
        spans[1] = (struct rn_memory_span){address + in_page, size - in_page};
    }
    return rn_memory_read_spans(memory, spans, spans[1].size ? 2 : 1, to, size);
}

bool rn_memory_read_string(struct rn_memory *memory, uint64_t address, char *to, size_t size,
                           size_t *length, bool *whole)
{
    size_t done = 0;

    *whole = false;
    while (done < size) {
        size_t wanted = done == 0 && size > STRING_FIRST ? STRING_FIRST : size - done;
        size_t in_page = PAGE - (size_t)((address + done) % PAGE);
        const char *end;
        size_t got;

        if (done > 0 && wanted > in_page)
            wanted = in_page;
        got = rn_memory_read(memory, address + done, to + done, wanted);
        end = memchr(to + done, '\0', got);
        if (end) {
            *length = (size_t)(end - to);
            *whole = true;
            return true;
        }
        done += got;
        if (got < wanted)
            break;
    }
    *length = done;
    return done > 0;
}
