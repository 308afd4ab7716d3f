/* SPDX-License-Identifier: MIT */
/* A transpiler's source map: which line of the original a line of the generated source stems from,
 * and what its functions are called there. The file is JSON, see rn-source-map(5). Not
 * thread-safe. */
#ifndef RN_SOURCE_MAP_H
#define RN_SOURCE_MAP_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

#define RN_SOURCE_MAP_BYTES_MAX    (64u << 20)
#define RN_SOURCE_MAP_MAPPINGS_MAX (1u << 20)
#define RN_SOURCE_MAP_NAMES_MAX    (1u << 20)
#define RN_SOURCE_MAP_TEXT_MAX     4096u /* bytes of a name, a path, a context */

struct rn_source_mapping {
    uint32_t generated_line, original_line; /* from 1 */
    uint32_t number;                        /* in the file, from 1 */
    const char *generated_function;         /* "" not told: of all functions */
    const char *original_function;          /* "" not told */
    const char *context;                    /* "for-loop", or the line itself; "" not told */
};

struct rn_source_name {
    const char *generated, *original;
};

struct rn_source_map {
    const char *language; /* "python" */
    const char *source_file, *generated_file;
    /* Ascending by generated_line, equal ones as in the file; and the same ascending by
     * generated_function before that. */
    struct rn_source_mapping *mappings, *by_function;
    size_t mapping_count;
    struct rn_source_name *names; /* functions; ascending by `generated`, each once */
    size_t name_count;
    void *json; /* private: what owns the texts */
};

/* RN_E_FORMAT: what of it makes no sense, with err->offset where it is no JSON; RN_E_VERSION: it is
 * of another version; RN_E_LIMIT; RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_source_map_parse(const uint8_t *json, size_t size,
                                                 struct rn_source_map **out, struct rn_error *err);
void rn_source_map_free(struct rn_source_map *map); /* accepts NULL */

#endif
