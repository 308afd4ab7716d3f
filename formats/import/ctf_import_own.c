/* SPDX-License-Identifier: MIT */
/* What ctf_write.c wrote becomes what it was, see ctf_own.h. */
#include "ctf_import_private.h"
#include "formats/ctf_own.h"
#include "formats/event_schema.h"

#include <stdlib.h>
#include <string.h>

enum ctf_role rn_ctf_own_role(struct rn_ctf_class *class)
{
    if (strncmp(class->name, "rn_", 3) != 0)
        return 0;
    const char *name = class->name + 3;
    if (!strcmp(name, "stream"))
        return CTF_ROLE_OWN_STREAM;
    if (!strcmp(name, "unfinished"))
        return CTF_ROLE_OWN_UNFINISHED;
    uint8_t kind = rn_kind_from_name(name, strlen(name));
    uint8_t *data = RN_KIND_IS_EVENT(kind) && kind != RN_KIND_SYSCALL ? malloc(1) : NULL;
    if (!data)
        return 0;
    *data = kind;
    class->data = data;
    return CTF_ROLE_OWN_EVENT;
}

struct ctf_thread *rn_ctf_own_thread(const struct ctf_reading *r)
{
    uint64_t number;
    if (!r->own || !rn_ctf_number(r, RN_CTF_CONTEXT, "rn_stream", &number))
        return NULL;
    return rn_id_map_get(&r->streams, number);
}

/* The number that a stream of the original has now; 0: the recorder's, or not known. */
static uint32_t stream_now(const struct ctf_reading *r, uint64_t number)
{
    const struct ctf_thread *thread = rn_id_map_get(&r->streams, number);
    return thread ? thread->stream : 0;
}

static enum rn_status make_stream(struct ctf_reading *r, const struct rn_stream *row,
                                  const char *name, uint32_t *stream, struct rn_error *err)
{
    uint32_t parent = stream_now(r, row->parent);
    switch (row->type) {
    case RN_STREAM_RECORDER:
        *stream = 0;
        return RN_OK;
    case RN_STREAM_THREAD:
        if (parent)
            return rn_import_child(r->import, parent, row->pid, row->tid, name, stream, err);
        rn_import_end_thread(r->import, row->pid, row->tid);
        return rn_import_thread(r->import, row->pid, row->tid, name, stream, err);
    case RN_STREAM_QUEUE:
        return rn_import_queue(r->import, row->pid, row->id, row->tid, name, stream, err);
    default:
        return rn_import_track(r->import, row->pid, row->tid, name, stream, err);
    }
}

static void take_words(const struct ctf_reading *r, const struct rn_schema *schema, uint64_t *words)
{
    for (unsigned i = 0; i < schema->words; i++)
        rn_ctf_number(r, RN_CTF_PAYLOAD, schema->fields[i].name, &words[i]);
}

static enum rn_status import_stream(struct ctf_reading *r, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_STREAM};
    char name[CTF_NAME_MAX] = "";
    take_words(r, rn_schema_get(RN_KIND_STREAM), event.u.words);
    const struct rn_stream *row = &event.u.stream_info;
    rn_ctf_name(r, RN_CTF_PAYLOAD, "name", name);
    if (row->id >= UINT32_MAX)
        return rn_fail(err, RN_E_FORMAT, "a stream of no sense");
    if (rn_id_map_get(&r->streams, row->id))
        return RN_OK;
    struct ctf_thread *thread = calloc(1, sizeof(*thread));
    if (!thread || !rn_id_map_set(&r->streams, row->id, thread)) {
        free(thread);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    thread->own = true;
    thread->pid = row->pid;
    thread->tid = row->tid;
    return make_stream(r, row, *name ? name : NULL, &thread->stream, err);
}

static unsigned take_text(struct ctf_reading *r, const char *field_name, uint8_t type,
                          unsigned count)
{
    const struct rn_ctf_field *field = rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, field_name);
    if (!field || field->type != RN_CTF_STRING || !field->u.text.size)
        return count;
    r->attachments[count] = (struct rn_attachment){.type = type,
                                                   .arg = RN_ARG_NONE,
                                                   .size = (uint32_t)field->u.text.size,
                                                   .data = (const uint8_t *)field->u.text.data};
    return count + 1;
}

/* Behind the `count` attachments that there are. */
static unsigned take_attachments(struct ctf_reading *r, unsigned count)
{
    const struct rn_ctf_field *field =
        rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, "rn_attachments");
    if (!field || field->type != RN_CTF_BYTES)
        return count;
    return count + rn_ctf_attachments_decode((const uint8_t *)field->u.text.data,
                                             field->u.text.size, r->attachments + count,
                                             RN_RECORD_MAX_ATTACHMENTS - count, &r->crcs);
}

void rn_ctf_own_complete(struct ctf_reading *r, struct rn_event *event)
{
    uint64_t value;
    if (rn_ctf_number(r, RN_CTF_PAYLOAD, "rn_flags", &value))
        event->flags = (uint32_t)value;
    rn_ctf_number(r, RN_CTF_PAYLOAD, "rn_site", &event->u.syscall.site);
    rn_ctf_number(r, RN_CTF_PAYLOAD, "rn_abi", &event->u.syscall.abi);
    rn_ctf_number(r, RN_CTF_PAYLOAD, "rn_nr", &event->u.syscall.nr);
    memcpy(r->attachments, event->attachments,
           event->attachment_count * sizeof(event->attachments[0]));
    event->attachment_count = take_attachments(r, event->attachment_count);
    event->attachments = r->attachments;
}

static enum rn_status import_event(struct ctf_reading *r, struct rn_error *err)
{
    uint8_t kind = *(const uint8_t *)r->message->class->data;
    const struct ctf_thread *thread = rn_ctf_own_thread(r);
    uint64_t value;
    if (kind == RN_KIND_EDGE || kind == RN_KIND_OBJECT) {
        rn_import_note(r->import, "edges and objects, which name events by their old places", 1);
        return RN_OK;
    }
    struct rn_event event = {.kind = kind, .stream = thread ? thread->stream : 0, .start = r->ns};
    take_words(r, rn_schema_get(kind), event.u.words);
    rn_ctf_number(r, RN_CTF_PAYLOAD, "duration", &event.duration);
    if (rn_ctf_number(r, RN_CTF_PAYLOAD, "rn_flags", &value))
        event.flags = (uint32_t)value;
    if (kind == RN_KIND_PROCESS && event.u.process.op == RN_PROCESS_FORK)
        event.u.process.child_stream = stream_now(r, event.u.process.child_stream);
    unsigned count = take_text(r, "name", RN_ATT_NAME, 0);
    count = take_text(r, "text", RN_ATT_TEXT, count);
    event.attachment_count = take_attachments(r, count);
    event.attachments = r->attachments;
    return rn_ctf_add(r, &event, err);
}

enum rn_status rn_ctf_import_own(struct ctf_reading *r, enum ctf_role role, struct rn_error *err)
{
    switch (role) {
    case CTF_ROLE_OWN_STREAM:
        return import_stream(r, err);
    case CTF_ROLE_OWN_UNFINISHED: {
        struct ctf_thread *thread = rn_ctf_own_thread(r);
        return thread ? rn_ctf_call_unfinished(r, thread, err) : RN_OK;
    }
    default:
        return import_event(r, err);
    }
}
