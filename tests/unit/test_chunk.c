/* SPDX-License-Identifier: MIT */
#include "formats/chunk.h"
#include "formats/crc64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS 500u

static struct rn_column_encoder *encoder;
static struct rn_column_decoder *decoder;
static struct rn_error err;
static uint64_t column[RN_COLUMN_LIMIT][ROWS];

static int set_up(void **state)
{
    (void)state;
    encoder = rn_column_encoder_new(3);
    decoder = rn_column_decoder_new();
    return encoder && decoder ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rn_column_encoder_free(encoder);
    rn_column_decoder_free(decoder);
    return 0;
}

/* Calls of two threads, each with one attachment. */
static struct rn_chunk_rows make_rows(void)
{
    struct rn_chunk_rows rows = {
        .kind = RN_KIND_SYSCALL, .rows = ROWS, .list_items = ROWS, .group = 7};

    for (uint32_t i = 0; i < ROWS; i++) {
        column[RN_COLUMN_STREAM][i] = 1 + i % 2;
        column[RN_COLUMN_ORDINAL][i] = i / 2;
        column[RN_COLUMN_START][i] = 5000 + 100 * (uint64_t)i - i % 3;
        column[RN_COLUMN_DURATION][i] = i * i % 61;
        column[RN_COLUMN_ATTACHMENTS][i] = 1;
        column[RN_COLUMN_ATT_TAG][i] = i % 3 ? RN_ATT_CONTENT : RN_ATT_PATH;
        column[RN_COLUMN_ATT_REF][i] = i / 5;
        column[RN_COLUMN_WORD][i] = i % 4;
        column[RN_COLUMN_WORD + 2][i] = (uint64_t)-2;
        column[RN_COLUMN_WORD + 3][i] = 0x7fff12345678 + i % 4 * 16;
    }
    for (unsigned id = 0; id < RN_COLUMN_WORD + 5; id++)
        rows.column[id] = column[id];
    return rows;
}

static void check_column(const struct rn_column_view *view, const struct rn_chunk_rows *rows)
{
    const struct rn_column_spec *spec = &view->spec;
    const uint64_t *a = spec->key_a ? rows->column[spec->key_a] : NULL;
    const uint64_t *b = spec->key_b ? rows->column[spec->key_b] : NULL; /* one item a row */
    uint64_t values[ROWS], *to = values;
    const struct rn_column_calls calls = {.columns = 1,
                                          .rows = ROWS,
                                          .streams = rows->column[RN_COLUMN_STREAM],
                                          .numbers = rows->column[RN_COLUMN_WORD],
                                          .keys_a = a,
                                          .keys_b = b};

    assert_int_equal(view->count, ROWS);
    if (spec->predictor == RN_PREDICT_CALL)
        assert_int_equal(rn_column_decode_calls(decoder, &view, &calls, &to, &err), RN_OK);
    else
        assert_int_equal(rn_column_decode(decoder, view, a, b, values, &err), RN_OK);
    assert_memory_equal(values, rows->column[spec->id], sizeof values);
}

/* Decode every column of the chunk at `bytes`, compare, and return which there were. */
static uint64_t check_columns(const uint8_t *bytes, const struct rn_chunk_header *header,
                              const struct rn_chunk_rows *rows)
{
    const uint8_t *cursor = bytes + RN_CHUNK_HEADER_SIZE;
    const uint8_t *descriptors_end = cursor + header->descriptor_size;
    const uint8_t *data = descriptors_end, *data_end = cursor + header->payload_size;
    struct rn_column_view view;
    uint64_t seen = 0;

    for (unsigned i = 0; i < header->columns; i++) {
        assert_int_equal(rn_column_parse(&cursor, descriptors_end, &data, data_end, &view, &err),
                         RN_OK);
        seen |= 1ull << view.spec.id;
        if (rows)
            check_column(&view, rows);
    }
    assert_ptr_equal(cursor, descriptors_end);
    assert_ptr_equal(data, data_end);
    return seen;
}

static void events_come_back(void **state)
{
    const struct rn_chunk_rows rows = make_rows();
    struct rn_buf out = RN_BUF_INIT;
    struct rn_chunk_header header;
    uint64_t seen;

    (void)state;
    rn_buf_text(&out, "before");
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    assert_int_equal(rn_chunk_parse_header(out.data + 6, out.size - 6, &header, &err), RN_OK);
    assert_int_equal(rn_chunk_verify(out.data + 6, &header, &err), RN_OK);
    assert_int_equal(out.size, 6 + RN_CHUNK_HEADER_SIZE + header.payload_size);
    assert_int_equal(header.kind, RN_KIND_SYSCALL);
    assert_int_equal(header.rows, ROWS);
    assert_int_equal(header.list_items, ROWS);
    assert_int_equal(header.group, 7);
    assert_int_equal(header.first, 5000);
    assert_int_equal(header.last, 5000 + 100 * (ROWS - 1) - (ROWS - 1) % 3);
    seen = check_columns(out.data + 6, &header, &rows);
    assert_true(seen & 1ull << RN_COLUMN_ATT_REF);
    assert_false(seen & 1ull << RN_COLUMN_FLAGS);      /* all zero */
    assert_false(seen & 1ull << (RN_COLUMN_WORD + 1)); /* all zero */
    assert_false(seen & 1ull << (RN_COLUMN_WORD + 9)); /* not given */
    rn_buf_free(&out);
}

