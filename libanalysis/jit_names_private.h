/* SPDX-License-Identifier: MIT */
/* What jit_names.c (asking) and jit_follow.c (which file is whose) share. */
#ifndef RN_JIT_NAMES_PRIVATE_H
#define RN_JIT_NAMES_PRIVATE_H

#include "formats/id_map.h"
#include "jit_names.h"
#include "perf_map_file.h"

/* Of one address. */
struct jit_named {
    struct rn_symbol symbol;
    struct rn_symbol_frame frame;
};

/* Code that one image of a process made, and a forked child has too. Kept to the end: who has asked
 * holds what was found. */
struct jit_code {
    uint64_t stream; /* of the process's first thread */
    char *path;
    struct rn_perf_map_wanted wanted;
    bool tried;
    const char *refused;
    struct rn_perf_map *map;
    uint64_t size;          /* bytes of the file when it was read */
    struct rn_id_map named; /* struct jit_named by address */
    struct jit_code *next;
};

struct jit_process {
    uint64_t stream; /* of its first thread that is known */
    uint64_t pid, uid, euid, since_ns;
    bool begun;            /* in this recording: since_ns is when */
    struct jit_code *code; /* NULL: none is known */
};

struct rn_jit_names {
    struct rn_trace *trace;
    struct rn_reader *reader;
    bool here;                  /* recorded in this boot of this machine */
    struct rn_id_map processes; /* struct jit_process by serial */
    struct rn_id_map carried;   /* struct jit_code by stream: from the recording's table */
    struct jit_code *codes;
};

/* jit_names.c. NULL: no memory. */
struct jit_code *jit_code_new(struct rn_jit_names *names, uint64_t stream, const char *path,
                              size_t size);
/* jit_follow.c. NULL: the stream has none, or no memory. */
struct jit_process *jit_process_of(struct rn_jit_names *names, uint64_t stream);

#endif
