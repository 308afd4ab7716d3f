/* SPDX-License-Identifier: MIT */
#include "otlp_readback.h"

#include "otlp_encode.h"

#include "otlp.pb-c.h"

#include <stdlib.h>

void rn_otlp_set_add(struct rn_otlp_set *set, uint64_t id)
{
    set->spans++;
    set->sum += (id ^ id >> 32) * 0x9e3779b97f4a7c15u;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Ids into `ids`, or with NULL only their number. */
static size_t collect(const Otlp__TracesData *traces, uint64_t *ids)
{
    size_t count = 0;

    for (size_t r = 0; r < traces->n_resource_spans; r++) {
        const Otlp__ResourceSpans *resource = traces->resource_spans[r];

        for (size_t s = 0; s < resource->n_scope_spans; s++) {
            const Otlp__ScopeSpans *scope = resource->scope_spans[s];

            for (size_t i = 0; i < scope->n_spans; i++)
                if (scope->spans[i]->span_id.len == 8) {
                    if (ids)
                        ids[count] = rn_otlp_id_load(scope->spans[i]->span_id.data);
                    count++;
                }
        }
    }
    return count;
}

enum rn_status rn_otlp_readback(const uint8_t *data, size_t size, struct rn_otlp_set *set,
                                uint64_t *repeated, struct rn_error *err)
{
    Otlp__TracesData *traces = otlp__traces_data__unpack(NULL, size, data);
    size_t count = traces ? collect(traces, NULL) : 0;
    uint64_t *ids = calloc(count + 1, sizeof *ids);

    *set = (struct rn_otlp_set){0};
    *repeated = 0;
    if (traces && ids) {
        collect(traces, ids);
        qsort(ids, count, sizeof *ids, compare);
        for (size_t i = 0; i < count; i++) {
            if (i && ids[i] == ids[i - 1])
                (*repeated)++;
            else
                rn_otlp_set_add(set, ids[i]);
        }
    }
    free(ids);
    if (!traces)
        return rn_fail(err, RN_E_FORMAT, "what was read back is no trace");
    otlp__traces_data__free_unpacked(traces, NULL);
    return ids ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory to check a trace");
}
