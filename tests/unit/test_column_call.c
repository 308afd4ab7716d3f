/* SPDX-License-Identifier: MIT */
#include "formats/column.h"
#include "formats/column_call.h"
#include "formats/event_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS    COLUMN_CALL_MAX_ROWS
#define COLUMNS 3u

static struct rn_column_encoder *encoder;
static struct rn_column_decoder *decoder;
static struct rn_error err;
static uint64_t streams[ROWS], numbers[ROWS], sites[ROWS], results[ROWS];
static uint64_t values[COLUMNS][ROWS], decoded[COLUMNS][ROWS];
static uint64_t seed = 1;

static uint64_t next_random(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 11 ^ seed << 40;
}

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

static struct rn_column_calls make_calls(size_t rows)
{
    return (struct rn_column_calls){.columns = COLUMNS,
                                    .rows = rows,
                                    .streams = streams,
                                    .numbers = numbers,
                                    .keys_a = sites,
                                    .keys_b = results};
}

struct coded {
    struct rn_buf descriptors, data;
    struct rn_column_view views[COLUMNS];
};

static void encode(struct coded *coded, const struct rn_column_calls *calls)
{
    struct rn_column_spec specs[COLUMNS];
    const uint64_t *from[COLUMNS];
    const uint8_t *cursor, *data, *end, *data_end;

    *coded = (struct coded){.descriptors = RN_BUF_INIT};
    for (unsigned c = 0; c < COLUMNS; c++) {
        specs[c] = (struct rn_column_spec){(uint8_t)(20 + c), RN_PREDICT_CALL, 19, 18};
        from[c] = values[c];
    }
    assert_int_equal(rn_column_encode_calls(encoder, specs, from, calls, &coded->descriptors,
                                            &coded->data, &err),
                     RN_OK);
    rn_buf_reserve(&coded->data, 1);
    cursor = coded->descriptors.data;
    data = coded->data.data;
    end = cursor + coded->descriptors.size;
    data_end = data + coded->data.size;
    for (unsigned c = 0; c < COLUMNS; c++)
        assert_int_equal(rn_column_parse(&cursor, end, &data, data_end, &coded->views[c], &err),
                         RN_OK);
    assert_ptr_equal(cursor, end);
    assert_ptr_equal(data, data_end);
}

static enum rn_status decode(const struct coded *coded, const struct rn_column_calls *calls)
{
    const struct rn_column_view *views[COLUMNS];
    uint64_t *to[COLUMNS];

    for (unsigned c = 0; c < COLUMNS; c++) {
        views[c] = &coded->views[c];
        to[c] = decoded[c];
    }
    memset(decoded, 0xaa, sizeof decoded);
    return rn_column_decode_calls(decoder, views, calls, to, &err);
}

static void free_coded(struct coded *coded)
{
    rn_buf_free(&coded->descriptors);
    rn_buf_free(&coded->data);
}

/* Returns the stored size. */
static size_t round_trip(const struct rn_column_calls *calls)
{
    struct coded coded;
    size_t size;

    encode(&coded, calls);
    for (int time = 0; time < 2; time++) { /* nothing is left over from the first time */
        assert_int_equal(decode(&coded, calls), RN_OK);
        for (unsigned c = 0; c < COLUMNS; c++)
            assert_memory_equal(decoded[c], values[c], calls->rows * sizeof(uint64_t));
    }
    size = coded.descriptors.size + coded.data.size;
    free_coded(&coded);
    return size;
}

/* Values of every width, many of them addresses that push each other out of the regions. */
static void noise_comes_back(void **state)
{
    static const size_t counts[] = {1, 2, 31, 32, 511, 5000, ROWS};

    (void)state;
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        struct rn_column_calls calls = make_calls(counts[n]);

        for (size_t i = 0; i < counts[n]; i++) {
            streams[i] = next_random() % 3 * COLUMN_CALL_STREAMS + next_random() % 2;
            numbers[i] = next_random() % 4;
            sites[i] = next_random() >> next_random() % 64;
            results[i] = next_random() % 2 ? next_random() % 2 : next_random() >> 17;
            for (unsigned c = 0; c < COLUMNS; c++)
                values[c][i] = next_random() >> next_random() % 64;
            values[0][i] = next_random() % 6 << 26 | 1ull << 40;
        }
        round_trip(&calls);
        calls.keys_a = calls.keys_b = NULL;
        round_trip(&calls);
        calls.streams = calls.numbers = NULL;
        round_trip(&calls);
    }
}

