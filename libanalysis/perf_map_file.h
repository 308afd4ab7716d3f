/* SPDX-License-Identifier: MIT */
/* A process's perf map in a directory that everybody can write to: what shows that a file is it. */
#ifndef RN_PERF_MAP_FILE_H
#define RN_PERF_MAP_FILE_H

#include "formats/perf_map.h"

struct rn_perf_map_wanted {
    const char *path; /* absolute, as the process sees it */
    bool identified;  /* device and inode are known */
    uint64_t device, inode;
    uint64_t pid; /* as the recorder saw it */
    uint64_t uid, euid;
    uint64_t since_ns; /* of CLOCK_REALTIME: it was not written before */
    uint64_t until_ns; /* nor behind this, if the process does not go on; 0 not known */
};

/* Read it; *size: bytes that were read. Returns NULL, or one clause (static) that says why there
 * is none: *map is then NULL. */
const char *rn_perf_map_load(const struct rn_perf_map_wanted *wanted, struct rn_perf_map **map,
                             uint64_t *size);

#endif
