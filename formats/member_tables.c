/* SPDX-License-Identifier: MIT */
#include "member_encode.h"
#include "record.h"

/* A table chunk takes no new entry beyond this; the largest entry still fits into a byte column. */
#define TABLE_CHUNK_BYTES (1u << 20)

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to encode a member");
}

static enum rn_status put_strings(struct rn_member_encoder *encoder, struct rn_buf *out,
                                  struct rn_error *err)
{
    struct rn_chunk_rows rows = {.kind = RN_KIND_STRINGS, .group = encoder->group};
    uint64_t *length = rn_member_rows(encoder, RN_COLUMN_LENGTH);
    struct rn_buf bytes = RN_BUF_INIT;
    enum rn_status status = RN_OK;
    const uint8_t *data;
    uint32_t size;

    if (!length)
        return no_memory(err);
    while (rows.rows < RN_CHUNK_MAX_ROWS && bytes.size < TABLE_CHUNK_BYTES &&
           rn_string_table_get(encoder->strings, encoder->strings_written, &data, &size)) {
        length[rows.rows++] = size;
        rn_buf_append(&bytes, data, size);
        encoder->strings_written++;
    }
    rows.column[RN_COLUMN_LENGTH] = length;
    rows.bytes = bytes.data;
    rows.bytes_size = bytes.size;
    if (bytes.failed)
        status = no_memory(err);
    else if (rows.rows)
        status = rn_chunk_encode(encoder->columns, &rows, out, err);
    rn_buf_free(&bytes);
    return status;
}

/* Bytes that are all in the head need no CRCs: a reader computes them. */
static void append_crcs(struct rn_buf *crcs, const struct rn_content *content)
{
    if (content->head_len == content->length)
        return;
    for (uint32_t i = 0; i < content->blocks; i++)
        rn_buf_u64(crcs, content->prefix_crc[i]);
    rn_buf_u64(crcs, content->crc);
}

static enum rn_status put_contents(struct rn_member_encoder *encoder, struct rn_buf *out,
                                   struct rn_error *err)
{
    struct rn_chunk_rows rows = {.kind = RN_KIND_CONTENTS, .group = encoder->group};
    uint64_t *length = rn_member_rows(encoder, RN_COLUMN_LENGTH);
    uint64_t *head_length = rn_member_rows(encoder, RN_COLUMN_HEAD_LENGTH);
    struct rn_buf heads = RN_BUF_INIT, crcs = RN_BUF_INIT;
    enum rn_status status = RN_OK;
    struct rn_content content;

    if (!length || !head_length)
        return no_memory(err);
    while (rows.rows < RN_CHUNK_MAX_ROWS && heads.size + crcs.size < TABLE_CHUNK_BYTES &&
           rn_content_table_get(encoder->contents, encoder->contents_written, &content)) {
        length[rows.rows] = content.length;
        head_length[rows.rows++] = content.head_len;
        rn_buf_append(&heads, content.head, content.head_len);
        append_crcs(&crcs, &content);
        encoder->contents_written++;
    }
    rows.column[RN_COLUMN_LENGTH] = length;
    rows.column[RN_COLUMN_HEAD_LENGTH] = head_length;
    rows.bytes = heads.data;
    rows.bytes_size = heads.size;
    rows.crc_bytes = crcs.data;
    rows.crc_bytes_size = crcs.size;
    if (heads.failed || crcs.failed)
        status = no_memory(err);
    else if (rows.rows)
        status = rn_chunk_encode(encoder->columns, &rows, out, err);
    rn_buf_free(&heads);
    rn_buf_free(&crcs);
    return status;
}

enum rn_status rn_member_put_tables(struct rn_member_encoder *encoder, struct rn_buf *out,
                                    struct rn_error *err)
{
    enum rn_status status = RN_OK;

    while (status == RN_OK && encoder->strings_written < rn_string_table_count(encoder->strings))
        status = put_strings(encoder, out, err);
    while (status == RN_OK && encoder->contents_written < rn_content_table_count(encoder->contents))
        status = put_contents(encoder, out, err);
    return status;
}

static void set_stream_row(struct rn_member_encoder *encoder, struct rn_stream_entry *entry,
                           uint32_t row)
{
    encoder->rows[RN_COLUMN_WORD][row] = entry->id;
    encoder->rows[RN_COLUMN_WORD + 1][row] = entry->info.type;
    encoder->rows[RN_COLUMN_WORD + 2][row] = entry->info.pid;
    encoder->rows[RN_COLUMN_WORD + 3][row] = entry->info.tid;
    encoder->rows[RN_COLUMN_WORD + 4][row] = entry->info.parent;
    encoder->rows[RN_COLUMN_WORD + 5][row] = entry->info.clock;
    encoder->rows[RN_COLUMN_FLAGS][row] = entry->known ? RN_EVENT_SNAPSHOT : 0;
    encoder->rows[RN_COLUMN_ATTACHMENTS][row] = entry->name != NULL;
    entry->known = entry->stated = true;
}

static enum rn_status set_name(struct rn_member_encoder *encoder, struct rn_chunk_rows *rows,
                               const char *name, struct rn_error *err)
{
    encoder->tags[rows->list_items] = RN_ATT_NAME | RN_ARG_NONE << 8;
    return rn_string_table_intern(encoder->strings, (const uint8_t *)name, (uint32_t)strlen(name),
                                  &encoder->refs[rows->list_items++], err);
}

static enum rn_status put_some_streams(struct rn_member_encoder *encoder, const uint32_t *ids,
                                       uint32_t count, struct rn_buf *out, struct rn_error *err)
{
    static const unsigned columns[] = {
        RN_COLUMN_FLAGS,    RN_COLUMN_ATTACHMENTS, RN_COLUMN_WORD,    RN_COLUMN_WORD + 1,
        RN_COLUMN_WORD + 2, RN_COLUMN_WORD + 3,    RN_COLUMN_WORD + 4, RN_COLUMN_WORD + 5};
    struct rn_chunk_rows rows = {.kind = RN_KIND_STREAM, .rows = count};
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        rows.column[columns[i]] = rn_member_rows(encoder, columns[i]);
        if (!rows.column[columns[i]])
            return no_memory(err);
    }
    for (uint32_t i = 0; i < count && status == RN_OK; i++) {
        struct rn_stream_entry *entry = rn_stream_map_find(encoder->streams, ids[i]);

        set_stream_row(encoder, entry, i);
        if (entry->name)
            status = set_name(encoder, &rows, entry->name, err);
    }
    if (status == RN_OK)
        status = rn_member_put_tables(encoder, out, err);
    return status == RN_OK ? rn_member_put(encoder, &rows, out, err) : status;
}

enum rn_status rn_member_put_streams(struct rn_member_encoder *encoder, struct rn_buf *out,
                                     struct rn_error *err)
{
    const uint32_t *ids = (const uint32_t *)(const void *)encoder->stated.data;
    size_t count = encoder->stated.size / sizeof *ids;
    enum rn_status status = RN_OK;

    for (size_t at = 0; at < count && status == RN_OK; at += RN_CHUNK_MAX_ROWS) {
        size_t some = count - at < RN_CHUNK_MAX_ROWS ? count - at : RN_CHUNK_MAX_ROWS;

        status = put_some_streams(encoder, ids + at, (uint32_t)some, out, err);
    }
    rn_buf_clear(&encoder->stated);
    return status;
}
