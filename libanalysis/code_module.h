/* SPDX-License-Identifier: MIT */
/* Files that code is mapped from, each once. Not thread-safe. */
#ifndef RN_CODE_MODULE_H
#define RN_CODE_MODULE_H

#include "formats/id_map.h"

#define RN_CODE_MODULES_MAX  (1u << 18)
#define RN_CODE_BUILD_ID_MAX 64u /* bytes */

/* What makes two files the same is path and build-id. */
struct rn_code_module {
    uint32_t id; /* from 1, in order of appearance */
    char *path;  /* as the kernel named it */
    uint8_t build_id[RN_CODE_BUILD_ID_MAX];
    uint32_t build_id_size; /* 0: has none, or it is not known */
    uint64_t device, inode; /* on the machine that recorded it; 0 unknown */
};

/* Begins as zeros. */
struct rn_code_modules {
    struct rn_code_module **list; /* module `id` is element id - 1 */
    size_t count, capacity;
    struct rn_id_map by_hash;
};

void rn_code_modules_free(struct rn_code_modules *modules);

/* The one of that path (`size` bytes, without NUL) and build-id, made where it is new; valid until
 * the table is freed. NULL: no memory, too many, or a build-id that is too long. */
struct rn_code_module *rn_code_modules_get(struct rn_code_modules *modules, const char *path,
                                           size_t size, const uint8_t *build_id,
                                           uint32_t build_id_size);

#endif
