/* SPDX-License-Identifier: MIT */
/* Events come in the order in which they began. A call that hands out a descriptor, or tells the
 * end of a process, counts when it has returned: where other threads may have acted in between, it
 * is put off until then. */
#include "effect_model.h"

#include <stdlib.h>
#include <string.h>

struct effect_late {
    uint64_t end;
    struct rn_event event;
    struct rn_attachment *attachments;
    uint8_t *bytes;
};
#define LATE_MAX 4096u

static void late_free(struct effect_late *late)
{
    free(late->attachments);
    free(late->bytes);
    free(late);
}

static bool is_late(const struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_syscall *syscall = &event->u.syscall;
    enum effect_op op;

    if (effects->live_threads < 2 || event->duration == 0 || syscall->abi >= RN_ABI_COUNT ||
        syscall->nr >= EFFECT_CALL_NUMBERS || event->attachment_count > 32)
        return false;
    op = (enum effect_op)effects->ops[syscall->abi][syscall->nr];
    return op == OP_ACCEPT || op == OP_RECVMSG || op == OP_WAIT ||
           (op >= OP_OPEN && op <= OP_CREAT);
}

static struct effect_late *late_copy(const struct rn_event *event)
{
    struct effect_late *late = calloc(1, sizeof *late);
    size_t bytes = 0, used = 0;

    for (uint32_t i = 0; i < event->attachment_count; i++)
        bytes += event->attachments[i].type == RN_ATT_CONTENT
                     ? event->attachments[i].content.head_len
                     : event->attachments[i].size;
    if (!late)
        return NULL;
    late->event = *event;
    late->end = event->start + event->duration;
    late->attachments = calloc(event->attachment_count + 1u, sizeof *late->attachments);
    late->bytes = malloc(bytes + 1);
    if (!late->attachments || !late->bytes) {
        late_free(late);
        return NULL;
    }
    late->event.attachments = late->attachments;
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        struct rn_attachment *item = &late->attachments[i];
        const uint8_t *from;
        size_t size;

        *item = event->attachments[i];
        from = item->type == RN_ATT_CONTENT ? item->content.head : item->data;
        size = item->type == RN_ATT_CONTENT ? item->content.head_len : item->size;
        if (size)
            memcpy(late->bytes + used, from, size);
        if (item->type == RN_ATT_CONTENT) {
            item->content.head = late->bytes + used;
            item->content.blocks = 0; /* prefixes are not kept: it is a message */
        } else {
            item->data = late->bytes + used;
        }
        used += size;
    }
    return late;
}

bool effect_put_off(struct rn_effects *effects, const struct rn_event *event)
{
    struct effect_late *late;

    if (!is_late(effects, event) || effects->late_count == LATE_MAX)
        return false;
    if (effects->late_count == effects->late_capacity) {
        size_t capacity = effects->late_capacity ? 2 * effects->late_capacity : 16;
        struct effect_late **list = realloc(effects->late, capacity * sizeof(*list));

        if (!list)
            return false;
        effects->late = list;
        effects->late_capacity = capacity;
    }
    late = late_copy(event);
    if (!late)
        return false;
    effects->late[effects->late_count++] = late;
    if (late->end < effects->next_late || effects->late_count == 1)
        effects->next_late = late->end;
    return true;
}

void effect_catch_up(struct rn_effects *effects, uint64_t until)
{
    while (effects->late_count && effects->next_late <= until) {
        size_t best = 0;
        struct effect_late *late;

        for (size_t i = 1; i < effects->late_count; i++) {
            if (effects->late[i]->end < effects->late[best]->end)
                best = i;
        }
        late = effects->late[best];
        effects->late[best] = effects->late[--effects->late_count];
        effect_feed_call(effects, &late->event);
        late_free(late);
        effects->next_late = UINT64_MAX;
        for (size_t i = 0; i < effects->late_count; i++) {
            if (effects->late[i]->end < effects->next_late)
                effects->next_late = effects->late[i]->end;
        }
    }
}

void effect_late_free(struct rn_effects *effects)
{
    for (size_t i = 0; i < effects->late_count; i++)
        late_free(effects->late[i]);
    free(effects->late);
}
