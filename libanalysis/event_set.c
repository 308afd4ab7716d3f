/* SPDX-License-Identifier: MIT */
#include "event_set.h"

#include <stdlib.h>

#define PAGE_EVENTS 512u
#define PAGE_BITS   31u /* of the number of a page: enough for the greatest ordinal */

struct page {
    uint64_t words[PAGE_EVENTS / 64];
};

static uint64_t page_id(uint32_t stream, uint64_t ordinal)
{
    return ((uint64_t)stream << PAGE_BITS) + ordinal / PAGE_EVENTS;
}

static struct page *make_page(struct rn_event_set *set, uint64_t id, struct rn_error *err)
{
    struct page *page;

    if (set->pages.count >= RN_EVENT_SET_MAX_PAGES) {
        (void)rn_fail(err, RN_E_LIMIT, "too many events: select some of them");
        return NULL;
    }
    page = calloc(1, sizeof *page);
    if (!page || !rn_id_map_set(&set->pages, id, page)) {
        free(page);
        (void)rn_fail(err, RN_E_NOMEM, "no memory for a set of events");
        return NULL;
    }
    return page;
}

enum rn_status rn_event_set_add(struct rn_event_set *set, uint32_t stream, uint64_t ordinal,
                                struct rn_error *err)
{
    uint64_t id = page_id(stream, ordinal), bit = UINT64_C(1) << (ordinal % 64);
    struct page *page;
    uint64_t *word;

    if (ordinal >= RN_EVENT_SET_MAX_ORDINAL)
        return rn_fail(err, RN_E_LIMIT, "no stream has %llu events", (unsigned long long)ordinal);
    page = rn_id_map_get(&set->pages, id);
    if (!page)
        page = make_page(set, id, err);
    if (!page)
        return err ? err->status : RN_E_NOMEM;
    word = &page->words[ordinal % PAGE_EVENTS / 64];
    set->count += !(*word & bit);
    *word |= bit;
    return RN_OK;
}

bool rn_event_set_has(const struct rn_event_set *set, uint32_t stream, uint64_t ordinal)
{
    const struct page *page;

    if (ordinal >= RN_EVENT_SET_MAX_ORDINAL)
        return false;
    page = rn_id_map_get(&set->pages, page_id(stream, ordinal));
    return page && page->words[ordinal % PAGE_EVENTS / 64] >> (ordinal % 64) & 1;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static enum rn_status visit_page(const struct page *page, uint64_t id, rn_event_set_fn *function,
                                 void *context, struct rn_error *err)
{
    uint32_t stream = (uint32_t)(id >> PAGE_BITS);
    uint64_t first = (id & ((UINT64_C(1) << PAGE_BITS) - 1)) * PAGE_EVENTS;
    enum rn_status status = RN_OK;

    for (unsigned i = 0; i < PAGE_EVENTS && status == RN_OK; i++)
        if (page->words[i / 64] >> (i % 64) & 1)
            status = function(context, stream, first + i, err);
    return status;
}

enum rn_status rn_event_set_each(const struct rn_event_set *set, rn_event_set_fn *function,
                                 void *context, struct rn_error *err)
{
    uint64_t *ids = calloc(set->pages.count + 1, sizeof *ids);
    enum rn_status status = RN_OK;
    size_t count = 0;

    if (!ids)
        return rn_fail(err, RN_E_NOMEM, "no memory for a set of events");
    for (size_t i = 0; i < set->pages.capacity; i++)
        if (set->pages.slots[i].value)
            ids[count++] = set->pages.slots[i].id;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count && status == RN_OK; i++)
        status = visit_page(rn_id_map_get(&set->pages, ids[i]), ids[i], function, context, err);
    free(ids);
    return status;
}

void rn_event_set_free(struct rn_event_set *set)
{
    for (size_t i = 0; i < set->pages.capacity; i++)
        free(set->pages.slots[i].value);
    rn_id_map_free(&set->pages);
    set->count = 0;
}
