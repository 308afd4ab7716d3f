/* SPDX-License-Identifier: MIT */
#include "crc64.h"
#include "reader_private.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "CRCs are used as they are stored");

static enum rn_status cut(struct rn_reader *reader, const struct reader_chunk *chunk,
                          struct rn_error *err)
{
    rn_fail(err, RN_E_FORMAT, "table chunk has fewer bytes than its entries need");
    return rn_fail_at(err, reader->name, chunk->offset);
}

static enum rn_status add_strings(struct rn_reader *reader, struct reader_chunk *chunk,
                                  struct rn_error *err)
{
    const uint64_t *length = rn_reader_chunk_column(reader, chunk, RN_COLUMN_LENGTH, err);
    const uint8_t *bytes;
    enum rn_status status;
    size_t at = 0;

    if (!length)
        return RN_E_FORMAT;
    status = rn_reader_chunk_bytes(reader, chunk, RN_COLUMN_BYTES, &reader->bytes, err);
    /* Where all texts are empty the column is not there. */
    bytes = reader->bytes.data ? reader->bytes.data : (const uint8_t *)"";
    for (uint32_t i = 0; i < chunk->header.rows && status == RN_OK; i++) {
        if (length[i] > reader->bytes.size - at)
            return cut(reader, chunk, err);
        status = rn_string_table_add(reader->strings, bytes + at, (uint32_t)length[i], err);
        at += length[i];
    }
    return status;
}

/* Of bytes that are all there. */
static void compute_crcs(struct rn_content *content, struct rn_buf *prefixes)
{
    uint64_t crc = 0;

    rn_buf_clear(prefixes);
    for (uint32_t i = 0; i < content->blocks; i++) {
        crc = rn_crc64(crc, content->head + (size_t)i * RN_CONTENT_BLOCK, RN_CONTENT_BLOCK);
        rn_buf_u64(prefixes, crc);
    }
    content->prefix_crc = (const uint64_t *)(const void *)prefixes->data;
    content->crc = rn_crc64(crc, content->head + (size_t)content->blocks * RN_CONTENT_BLOCK,
                            content->head_len - content->blocks * RN_CONTENT_BLOCK);
}

/* What is not used yet of the two byte columns. */
struct content_source {
    const uint8_t *heads, *crcs;
    uint64_t heads_left, crcs_left;
};

static bool take_content(struct content_source *from, uint64_t length, uint64_t head_length,
                         struct rn_buf *prefixes, struct rn_content *content)
{
    uint64_t blocks = length ? (length - 1) / RN_CONTENT_BLOCK : 0;
    bool all_there = head_length == length;

    if (head_length > length || head_length > from->heads_left || blocks > UINT32_MAX ||
        (!all_there && (blocks + 1) * 8 > from->crcs_left))
        return false;
    *content = (struct rn_content){.length = length,
                                   .blocks = (uint32_t)blocks,
                                   .head = from->heads,
                                   .head_len = (uint32_t)head_length};
    from->heads += head_length;
    from->heads_left -= head_length;
    if (all_there) {
        compute_crcs(content, prefixes);
        return !prefixes->failed;
    }
    content->prefix_crc = (const uint64_t *)(const void *)from->crcs;
    content->crc = content->prefix_crc[blocks];
    from->crcs += (blocks + 1) * 8;
    from->crcs_left -= (blocks + 1) * 8;
    return true;
}

static enum rn_status add_contents(struct rn_reader *reader, struct reader_chunk *chunk,
                                   struct rn_error *err)
{
    const uint64_t *length = rn_reader_chunk_column(reader, chunk, RN_COLUMN_LENGTH, err);
    const uint64_t *head_length = rn_reader_chunk_column(reader, chunk, RN_COLUMN_HEAD_LENGTH, err);
    struct content_source from;
    enum rn_status status;

    if (!length || !head_length)
        return RN_E_FORMAT;
    status = rn_reader_chunk_bytes(reader, chunk, RN_COLUMN_BYTES, &reader->bytes, err);
    if (status == RN_OK)
        status = rn_reader_chunk_bytes(reader, chunk, RN_COLUMN_CRC, &reader->crcs, err);
    from = (struct content_source){reader->bytes.data, reader->crcs.data, reader->bytes.size,
                                   reader->crcs.size};
    for (uint32_t i = 0; i < chunk->header.rows && status == RN_OK; i++) {
        struct rn_content content;

        if (!take_content(&from, length[i], head_length[i], &reader->prefixes, &content))
            return cut(reader, chunk, err);
        status = rn_content_table_add(reader->contents, &content, err);
    }
    return status;
}

enum rn_status rn_reader_add_table(struct rn_reader *reader, struct reader_chunk *chunk,
                                   struct rn_error *err)
{
    enum rn_status status = chunk->header.kind == RN_KIND_STRINGS
                                ? add_strings(reader, chunk, err)
                                : add_contents(reader, chunk, err);

    if (status != RN_OK)
        rn_fail_at(err, reader->name, chunk->offset);
    return status;
}
