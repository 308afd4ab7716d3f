/* SPDX-License-Identifier: MIT */
#include "otlp_batch.h"

#include "otlp_wire.h"

#include <stdlib.h>

enum { DATA_RESOURCE_SPANS = 1, RESOURCE = 1, SCOPE_SPANS = 2, SCOPE = 1, SPANS = 2 };

#define MAX_BODY (1u << 30)
/* Tags and lengths of the envelopes around one run of spans, at most. */
#define ENVELOPE  32u
#define SPAN_HEAD 5u

void rn_otlp_batch_init(struct rn_otlp_batch *batch, struct rn_otlp_text scope)
{
    *batch = (struct rn_otlp_batch){.body = RN_BUF_INIT, .scope = scope};
}

void rn_otlp_batch_clear(struct rn_otlp_batch *batch)
{
    rn_buf_clear(&batch->body);
    batch->count = batch->run_count = 0;
    batch->tally = (struct rn_otlp_tally){0};
    batch->traces = batch->digest = 0;
}

void rn_otlp_batch_free(struct rn_otlp_batch *batch)
{
    rn_buf_free(&batch->body);
    free(batch->refs);
    free(batch->runs);
    rn_otlp_batch_init(batch, batch->scope);
}

static enum rn_status grow(void *array, size_t *capacity, size_t needed, size_t item,
                           struct rn_error *err)
{
    void **items = array;
    size_t larger = *capacity ? *capacity : 64;
    void *moved;

    if (needed <= *capacity)
        return RN_OK;
    while (larger < needed)
        larger *= 2;
    moved = reallocarray(*items, larger, item);
    if (!moved)
        return rn_fail(err, RN_E_NOMEM, "no memory for a batch of %zu spans", needed);
    *items = moved;
    *capacity = larger;
    return RN_OK;
}

static size_t spans_size(const struct rn_otlp_ref *refs, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += rn_wire_bytes_size(refs[i].size);
    return size;
}

/* Order matters, so that a digest stands for one sequence of spans. */
static uint64_t digest_add(uint64_t digest, const uint8_t *span, uint32_t size)
{
    digest = (digest ^ rn_otlp_id_load(span + RN_OTLP_SPAN_ID_OFFSET)) * 0x9e3779b97f4a7c15u;
    return (digest ^ digest >> 29) + size;
}

static void put_spans(struct rn_otlp_batch *batch, uint8_t *to, const uint8_t *body,
                      const uint8_t *arena, const struct rn_otlp_ref *refs, size_t count)
{
    struct rn_otlp_ref *into = batch->refs + batch->count;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *span = arena + refs[i].offset;

        to = rn_wire_put_head(to, SPANS, refs[i].size);
        into[i] = refs[i];
        into[i].offset = (uint32_t)(to - body);
        to = rn_wire_put_raw(to, span, refs[i].size);
        batch->digest = digest_add(batch->digest, span, refs[i].size);
        batch->tally.events += refs[i].events;
        batch->tally.folded += refs[i].folded;
    }
    batch->count += count;
    batch->tally.spans += count;
}

enum rn_status rn_otlp_batch_add(struct rn_otlp_batch *batch, struct rn_otlp_text resource,
                                 const uint8_t *arena, const struct rn_otlp_ref *refs, size_t count,
                                 struct rn_error *err)
{
    size_t spans = spans_size(refs, count);
    size_t scope_spans = rn_wire_bytes_size(batch->scope.size) + spans;
    size_t whole = rn_wire_bytes_size(resource.size) + rn_wire_bytes_size(scope_spans);
    uint8_t *start, *to;

    if (count == 0)
        return RN_OK;
    if (whole > MAX_BODY - ENVELOPE || batch->body.size > MAX_BODY - ENVELOPE - whole)
        return rn_fail(err, RN_E_LIMIT, "a batch of more than %u bytes", MAX_BODY);
    if (grow(&batch->refs, &batch->capacity, batch->count + count, sizeof *batch->refs, err) ||
        grow(&batch->runs, &batch->run_capacity, batch->run_count + 1, sizeof *batch->runs, err))
        return RN_E_NOMEM;
    start = to = rn_buf_reserve(&batch->body, whole + ENVELOPE);
    if (!to)
        return rn_fail(err, RN_E_NOMEM, "no memory for a batch of %zu bytes", whole);
    to = rn_wire_put_head(to, DATA_RESOURCE_SPANS, whole);
    to = rn_wire_put_head(to, RESOURCE, resource.size);
    batch->runs[batch->run_count++] = (struct rn_otlp_run){
        .first = (uint32_t)batch->count,
        .resource_offset = (uint32_t)(to - batch->body.data),
        .resource_size = (uint32_t)resource.size,
    };
    to = rn_wire_put_raw(to, resource.data, resource.size);
    to = rn_wire_put_head(to, SCOPE_SPANS, scope_spans);
    to = rn_wire_put_bytes(to, SCOPE, batch->scope.data, batch->scope.size);
    put_spans(batch, to, batch->body.data, arena, refs, count);
    batch->body.size += (size_t)(to - start) + spans;
    return RN_OK;
}

size_t rn_otlp_batch_room(const struct rn_otlp_batch *batch, struct rn_otlp_text resource,
                          const struct rn_otlp_ref *refs, size_t count, size_t max_bytes,
                          size_t max_spans)
{
    size_t bytes = batch->body.size + resource.size + batch->scope.size + ENVELOPE;
    size_t fit = 0;

    while (fit < count && batch->count + fit < max_spans) {
        bytes += refs[fit].size + SPAN_HEAD;
        if (bytes > max_bytes)
            break;
        fit++;
    }
    return fit || batch->count ? fit : 1;
}

static struct rn_otlp_text run_resource(const struct rn_otlp_batch *batch, size_t run)
{
    return (struct rn_otlp_text){
        (const char *)batch->body.data + batch->runs[run].resource_offset,
        batch->runs[run].resource_size,
    };
}

static size_t run_end(const struct rn_otlp_batch *batch, size_t run)
{
    return run + 1 < batch->run_count ? batch->runs[run + 1].first : batch->count;
}

enum rn_status rn_otlp_batch_slice(const struct rn_otlp_batch *whole, size_t first, size_t count,
                                   struct rn_otlp_batch *part, struct rn_error *err)
{
    size_t end = first + count;

    part->scope = whole->scope;
    for (size_t run = 0; run < whole->run_count; run++) {
        size_t from = whole->runs[run].first, to = run_end(whole, run);
        enum rn_status status;

        if (from < first)
            from = first;
        if (to > end)
            to = end;
        if (from >= to)
            continue;
        status = rn_otlp_batch_add(part, run_resource(whole, run), whole->body.data,
                                   whole->refs + from, to - from, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

struct rn_otlp_tally rn_otlp_batch_tally(const struct rn_otlp_batch *batch, size_t first,
                                         size_t count)
{
    struct rn_otlp_tally tally = {.spans = count};

    for (size_t i = first; i < first + count; i++) {
        tally.events += batch->refs[i].events;
        tally.folded += batch->refs[i].folded;
    }
    return tally;
}
