/* SPDX-License-Identifier: MIT */
#include "otlp_pool.h"

#include <stdlib.h>
#include <string.h>

void rn_otlp_pool_free(struct rn_otlp_pool *pool)
{
    free(pool->facts);
    free(pool->moments);
    free(pool->ranges);
    free(pool->links);
    *pool = (struct rn_otlp_pool){.facts = NULL};
}

void rn_otlp_pool_clear(struct rn_otlp_pool *pool)
{
    pool->fact_count = pool->moment_count = pool->link_count = 0;
    pool->full = false;
}

/* Room for item number `count`, which is zeroed. */
static void *room(struct rn_otlp_pool *pool, void *items, size_t *capacity, size_t count,
                  size_t size)
{
    size_t wanted = *capacity ? 2 * *capacity : 16;
    void *grown = items;

    if (count >= RN_OTLP_FACTS_MAX) {
        pool->full = true;
        return NULL;
    }
    if (count == *capacity) {
        grown = reallocarray(items, wanted, size);
        if (!grown) {
            pool->full = true;
            return NULL;
        }
        *capacity = wanted;
    }
    memset((char *)grown + count * size, 0, size);
    return grown;
}

struct rn_otlp_fact *rn_otlp_pool_fact(struct rn_otlp_pool *pool)
{
    void *items =
        room(pool, pool->facts, &pool->fact_capacity, pool->fact_count, sizeof *pool->facts);

    if (!items)
        return NULL;
    pool->facts = items;
    return &pool->facts[pool->fact_count++];
}

struct rn_otlp_moment *rn_otlp_pool_moment(struct rn_otlp_pool *pool)
{
    void *ranges =
        room(pool, pool->ranges, &pool->range_capacity, pool->moment_count, sizeof *pool->ranges);
    void *items = NULL;

    if (ranges) {
        pool->ranges = ranges;
        items = room(pool, pool->moments, &pool->moment_capacity, pool->moment_count,
                     sizeof *pool->moments);
    }
    if (!items)
        return NULL;
    pool->moments = items;
    return &pool->moments[pool->moment_count++];
}

struct rn_otlp_link *rn_otlp_pool_link(struct rn_otlp_pool *pool)
{
    void *items =
        room(pool, pool->links, &pool->link_capacity, pool->link_count, sizeof *pool->links);

    if (!items)
        return NULL;
    pool->links = items;
    return &pool->links[pool->link_count++];
}

void rn_otlp_pool_moment_facts(struct rn_otlp_pool *pool, size_t from)
{
    if (pool->moment_count)
        pool->ranges[pool->moment_count - 1] =
            (struct rn_otlp_range){from, pool->fact_count - from};
}

static struct rn_otlp_facts facts_of(const struct rn_otlp_pool *pool, struct rn_otlp_range range)
{
    return (struct rn_otlp_facts){range.count ? pool->facts + range.from : NULL, range.count};
}

void rn_otlp_pool_resolve(struct rn_otlp_pool *pool, struct rn_otlp_range own,
                          struct rn_otlp_read_span *span)
{
    span->facts = facts_of(pool, own);
    for (size_t i = 0; i < pool->moment_count; i++)
        pool->moments[i].facts = facts_of(pool, pool->ranges[i]);
    span->moments = pool->moments;
    span->moment_count = pool->moment_count;
    span->links = pool->links;
    span->link_count = pool->link_count;
}
