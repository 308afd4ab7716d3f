/* SPDX-License-Identifier: MIT */
#include "member_encode.h"
#include "member_record.h"
#include "record.h"

#include <stdlib.h>

enum rn_status rn_member_encoder_new(int zstd_level, struct rn_stream_map *streams,
                                     struct rn_member_encoder **out, struct rn_error *err)
{
    struct rn_member_encoder *encoder = calloc(1, sizeof *encoder);

    *out = NULL;
    if (!encoder)
        return rn_fail(err, RN_E_NOMEM, "no memory for an encoder");
    encoder->streams = streams;
    encoder->columns = rn_column_encoder_new(zstd_level);
    encoder->strings = rn_string_table_new();
    encoder->contents = rn_content_table_new();
    /* With memory in it from the start, empty attachments have an address too. */
    if (!encoder->columns || !encoder->strings || !encoder->contents ||
        !rn_buf_reserve(&encoder->data, 4096)) {
        rn_member_encoder_free(encoder);
        return rn_fail(err, RN_E_NOMEM, "no memory for an encoder");
    }
    *out = encoder;
    return RN_OK;
}

void rn_member_encoder_free(struct rn_member_encoder *encoder)
{
    if (!encoder)
        return;
    rn_column_encoder_free(encoder->columns);
    rn_string_table_free(encoder->strings);
    rn_content_table_free(encoder->contents);
    rn_buf_free(&encoder->events);
    rn_buf_free(&encoder->shapes);
    rn_buf_free(&encoder->words);
    rn_buf_free(&encoder->attachments);
    rn_buf_free(&encoder->data);
    rn_buf_free(&encoder->order);
    rn_buf_free(&encoder->stated);
    rn_member_clocks_free(&encoder->clocks);
    free(encoder->records);
    free(encoder->room);
    free(encoder->tags);
    free(encoder->refs);
    free(encoder);
}

uint64_t rn_member_pending(const struct rn_member_encoder *encoder)
{
    return encoder->events.size / sizeof(struct pending_event);
}

uint64_t rn_member_pending_bytes(const struct rn_member_encoder *encoder)
{
    return encoder->events.size + encoder->shapes.size + encoder->words.size +
           encoder->attachments.size + encoder->data.size;
}

void rn_member_clear(struct rn_member_encoder *encoder)
{
    member_records_forget(encoder->records);
    rn_buf_clear(&encoder->events);
    rn_buf_clear(&encoder->shapes);
    rn_buf_clear(&encoder->words);
    rn_buf_clear(&encoder->attachments);
    rn_buf_clear(&encoder->data);
}

static enum rn_status check_content(const struct rn_content *content, struct rn_error *err)
{
    uint64_t blocks = content->length ? (content->length - 1) / RN_CONTENT_BLOCK : 0;

    if (content->blocks != blocks || content->head_len > content->length)
        return rn_fail(err, RN_E_USAGE, "content of %llu bytes with %u block CRCs and a head of %u",
                       (unsigned long long)content->length, content->blocks, content->head_len);
    if (content->head_len > RN_RECORD_MAX || content->blocks > RN_RECORD_MAX / 2)
        return rn_fail(err, RN_E_LIMIT, "content of %llu bytes with a head of %u is over the limit",
                       (unsigned long long)content->length, content->head_len);
    return RN_OK;
}

static enum rn_status check_event(const struct rn_event *event, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (!RN_KIND_IS_EVENT(event->kind) || !rn_schema_get(event->kind))
        return rn_fail(err, RN_E_USAGE, "kind %u is not one of events", event->kind);
    if (event->attachment_count > RN_RECORD_MAX_ATTACHMENTS)
        return rn_fail(err, RN_E_LIMIT, "event with %u attachments is over the limit of %u",
                       event->attachment_count, RN_RECORD_MAX_ATTACHMENTS);
    for (uint32_t i = 0; i < event->attachment_count && status == RN_OK; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];

        if (attachment->type == RN_ATT_CONTENT)
            status = check_content(&attachment->content, err);
        else if (attachment->size > RN_RECORD_MAX)
            status = rn_fail(err, RN_E_LIMIT, "attachment of %u bytes is over the limit of %u",
                             attachment->size, RN_RECORD_MAX);
    }
    return status;
}

