/* SPDX-License-Identifier: MIT */
/* Reading the memory of a traced program. Everything found there is the program's word alone: it
 * may be wrong, change between two reads, or not be there. */
#ifndef RN_TRACEE_MEMORY_H
#define RN_TRACEE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rn_memory {
    pid_t tid;
    bool through_file; /* process_vm_readv is not permitted: /proc/TID/mem is used */
};

/* A stretch of the program's memory. */
struct rn_memory_span {
    uint64_t address, size;
};

/* Bytes read from the start of the range: fewer than `size` where it cannot all be read. */
size_t rn_memory_read(struct rn_memory *memory, uint64_t address, void *to, size_t size);

/* The same over several spans, one after the other into `to`. At most RN_MEMORY_SPANS. */
#define RN_MEMORY_SPANS 64u
size_t rn_memory_read_spans(struct rn_memory *memory, const struct rn_memory_span *spans,
                            size_t count, void *to, size_t size);

/* A string of at most `size` bytes, its NUL not stored. *whole: the NUL was found. False where not
 * a single byte can be read. */
bool rn_memory_read_string(struct rn_memory *memory, uint64_t address, char *to, size_t size,
                           size_t *length, bool *whole);

#endif
