/* SPDX-License-Identifier: MIT */
/* Perf maps: what runtimes that make code at run time (node --perf-basic-prof, Java agents, PyPy)
 * write into /tmp/perf-PID.map, so that somebody outside knows what lies where. A line a piece of
 * code: "START SIZE NAME", both numbers hexadecimal. Memory is used again: of lines that speak of
 * the same address the last one counts, as for perf(1).
 *
 * The text is hostile: lines that make no sense are left out and counted. Not thread-safe. */
#ifndef RN_PERF_MAP_H
#define RN_PERF_MAP_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

#define RN_PERF_MAP_BYTES_MAX (256u << 20)
#define RN_PERF_MAP_LINES_MAX (4u << 20) /* later ones are not looked at */
#define RN_PERF_MAP_NAME_MAX  4096u      /* bytes; of a longer name the rest is left out */

/* Code in [begin, end). */
struct rn_perf_entry {
    uint64_t begin, end;
    const char *name; /* valid as long as the map */
};

struct rn_perf_map;

/* RN_E_LIMIT: more than RN_PERF_MAP_BYTES_MAX; RN_E_NOMEM. Time n log n, memory the text and 64
 * bytes a line. */
RN_MUST_CHECK enum rn_status rn_perf_map_parse(const char *text, size_t size,
                                               struct rn_perf_map **out, struct rn_error *err);
void rn_perf_map_free(struct rn_perf_map *map); /* accepts NULL */

/* The line that counts for the address: its own range, as written. NULL: none. */
const struct rn_perf_entry *rn_perf_map_find(const struct rn_perf_map *map, uint64_t address);
/* Lines that were left out. */
uint64_t rn_perf_map_skipped(const struct rn_perf_map *map);

/* Is the last component of the path "perf-NUMBER.map"? The number is the pid as the program sees
 * it. */
bool rn_perf_map_is_name(const char *path, size_t size);

#endif
