/* SPDX-License-Identifier: MIT */
/* notice: uses io_uring
 * Bytes written through a submission ring. */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
    char *rings;
    struct io_uring_sqe *entry;
    unsigned *tail;

    if (ring < 0) {
        printf("no io_uring: %s\n", strerror(errno));
        return 0;
    }
    rings = mmap(NULL, params.sq_off.array + params.sq_entries * 4 + 4096, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    entry = mmap(NULL, params.sq_entries * sizeof(*entry), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (rings == MAP_FAILED || (void *)entry == MAP_FAILED)
        return 1;
    *entry = (struct io_uring_sqe){.opcode = IORING_OP_WRITE, .fd = 1, .len = 8, .off = UINT64_MAX,
                                   .addr = (uint64_t)(uintptr_t)"by ring\n"};
    ((unsigned *)(rings + params.sq_off.array))[0] = 0;
    tail = (unsigned *)(rings + params.sq_off.tail);
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    printf("submitted: %ld\n",
           syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
    return 0;
}
