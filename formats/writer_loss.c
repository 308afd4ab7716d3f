/* SPDX-License-Identifier: MIT */
/* Nothing is dropped silently: what could not be written is counted by kind and reason, and stated
 * in LOSS events as soon as there is room. */
#include "writer_private.h"

void rn_writer_note_loss(struct rn_writer *writer, const struct writer_loss *loss)
{
    struct writer_loss *known;

    for (unsigned i = 0; i < writer->loss_count; i++) {
        known = &writer->losses[i];
        if (known->reason != loss->reason || known->kind != loss->kind)
            continue;
        known->count += loss->count;
        known->first = loss->first < known->first ? loss->first : known->first;
        known->last = loss->last > known->last ? loss->last : known->last;
        return;
    }
    /* There are fewer pairs of kind and reason than room for them; if not, the count is right and
     * the kind is that of others. */
    if (writer->loss_count == WRITER_LOSSES) {
        writer->losses[WRITER_LOSSES - 1].count += loss->count;
        writer->losses[WRITER_LOSSES - 1].kind = RN_KIND_NONE;
        return;
    }
    writer->losses[writer->loss_count++] = *loss;
}

/* A LOSS event that is dropped itself stays a statement about the events it was made for. */
static bool note_again(struct rn_writer *writer, const struct pending_event *event,
                       const struct pending_shape *shape)
{
    const uint64_t *words = rn_member_words(writer->encoder, shape);
    struct writer_loss loss = {.first = event->start, .last = event->start + event->duration};

    if (shape->kind != RN_KIND_LOSS)
        return false;
    loss.kind = words[offsetof(struct rn_loss, kind) / sizeof(uint64_t)];
    loss.count = words[offsetof(struct rn_loss, count) / sizeof(uint64_t)];
    loss.reason = words[offsetof(struct rn_loss, reason) / sizeof(uint64_t)];
    rn_writer_note_loss(writer, &loss);
    return true;
}

void rn_writer_drop(struct rn_writer *writer, enum rn_loss_reason reason)
{
    for (size_t i = 0; i < rn_writer_pending(writer); i++) {
        const struct pending_event *event = rn_member_event(writer->encoder, i);
        const struct pending_shape *shape = rn_member_shape(writer->encoder, event->shape);
        struct writer_loss loss = {.kind = shape->kind,
                                   .reason = (uint64_t)reason,
                                   .count = 1,
                                   .first = event->start,
                                   .last = event->start};

        if (shape->flags & RN_EVENT_SNAPSHOT || note_again(writer, event, shape))
            continue;
        rn_writer_note_loss(writer, &loss);
        writer->lost++;
    }
    rn_member_clear(writer->encoder);
}

static enum rn_status add_loss_event(struct rn_writer *writer, const struct writer_loss *loss,
                                     const char *text, struct rn_error *err)
{
    const struct rn_attachment attachment = {.type = RN_ATT_TEXT,
                                             .arg = RN_ARG_NONE,
                                             .size = (uint32_t)strlen(text),
                                             .data = (const uint8_t *)text};
    struct rn_event event = {.kind = RN_KIND_LOSS,
                             .start = loss->first,
                             .duration = loss->last > loss->first ? loss->last - loss->first : 0,
                             .attachment_count = 1,
                             .attachments = &attachment};
    struct rn_stream_entry *entry;
    enum rn_status status = rn_stream_map_get(&writer->streams, 0, &entry, err);

    if (status != RN_OK)
        return status;
    event.u.loss =
        (struct rn_loss){.kind = loss->kind, .count = loss->count, .reason = loss->reason};
    status = rn_member_add(writer->encoder, &event, entry->next_ordinal, err);
    entry->next_ordinal += status == RN_OK;
    return status;
}

enum rn_status rn_writer_state_losses(struct rn_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    while (writer->loss_count && status == RN_OK) {
        const struct writer_loss *loss = &writer->losses[writer->loss_count - 1];

        status = add_loss_event(writer, loss, rn_loss_text(loss->reason), err);
        writer->loss_count -= status == RN_OK;
    }
    return status;
}

enum rn_status rn_writer_add_loss(struct rn_writer *writer, uint8_t kind, uint64_t count,
                                  enum rn_loss_reason reason, const char *text,
                                  struct rn_error *err)
{
    const struct writer_loss loss = {.kind = kind,
                                     .reason = (uint64_t)reason,
                                     .count = count,
                                     .first = writer->latest,
                                     .last = writer->latest};

    writer->lost += count;
    return add_loss_event(writer, &loss, text ? text : rn_loss_text(loss.reason), err);
}