/* rn-archive(5) describes these bytes: they may change only together. */
static void bytes_of_a_small_chunk(void **state)
{
    static const uint64_t stream[] = {3, 3}, start[] = {10, 13}, duration[] = {2, 300},
                          value[] = {0, 1};
    static const uint8_t expected[] = {
        'R', 'N', 'C', 1, 8, 4, 0, 0, 2,  0, 0, 0, 0, 0, 0, 0, 9,  0, 0, 0, 34, 0, 0, 0,
        42,  0,   0,   0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0,  0, 0, 0,
    };
    static const uint8_t payload[] = {
        1,  0,  0, 0, 2,  1, 0, 3,       /* stream: constant 3 */
        3,  0,  0, 0, 2,  2, 1, 2, 1, 2, /* duration: two raw planes */
        4,  4,  1, 3, 2,  1, 1, 2,       /* start: after the end, raw */
        17, 0,  0, 0, 2,  1, 1, 2,       /* value */
        2,  44, 0, 1, 20, 2, 0, 1,
    };
    const struct rn_chunk_rows rows = {.kind = RN_KIND_NOTICE,
                                       .rows = 2,
                                       .group = 9,
                                       .column = {[RN_COLUMN_STREAM] = stream,
                                                  [RN_COLUMN_START] = start,
                                                  [RN_COLUMN_DURATION] = duration,
                                                  [RN_COLUMN_WORD + 1] = value}};
    struct rn_buf out = RN_BUF_INIT;
    uint64_t crc = rn_crc64(rn_crc64(0, expected, sizeof expected), payload, sizeof payload);

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    assert_int_equal(out.size, sizeof expected + 8 + sizeof payload);
    assert_memory_equal(out.data + sizeof expected + 8, payload, sizeof payload);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_memory_equal(out.data + sizeof expected, &crc, 8);
    rn_buf_free(&out);
}

static void tables_come_back(void **state)
{
    static const uint64_t lengths[] = {5, 0, 6};
    struct rn_chunk_rows rows = {.kind = RN_KIND_STRINGS,
                                 .rows = 3,
                                 .column = {[RN_COLUMN_LENGTH] = lengths},
                                 .bytes = (const uint8_t *)"helloworld!",
                                 .bytes_size = 11,
                                 .crc_bytes = (const uint8_t *)"12345678",
                                 .crc_bytes_size = 8};
    struct rn_buf out = RN_BUF_INIT;
    struct rn_chunk_header header;

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    assert_int_equal(rn_chunk_parse_header(out.data, out.size, &header, &err), RN_OK);
    assert_true(check_columns(out.data, &header, NULL) ==
                (1ull << RN_COLUMN_LENGTH | 1ull << RN_COLUMN_BYTES | 1ull << RN_COLUMN_CRC));
    rn_buf_free(&out);
}

static void every_flipped_bit_is_found(void **state)
{
    const struct rn_chunk_rows rows = make_rows();
    struct rn_buf out = RN_BUF_INIT;
    struct rn_chunk_header header;

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    for (size_t bit = 0; bit < 8 * out.size; bit++) {
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (rn_chunk_parse_header(out.data, out.size, &header, &err) == RN_OK)
            assert_int_equal(rn_chunk_verify(out.data, &header, &err), RN_E_FORMAT);
        out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    rn_buf_free(&out);
}

static void every_cut_is_found(void **state)
{
    const struct rn_chunk_rows rows = make_rows();
    struct rn_buf out = RN_BUF_INIT;
    struct rn_chunk_header header;

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    assert_int_equal(rn_chunk_parse_header(out.data, 0, &header, &err), RN_EOF);
    for (size_t size = 1; size < out.size; size++)
        assert_int_equal(rn_chunk_parse_header(out.data, size, &header, &err), RN_E_FORMAT);
    rn_buf_free(&out);
}

static void absurd_headers_are_refused(void **state)
{
    static const struct {
        unsigned offset;
        enum rn_status status;
    } fields[] = {{8, RN_E_LIMIT},  {12, RN_E_LIMIT},  {20, RN_E_FORMAT}, {24, RN_E_LIMIT},
                  {4, RN_E_FORMAT}, {28, RN_E_FORMAT}, {0, RN_E_FORMAT}};
    const struct rn_chunk_rows rows = make_rows();
    struct rn_buf out = RN_BUF_INIT;
    struct rn_chunk_header header;

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_OK);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint8_t saved[4];

        memcpy(saved, out.data + fields[i].offset, 4);
        memset(out.data + fields[i].offset, 0xff, 4);
        assert_int_equal(rn_chunk_parse_header(out.data, out.size, &header, &err),
                         fields[i].status);
        memcpy(out.data + fields[i].offset, saved, 4);
    }
    rn_buf_free(&out);
}

static void too_much_is_not_encoded(void **state)
{
    struct rn_chunk_rows rows = {.kind = RN_KIND_SYSCALL, .rows = RN_CHUNK_MAX_ROWS + 1};
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_E_LIMIT);
    rows.rows = 1;
    rows.list_items = RN_CHUNK_MAX_LIST + 1;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_E_LIMIT);
    rows.list_items = 0;
    rows.bytes_size = RN_CHUNK_MAX_BYTES + 1;
    assert_int_equal(rn_chunk_encode(encoder, &rows, &out, &err), RN_E_LIMIT);
    assert_int_equal(out.size, 0);
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_back),        cmocka_unit_test(bytes_of_a_small_chunk),
        cmocka_unit_test(tables_come_back),        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(every_cut_is_found),      cmocka_unit_test(absurd_headers_are_refused),
        cmocka_unit_test(too_much_is_not_encoded),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
