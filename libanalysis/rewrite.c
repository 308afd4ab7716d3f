/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include "formats/id_map.h"

#include <stdlib.h>
#include <string.h>

#define INFLIGHT_MAX (1u << 16)

struct rewrite {
    struct rn_writer *writer;
    rn_rewrite_fn *function;
    void *context;
    /* Of the member at hand. */
    struct rn_buf sources;  /* struct rn_writer_source */
    struct rn_buf inflight; /* struct rn_event: without attachments */
    struct rn_clock_point clock;
    bool in_commit;                            /* rows of a COMMIT chunk are being read */
    bool has_member;                           /* something is to be committed */
    uint64_t committed;                        /* segments begun */
    uint64_t clocks[RN_DEVICE_CLOCK_MAX / 64]; /* bits: of devices, that were read */
    struct rn_id_map stated; /* by stream: 1 + the segment in which it was last stated */
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to write a recording again");
}

static enum rn_status commit(struct rewrite *rewrite, struct rn_error *err)
{
    const struct rn_writer_commit_info info = {
        .sources = (const struct rn_writer_source *)(const void *)rewrite->sources.data,
        .source_count = rewrite->sources.size / sizeof(struct rn_writer_source),
        .inflight = (const struct rn_event *)(const void *)rewrite->inflight.data,
        .inflight_count = rewrite->inflight.size / sizeof(struct rn_event),
        .clock = rewrite->clock,
    };
    enum rn_status status = RN_OK;

    if (rewrite->sources.failed || rewrite->inflight.failed)
        return no_memory(err);
    if (rewrite->has_member)
        status = rn_writer_commit(rewrite->writer, &info, err);
    rn_buf_clear(&rewrite->sources);
    rn_buf_clear(&rewrite->inflight);
    memset(&rewrite->clock, 0, sizeof rewrite->clock);
    rewrite->has_member = false;
    return status;
}

/* A stream that a segment does not state again has ended in the one before. */
static void end_streams(struct rewrite *rewrite)
{
    for (size_t i = 0; i < rewrite->stated.capacity;) {
        const struct rn_id_slot *slot = &rewrite->stated.slots[i];

        if (!slot->value || (uintptr_t)slot->value >= rewrite->committed) {
            i++;
            continue;
        }
        rn_writer_end_stream(rewrite->writer, slot->id);
        rn_id_map_remove(&rewrite->stated, slot->id); /* another one may be in the slot now */
    }
}

static enum rn_status commit_row(struct rewrite *rewrite, const struct rn_event *event,
                                 struct rn_error *err)
{
    const struct rn_writer_source source = {event->u.commit.source, event->u.commit.generation,
                                            event->u.commit.position};
    enum rn_status status = RN_OK;

    if (!rewrite->in_commit) {
        status = commit(rewrite, err);
        if (event->flags & RN_EVENT_SNAPSHOT) {
            rn_writer_begin_segment(rewrite->writer);
            rewrite->committed++;
            end_streams(rewrite);
        }
    }
    rewrite->in_commit = rewrite->has_member = true;
    if (source.generation)
        rn_buf_append(&rewrite->sources, &source, sizeof source);
    return status;
}

static enum rn_status stream_row(struct rewrite *rewrite, const struct rn_event *event,
                                 struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    uint64_t id = event->u.stream_info.id;
    enum rn_status status;
    char *text = NULL;
    bool known;

    if (id == 0 || id > UINT32_MAX)
        return rn_fail(err, RN_E_FORMAT, "a stream of number %llu", (unsigned long long)id);
    known = rn_id_map_get(&rewrite->stated, id) != NULL;
    if (!rn_id_map_set(&rewrite->stated, id, (void *)(uintptr_t)(rewrite->committed + 1)))
        return no_memory(err);
    if (known)
        return RN_OK;
    if (name && name->data && !(text = strndup((const char *)name->data, name->size)))
        return no_memory(err);
    status = rn_writer_add_numbered(rewrite->writer, &event->u.stream_info, text, err);
    free(text);
    return status;
}

/* What they point to has been read before the call returned, so that only what was passed counts;
 * attachments of calls in flight are not written. */
static enum rn_status inflight_row(struct rewrite *rewrite, const struct rn_event *event,
                                   struct rn_error *err)
{
    struct rn_event bare = *event;

    if (rewrite->inflight.size / sizeof bare >= INFLIGHT_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u calls in flight", INFLIGHT_MAX);
    bare.attachment_count = 0;
    bare.attachments = NULL;
    rn_buf_append(&rewrite->inflight, &bare, sizeof bare);
    return RN_OK;
}

/* What a segment states again, the writer does by itself; but for what the first one states. */
static enum rn_status device_clock_row(struct rewrite *rewrite, const struct rn_event *event,
                                       struct rn_error *err)
{
    uint64_t clock = event->u.device_clock.clock, bit = 1ull << (clock % 64);
    uint64_t *known = &rewrite->clocks[clock % RN_DEVICE_CLOCK_MAX / 64];

    if (clock == 0 || clock > RN_DEVICE_CLOCK_MAX ||
        (event->flags & RN_EVENT_SNAPSHOT && *known & bit))
        return RN_OK;
    *known |= bit;
    return rn_writer_add(rewrite->writer, event, err);
}

static enum rn_status row(struct rewrite *rewrite, const struct rn_event *event,
                          struct rn_error *err)
{
    struct rn_event changed;
    enum rn_status status;
    bool keep = true;

    if (event->kind == RN_KIND_COMMIT)
        return commit_row(rewrite, event, err);
    rewrite->in_commit = false;
    if (event->kind == RN_KIND_CLOCK) {
        rewrite->clock = event->u.clock;
        return RN_OK;
    }
    status = rewrite->function(rewrite->context, event, &changed, &keep, err);
    if (status != RN_OK)
        return status;
    if (event->kind == RN_KIND_DEVICE_CLOCK)
        return device_clock_row(rewrite, &changed, err);
    if (event->kind == RN_KIND_STREAM)
        return stream_row(rewrite, &changed, err);
    if (event->kind == RN_KIND_INFLIGHT)
        return inflight_row(rewrite, &changed, err);
    return keep ? rn_writer_add(rewrite->writer, &changed, err) : RN_OK;
}

enum rn_status rn_rewrite(struct rn_reader *reader, struct rn_writer *writer,
                          rn_rewrite_fn *function, void *context, struct rn_error *err)
{
    struct rewrite rewrite = {.writer = writer, .function = function, .context = context};
    struct rn_event event;
    enum rn_status status;

    do {
        status = rn_reader_next_event(reader, &event, err);
        if (status == RN_OK)
            status = row(&rewrite, &event, err);
    } while (status == RN_OK);
    if (status == RN_EOF) {
        const struct rn_index *index = rn_reader_index(reader);

        if (index && index->has_status)
            rn_writer_set_status(writer, index->status);
        status = commit(&rewrite, err);
    }
    rn_buf_free(&rewrite.sources);
    rn_buf_free(&rewrite.inflight);
    rn_id_map_free(&rewrite.stated);
    return status;
}