static void extreme_values_come_back(void **state)
{
    static const uint64_t extremes[] = {0,          UINT64_MAX,       1ull << 63,       INT64_MAX,
                                        1ull << 32, (1ull << 32) - 1, (1ull << 48) - 1, 1ull << 48,
                                        0};
    struct rn_column_calls calls = make_calls(sizeof extremes / sizeof *extremes);

    (void)state;
    memset(streams, 0, sizeof streams);
    for (unsigned c = 0; c < COLUMNS; c++)
        memcpy(values[c], extremes, sizeof extremes);
    memcpy(sites, extremes, sizeof extremes);
    memcpy(results, extremes, sizeof extremes);
    round_trip(&calls);
}

/* What a program does again elsewhere in memory is foreseen. */
static void moved_sequences_cost_almost_nothing(void **state)
{
    const size_t length = 256;
    struct rn_column_calls calls = make_calls(ROWS);

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t step = i % length, heap = 0x560000000000 + i / length * 0x123456000;
        uint64_t stack = 0x7ff000000000 + i / length * 0x123450;

        streams[i] = i / length;
        numbers[i] = step % 7;
        sites[i] = heap + 16 * step;
        results[i] = step % 5;
        values[0][i] = heap + 0x1000 + step * step;
        values[1][i] = step * 12345;
        values[2][i] = stack + (step * 7919) % 4096;
    }
    assert_true(round_trip(&calls) < 1800);
}

/* Values that hang on what the call returned, and on which calls went before. */
static void contexts_are_told_apart(void **state)
{
    struct rn_column_calls calls = make_calls(ROWS);
    uint64_t before = 0;

    (void)state;
    memset(streams, 0, sizeof streams);
    memset(numbers, 0, sizeof numbers);
    memset(sites, 0, sizeof sites);
    for (size_t i = 0; i < ROWS; i++) {
        results[i] = next_random() % 16 - 8;
        for (unsigned c = 0; c < COLUMNS; c++)
            values[c][i] = results[i] * 1000003 + c;
    }
    assert_true(round_trip(&calls) < 1024);
    memset(results, 0, sizeof results);
    for (size_t i = 0; i < ROWS; i++) {
        sites[i] = next_random() % 2;
        before = before << 1 | sites[i];
        for (unsigned c = 0; c < COLUMNS; c++)
            values[c][i] = before % 16 * 1000003 + c;
    }
    assert_true(round_trip(&calls) < 1024);
}

static void repeated_values_cost_little(void **state)
{
    struct rn_column_calls calls = make_calls(ROWS);

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        streams[i] = 1;
        numbers[i] = next_random() % 64;
        sites[i] = next_random(); /* no context comes again */
        results[i] = next_random();
        for (unsigned c = 0; c < COLUMNS; c++)
            values[c][i] = numbers[i] * numbers[i] * 12345 + c;
    }
    assert_true(round_trip(&calls) < ROWS * COLUMNS / 4); /* bits, not bytes */
}

#define KNOWN_ROWS 40u

/* A row out of a few, in three streams, with more regions than there is room for. */
static void make_known_row(size_t row, uint64_t known)
{
    streams[row] = known % 3;
    numbers[row] = known / 3 % 4;
    sites[row] = 0x400000000000 + (known / 3 % 5 << 20);
    results[row] = known % 7 == 0 ? 0x7f0000000000 + (known << 30) : known % 2;
    for (uint64_t c = 0; c < COLUMNS; c++)
        values[c][row] = known % 5 == c ? known : 0x550000000000 + ((known + c) % 6 << 28) + known;
}

