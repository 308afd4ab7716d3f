/* SPDX-License-Identifier: MIT */
/* Calls that have not returned. Each member of a recording restates those that had not when it was
 * written, so only what is restated last, with nothing behind it, is still under way. */
#include "span_private.h"

#include <stdlib.h>

#define MAX_INFLIGHT 65536u

static void call_free(struct span_inflight *call)
{
    free(call->attachments);
    rn_buf_free(&call->bytes);
}

void rn_span_inflight_forget(struct rn_span_tree *tree)
{
    for (size_t i = 0; i < tree->inflight_count; i++)
        call_free(&tree->inflight[i]);
    tree->inflight_count = 0;
}

/* Attachments point into the bytes once there are no more of them to come. */
static bool copy_attachments(struct span_inflight *call, const struct rn_event *event)
{
    size_t at = 0;

    call->attachments = calloc(event->attachment_count + 1, sizeof *call->attachments);
    if (!call->attachments)
        return false;
    for (uint32_t i = 0; i < event->attachment_count; i++)
        rn_buf_append(&call->bytes, event->attachments[i].data, event->attachments[i].size);
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        call->attachments[i] = event->attachments[i];
        call->attachments[i].data = call->bytes.data + at;
        call->attachments[i].content = (struct rn_content){
            .length = event->attachments[i].content.length,
            .crc = event->attachments[i].content.crc,
        };
        at += event->attachments[i].size;
    }
    call->event.attachments = call->attachments;
    return !call->bytes.failed;
}

enum rn_status rn_span_inflight_keep(struct rn_span_tree *tree, const struct rn_event *event,
                                     struct rn_error *err)
{
    struct span_inflight *call;

    if (tree->inflight_count == MAX_INFLIGHT)
        return rn_fail(err, RN_E_LIMIT, "more than %u calls under way", MAX_INFLIGHT);
    if (!rn_span_grow(&tree->inflight, &tree->inflight_capacity, tree->inflight_count + 1,
                      sizeof *tree->inflight))
        return rn_fail(err, RN_E_NOMEM, "no memory for calls under way");
    call = &tree->inflight[tree->inflight_count];
    *call = (struct span_inflight){.event = *event};
    call->event.flags |= RN_EVENT_UNFINISHED;
    if (!copy_attachments(call, event)) {
        call_free(call);
        return rn_fail(err, RN_E_NOMEM, "no memory for calls under way");
    }
    tree->inflight_count++;
    return RN_OK;
}