static void copy_attachment(struct rn_member_encoder *encoder, const struct rn_attachment *from)
{
    struct pending_attachment to = {
        .tag = from->type | (uint32_t)from->arg << 8 | (uint32_t)from->flags << 16,
    };

    if (from->type != RN_ATT_CONTENT) {
        to.data = encoder->data.size;
        to.size = from->size;
        rn_buf_append(&encoder->data, from->data, from->size);
    } else {
        static const uint8_t zeros[8];

        rn_buf_append(&encoder->data, zeros, -encoder->data.size % 8);
        to.data = encoder->data.size;
        to.length = from->content.length;
        to.crc = from->content.crc;
        to.blocks = from->content.blocks;
        to.head_len = from->content.head_len;
        rn_buf_append(&encoder->data, from->content.prefix_crc, (size_t)to.blocks * 8);
        rn_buf_append(&encoder->data, from->content.head, to.head_len);
    }
    rn_buf_append(&encoder->attachments, &to, sizeof to);
}

/* Forget what was appended for an event that could not be added. */
static enum rn_status take_back(struct rn_member_encoder *encoder, const size_t sizes[5],
                                struct rn_error *err)
{
    struct rn_buf *pools[] = {&encoder->events, &encoder->shapes, &encoder->words,
                              &encoder->attachments, &encoder->data};

    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        pools[i]->size = sizes[i];
        pools[i]->failed = false;
    }
    return rn_fail(err, RN_E_NOMEM, "no memory for another event");
}

enum rn_status rn_member_add(struct rn_member_encoder *encoder, const struct rn_event *event,
                             uint64_t ordinal, struct rn_error *err)
{
    const size_t sizes[] = {encoder->events.size, encoder->shapes.size, encoder->words.size,
                            encoder->attachments.size, encoder->data.size};
    const struct pending_event pending = {
        .start = event->start,
        .duration = event->duration,
        .ordinal = ordinal,
        .shape = (uint32_t)(encoder->shapes.size / sizeof(struct pending_shape)),
    };
    struct pending_shape shape = {
        .stream = event->stream,
        .flags = event->flags,
        .kind = event->kind,
        .first_word = (uint32_t)(encoder->words.size / sizeof(uint64_t)),
        .first_attachment =
            (uint32_t)(encoder->attachments.size / sizeof(struct pending_attachment)),
        .attachments = (uint8_t)event->attachment_count,
    };
    enum rn_status status;

    if (event->kind == RN_KIND_DEVICE_CLOCK)
        return rn_member_clocks_add(&encoder->clocks, event, err);
    status = check_event(event, err);
    if (status != RN_OK)
        return status;
    shape.words = rn_schema_get(event->kind)->words;
    rn_buf_append(&encoder->words, event->u.words, shape.words * sizeof(uint64_t));
    for (uint32_t i = 0; i < event->attachment_count; i++)
        copy_attachment(encoder, &event->attachments[i]);
    rn_buf_append(&encoder->shapes, &shape, sizeof shape);
    rn_buf_append(&encoder->events, &pending, sizeof pending);
    if (encoder->words.failed || encoder->attachments.failed || encoder->data.failed ||
        encoder->shapes.failed || encoder->events.failed)
        return take_back(encoder, sizes, err);
    return RN_OK;
}

enum rn_status rn_member_intern(struct rn_member_encoder *encoder,
                                struct pending_attachment *attachment, struct rn_error *err)
{
    const uint8_t *data = encoder->data.data + attachment->data;
    struct rn_content content;

    if ((attachment->tag & 0xff) != RN_ATT_CONTENT)
        return rn_string_table_intern(encoder->strings, data, attachment->size, &attachment->ref,
                                      err);
    content = (struct rn_content){
        .length = attachment->length,
        .crc = attachment->crc,
        .prefix_crc = (const uint64_t *)(const void *)data,
        .blocks = attachment->blocks,
        .head_len = attachment->head_len,
        .head = data + (size_t)attachment->blocks * 8,
    };
    return rn_content_table_intern(encoder->contents, &content, &attachment->ref, err);
}