/* To say which rows are alike saves time, and not a byte is different. */
static void likeness_changes_nothing(void **state)
{
    static uint16_t like[ROWS];

    (void)state;
    for (size_t rare = 1; rare <= 1000; rare *= 10) {
        struct rn_column_calls calls = make_calls(ROWS);
        struct coded plain, quick;
        size_t first[KNOWN_ROWS], kinds = rare == 1000 ? 12 : KNOWN_ROWS;

        memset(first, 0xff, sizeof first);
        for (size_t i = 0; i < ROWS; i++) {
            uint64_t known = i % 500 < 250 ? i % kinds : next_random() % kinds;

            make_known_row(i, known);
            first[known] = first[known] < i ? first[known] : i;
            like[i] = (uint16_t)first[known];
            if (next_random() % rare)
                continue;
            values[next_random() % COLUMNS][i] = next_random() >> next_random() % 64;
            like[i] = (uint16_t)i;
            first[known] = first[known] == i ? SIZE_MAX : first[known];
        }
        encode(&plain, &calls);
        calls.like = like;
        encode(&quick, &calls);
        assert_int_equal(quick.descriptors.size, plain.descriptors.size);
        assert_memory_equal(quick.descriptors.data, plain.descriptors.data, plain.descriptors.size);
        assert_int_equal(quick.data.size, plain.data.size);
        assert_memory_equal(quick.data.data, plain.data.data, plain.data.size);
        free_coded(&plain);
        free_coded(&quick);
        round_trip(&calls);
    }
}

/* Whatever is in a file, decoding ends and stays in bounds. */
static void forged_classes_are_refused(void **state)
{
    struct rn_column_calls calls = make_calls(100);
    struct coded coded;

    (void)state;
    for (size_t i = 0; i < calls.rows; i++)
        for (unsigned c = 0; c < COLUMNS; c++)
            values[c][i] = next_random();
    encode(&coded, &calls);
    assert_int_equal(coded.views[1].payloads, calls.rows);
    coded.views[1].plane[0].constant = COLUMN_CALL_CLASSES;
    assert_int_equal(decode(&coded, &calls), RN_E_FORMAT);
    coded.views[1].plane[0].constant = COLUMN_CALL_REPEATED; /* which has no payload */
    assert_int_equal(decode(&coded, &calls), RN_E_FORMAT);
    for (unsigned class = COLUMN_CALL_NUMBER; class < COLUMN_CALL_CLASSES; class ++) {
        coded.views[1].plane[0].constant = (uint8_t) class;
        assert_int_equal(decode(&coded, &calls), RN_OK);
    }
    coded.views[1].count--;
    assert_int_equal(decode(&coded, &calls), RN_E_FORMAT);
    calls.rows = COLUMN_CALL_MAX_ROWS + 1;
    assert_int_equal(decode(&coded, &calls), RN_E_LIMIT);
    free_coded(&coded);
}

static void descriptors_out_of_place_are_refused(void **state)
{
    static const uint8_t early[] = {16, RN_PREDICT_CALL, 0, 0, 2, 1, 0, 0, 0};
    static const uint8_t far_key[] = {8, RN_PREDICT_REFERENCE, 7, RN_COLUMN_LIMIT, 2, 1, 0, 0, 0};
    static const uint8_t many_planes[] = {20, RN_PREDICT_CALL, 19, 18, 2, 10, 0};
    static const uint8_t many_payloads[] = {20, RN_PREDICT_CALL, 19, 18, 2, 1, 3, 0, 0};
    static const uint8_t good[] = {20, RN_PREDICT_CALL, 19, 18, 2, 1, 2, 0, 2};
    const uint8_t data[1] = {0}, *cursor, *at = data;
    struct rn_column_view view;

    (void)state;
    cursor = far_key;
    assert_int_equal(rn_column_parse(&cursor, far_key + sizeof far_key, &at, data, &view, &err),
                     RN_E_FORMAT);
    cursor = early;
    assert_int_equal(rn_column_parse(&cursor, early + sizeof early, &at, data, &view, &err),
                     RN_E_FORMAT);
    cursor = many_planes;
    assert_int_equal(
        rn_column_parse(&cursor, many_planes + sizeof many_planes, &at, data, &view, &err),
        RN_E_LIMIT);
    cursor = many_payloads;
    assert_int_equal(
        rn_column_parse(&cursor, many_payloads + sizeof many_payloads, &at, data, &view, &err),
        RN_E_LIMIT);
    cursor = good;
    assert_int_equal(rn_column_parse(&cursor, good + sizeof good, &at, data, &view, &err), RN_OK);
    assert_int_equal(rn_column_decode(decoder, &view, NULL, NULL, decoded[0], &err), RN_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_comes_back),
        cmocka_unit_test(extreme_values_come_back),
        cmocka_unit_test(moved_sequences_cost_almost_nothing),
        cmocka_unit_test(contexts_are_told_apart),
        cmocka_unit_test(repeated_values_cost_little),
        cmocka_unit_test(likeness_changes_nothing),
        cmocka_unit_test(forged_classes_are_refused),
        cmocka_unit_test(descriptors_out_of_place_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
