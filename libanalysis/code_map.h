/* SPDX-License-Identifier: MIT */
/* What code an address of a recorded process belongs to: files mapped as code, at the point of the
 * trace that has been read so far. Feed every event to it, behind rn_trace_feed.
 *
 * Memory grows with the mappings of processes that are alive at once (limited, see below) and with
 * the number of different files. Not thread-safe. */
#ifndef RN_CODE_MAP_H
#define RN_CODE_MAP_H

#include "code_module.h"
#include "trace.h"

#define RN_CODE_MAPPINGS_MAX (1u << 14) /* of one process; later ones are not known */

struct rn_code_place {
    const struct rn_code_module *module;
    uint64_t offset; /* bytes from the begin of the file */
};

struct rn_code_map;

struct rn_code_map *rn_code_map_new(void);      /* NULL: no memory */
void rn_code_map_free(struct rn_code_map *map); /* accepts NULL */
RN_MUST_CHECK enum rn_status rn_code_map_feed(struct rn_code_map *map, struct rn_trace *trace,
                                              const struct rn_event *event, struct rn_error *err);

/* What is mapped there in the process of that stream. False: nothing that is known. The module is
 * valid as long as the map. */
bool rn_code_map_find(struct rn_code_map *map, struct rn_trace *trace, uint64_t stream,
                      uint64_t address, struct rn_code_place *place);
/* Changes whenever what is mapped in the process of the stream may have changed, and differs
 * between processes; 0 where nothing is known. */
uint64_t rn_code_map_version(struct rn_code_map *map, struct rn_trace *trace, uint64_t stream);

/* All files met, by id from 1 to *count. */
const struct rn_code_module *const *rn_code_map_modules(const struct rn_code_map *map,
                                                        size_t *count);

#endif
