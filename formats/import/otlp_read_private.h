/* SPDX-License-Identifier: MIT */
#ifndef RN_OTLP_READ_PRIVATE_H
#define RN_OTLP_READ_PRIVATE_H

#include "otlp_read.h"

#define OTLP_RECENT 16384u    /* spans that a link may point to */
#define OTLP_OWN    "renacer" /* the scope of rn-export-otlp's spans */

struct otlp_resource {
    struct rn_buf texts; /* service, instance, recording, each with a NUL */
    const char *service;
    uint64_t pid;
    uint64_t recording; /* hash of rn.recording.id; 0 none */
};

/* A stream of the recording that was exported. */
struct otlp_own_stream {
    uint64_t recording, number; /* the key */
    uint64_t pid, tid;
    uint32_t stream;
    bool used;
};

/* A span that was met, or one that a link waits for. */
struct otlp_recent {
    uint64_t id, trace_low;
    uint64_t start, end;
    uint32_t stream;
};

struct rn_otlp_read {
    struct rn_import *import;
    const struct rn_otlp_form *form;
    enum rn_abi abi;
    bool begun; /* the facts of the import were stated */
    struct otlp_resource resource;
    struct rn_buf scope_name, scope_version;
    bool own_scope;
    uint32_t track; /* of the resource; 0 none yet */
    struct otlp_own_stream *own;
    size_t own_capacity, own_count;
    struct otlp_recent *met, *wanted; /* OTLP_RECENT each, by id */
    uint64_t flows;
    struct rn_buf text, strings;
    const char *wrong;
    /* Counted, told at the end. */
    uint64_t far_links, link_facts, dropped, structure, own_ids, own_paths, own_names, own_errors,
        own_unknown, versions, recordings;
    uint64_t last_recording;
};

/* What makes no sense. Returns RN_OK. */
enum rn_status otlp_wrong(struct rn_otlp_read *read, const char *what);
/* The number of a fact, whatever it is written as; false: it has none. */
bool otlp_number(const struct rn_otlp_facts *facts, const char *key, uint64_t *number);
void otlp_put_value(struct rn_otlp_read *read, struct rn_buf *out,
                    const struct rn_otlp_value *value);

/* A span of rn-export-otlp's. *known: it became an event; else it is one like any other. */
enum rn_status otlp_add_own(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                            bool *known, struct rn_error *err);
enum rn_status otlp_add_links(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                              uint32_t stream, struct rn_error *err);

#endif
