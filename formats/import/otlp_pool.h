/* SPDX-License-Identifier: MIT */
/* Attributes, events and links of the span that is being decoded; the memory is used again for the
 * next one. For otlp_json_read.c and otlp_proto_read.c. */
#ifndef RN_OTLP_POOL_H
#define RN_OTLP_POOL_H

#include "otlp_read.h"

/* Which facts belong together, while more are added and all may move. */
struct rn_otlp_range {
    size_t from, count;
};

struct rn_otlp_pool {
    struct rn_otlp_fact *facts;
    struct rn_otlp_moment *moments;
    struct rn_otlp_range *ranges; /* of the moments */
    struct rn_otlp_link *links;
    size_t fact_count, moment_count, link_count;
    size_t fact_capacity, moment_capacity, range_capacity, link_capacity;
    bool full; /* there were more than RN_OTLP_FACTS_MAX of something, or there is no memory */
};

void rn_otlp_pool_free(struct rn_otlp_pool *pool);
void rn_otlp_pool_clear(struct rn_otlp_pool *pool);
/* One more, zeroed; NULL: full. Borrowed until the next one of its sort. */
struct rn_otlp_fact *rn_otlp_pool_fact(struct rn_otlp_pool *pool);
struct rn_otlp_moment *rn_otlp_pool_moment(struct rn_otlp_pool *pool);
struct rn_otlp_link *rn_otlp_pool_link(struct rn_otlp_pool *pool);
/* The facts of the latest moment are those from `from` on. */
void rn_otlp_pool_moment_facts(struct rn_otlp_pool *pool, size_t from);
/* Nothing more comes: `own` are the span's facts. What it points to is borrowed until the pool is
 * cleared. */
void rn_otlp_pool_resolve(struct rn_otlp_pool *pool, struct rn_otlp_range own,
                          struct rn_otlp_read_span *span);

#endif
