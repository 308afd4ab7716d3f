/* SPDX-License-Identifier: MIT */
#include "decision_codec.h"
#include "fnv.h"

#include <stdlib.h>
#include <string.h>

struct rn_decision_file {
    struct rn_buf rest;        /* read and not used yet */
    uint64_t offset;           /* of its first byte */
    rn_decision_next_fn *next; /* NULL: a manifest, or not known yet */
    bool is_manifest;
    struct rn_decision_state state;
};

struct rn_decision_file *rn_decision_file_new(void)
{
    return calloc(1, sizeof(struct rn_decision_file));
}

void rn_decision_file_free(struct rn_decision_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < sizeof file->state.texts / sizeof file->state.texts[0]; i++)
        rn_buf_free(&file->state.texts[i]);
    rn_buf_free(&file->state.origin);
    rn_buf_free(&file->rest);
    free(file);
}

const char *rn_decision_file_origin(const struct rn_decision_file *file)
{
    return file->state.origin.size > 1 ? (const char *)file->state.origin.data : NULL;
}

enum rn_status rn_decision_fail(struct rn_error *err, enum rn_status status, uint64_t offset,
                                const char *what)
{
    (void)rn_fail(err, status, "%s", what);
    if (err) {
        err->has_offset = true;
        err->offset = offset;
    }
    return status;
}

/* Of category::name::file::line, the line as four bytes, the lowest first. */
static uint64_t make_id(const struct rn_decision_entry *entry)
{
    const char *source = entry->source.text ? entry->source.text : "";
    size_t file = entry->source.size;
    uint32_t line = 0;
    uint8_t bytes[4];
    uint64_t hash;

    while (file > 0 && source[file - 1] != ':')
        file--;
    for (size_t i = file; file > 0 && i < entry->source.size; i++)
        line = line * 10 + (uint32_t)(source[i] - '0');
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(line >> 8 * i);
    hash = rn_fnv(RN_FNV_BEGIN, entry->category.text, entry->category.size);
    hash = rn_fnv(rn_fnv(hash, "::", 2), entry->name.text, entry->name.size);
    hash = rn_fnv(rn_fnv(hash, "::", 2), source, file > 0 ? file - 1 : entry->source.size);
    return rn_fnv(rn_fnv(hash, "::", 2), bytes, sizeof bytes);
}

static struct rn_decision_text text_of(const struct rn_buf *buf)
{
    bool cut = buf->size > RN_DECISION_TEXT_MAX;

    if (buf->size == 0)
        return (struct rn_decision_text){.text = NULL};
    return (struct rn_decision_text){.text = (const char *)buf->data,
                                     .size = cut ? RN_DECISION_TEXT_MAX : (uint32_t)buf->size,
                                     .cut = cut};
}

void rn_decision_complete(struct rn_decision_state *state, bool has_id,
                          struct rn_decision_entry *entry)
{
    entry->category = text_of(&state->texts[RN_DECISION_CATEGORY]);
    entry->name = text_of(&state->texts[RN_DECISION_NAME]);
    entry->source = text_of(&state->texts[RN_DECISION_SOURCE]);
    entry->input = text_of(&state->texts[RN_DECISION_INPUT]);
    entry->result = text_of(&state->texts[RN_DECISION_RESULT]);
    if (!has_id)
        entry->id = make_id(entry);
}

bool rn_decision_parse_id(const char *text, size_t size, uint64_t *id)
{
    *id = 0;
    if (size > 2 && text[0] == '0' && (text[1] | 32) == 'x') {
        text += 2;
        size -= 2;
    }
    for (size_t i = 0; i < size; i++) {
        char c = (char)(text[i] | 32);
        bool digit = text[i] >= '0' && text[i] <= '9';

        if (!digit && (c < 'a' || c > 'f'))
            return false;
        *id = *id << 4 | (uint64_t)(digit ? text[i] - '0' : c - 'a' + 10);
    }
    return size > 0 && size <= 16;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* By the first byte that is no blank: none of MessagePack's here is one. */
static enum rn_status choose_codec(struct rn_decision_file *file, struct rn_error *err)
{
    size_t at = 0;
    uint8_t first;

    while (at < file->rest.size && is_blank(file->rest.data[at]))
        at++;
    if (at == file->rest.size)
        return RN_EOF;
    first = file->rest.data[at];
    if (first == '[')
        file->next = rn_decision_json_next;
    else if (first == '{')
        file->is_manifest = true;
    else if ((first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf))
        file->next = rn_decision_msgpack_next;
    else
        return rn_decision_fail(err, RN_E_FORMAT, at,
                                "neither MessagePack nor JSON with decisions begins so");
    return RN_OK;
}

static void consume(struct rn_decision_file *file, size_t size)
{
    memmove(file->rest.data, file->rest.data + size, file->rest.size - size);
    file->rest.size -= size;
    file->offset += size;
}

static enum rn_status decode(struct rn_decision_file *file, bool last, rn_decision_fn *function,
                             void *context, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    size_t at = 0;

    while (status == RN_OK) {
        struct rn_decision_entry entry = {.has_time = false};
        bool has_entry = false;
        size_t used = 0;

        status = file->next(&file->state, file->rest.data + at, file->rest.size - at, last, &used,
                            &has_entry, &entry, err);
        if (status != RN_OK && status != RN_EOF && err)
            err->offset += file->offset + at;
        at += used;
        if (status == RN_OK && has_entry)
            status = function(context, &entry, err);
    }
    consume(file, at);
    if (status == RN_EOF && file->rest.size > RN_DECISION_BYTES_MAX)
        return rn_decision_fail(err, RN_E_LIMIT, file->offset, "a decision is over 64 MiB long");
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status decode_manifest(struct rn_decision_file *file, bool last,
                                      rn_decision_fn *function, void *context, struct rn_error *err)
{
    if (file->rest.size > RN_DECISION_BYTES_MAX)
        return rn_decision_fail(err, RN_E_LIMIT, 0, "a manifest is over 64 MiB long");
    return last ? rn_decision_manifest_read(&file->state, file->rest.data, file->rest.size,
                                            function, context, err)
                : RN_OK;
}

enum rn_status rn_decision_file_feed(struct rn_decision_file *file, const uint8_t *data,
                                     size_t size, bool last, rn_decision_fn *function,
                                     void *context, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    rn_buf_append(&file->rest, data, size);
    if (file->rest.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory for a file of decisions");
    if (!file->next && !file->is_manifest)
        status = choose_codec(file, err);
    if (status != RN_OK)
        return status == RN_EOF ? RN_OK : status;
    return file->is_manifest ? decode_manifest(file, last, function, context, err)
                             : decode(file, last, function, context, err);
}

void rn_decision_attach(struct rn_event *event, struct rn_attachment *items, uint8_t type,
                        const struct rn_decision_text *text)
{
    if (text->text)
        items[event->attachment_count++] =
            (struct rn_attachment){.type = type,
                                   .arg = RN_ARG_NONE,
                                   .flags = text->cut ? RN_ATT_CUT : 0,
                                   .size = text->size,
                                   .data = (const uint8_t *)text->text};
}
