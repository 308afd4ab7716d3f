/* SPDX-License-Identifier: MIT */
/* Links become arrows, from the span that is pointed to to the one that has the link. Either may
 * come first: the latest spans are remembered, and so are the latest links to spans that have not
 * come yet. */
#include "otlp_read_private.h"

/* Ids are random, or made to look so. */
static struct otlp_recent *slot_of(struct otlp_recent *table, uint64_t id)
{
    return &table[(id ^ id >> 32) % OTLP_RECENT];
}

static enum rn_status add_point(struct rn_otlp_read *read, uint32_t stream, uint64_t ns,
                                enum rn_flow_phase phase, struct rn_error *err)
{
    struct rn_attachment name = rn_import_attachment(RN_ATT_NAME, "link", 4);
    struct rn_event event = {.kind = RN_KIND_FLOW,
                             .stream = stream,
                             .start = ns,
                             .u.flow = {.id = read->flows, .phase = phase},
                             .attachment_count = 1,
                             .attachments = &name};

    return rn_import_add(read->import, &event, err);
}

/* From the end of `from`, but not later than `to` begins. */
static enum rn_status add_arrow(struct rn_otlp_read *read, const struct otlp_recent *from,
                                const struct otlp_recent *to, struct rn_error *err)
{
    uint64_t leaves = from->end < to->start ? from->end : to->start;
    enum rn_status status;

    read->flows++;
    if (leaves < from->start)
        leaves = from->start;
    status = add_point(read, from->stream, leaves, RN_FLOW_BEGIN, err);
    if (status != RN_OK)
        return status;
    return add_point(read, to->stream, to->start > leaves ? to->start : leaves, RN_FLOW_END, err);
}

enum rn_status otlp_add_links(struct rn_otlp_read *read, const struct rn_otlp_read_span *span,
                              uint32_t stream, struct rn_error *err)
{
    struct otlp_recent here = {.id = span->id,
                               .trace_low = span->trace_low,
                               .start = span->start_ns,
                               .end = span->end_ns,
                               .stream = stream};
    struct otlp_recent *waiting = slot_of(read->wanted, span->id);
    enum rn_status status = RN_OK;

    *slot_of(read->met, span->id) = here;
    /* `id` of what waits is that of the span it waits for. */
    if (waiting->id == span->id && waiting->trace_low == span->trace_low && span->id) {
        status = add_arrow(read, &here, waiting, err);
        waiting->id = 0;
    }
    for (size_t i = 0; i < span->link_count && status == RN_OK; i++) {
        const struct rn_otlp_link *link = &span->links[i];
        const struct otlp_recent *target = slot_of(read->met, link->id);

        read->link_facts += link->has_facts;
        if (link->id && target->id == link->id && target->trace_low == link->trace_low) {
            status = add_arrow(read, target, &here, err);
            continue;
        }
        waiting = slot_of(read->wanted, link->id);
        read->far_links += waiting->id != 0;
        *waiting = here;
        waiting->id = link->id;
        waiting->trace_low = link->trace_low;
    }
    return status;
}
