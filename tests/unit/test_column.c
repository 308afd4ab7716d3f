/* SPDX-License-Identifier: MIT */
#include "formats/column.h"
#include "formats/event.h"
#include "formats/event_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT 4096u

static struct rn_column_encoder *encoder;
static struct rn_column_decoder *decoder;
static struct rn_error err;
static uint64_t values[COUNT], keys_a[COUNT], keys_b[COUNT], decoded[COUNT];
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

struct coded {
    struct rn_buf descriptors, data;
    struct rn_column_view view;
};

static void free_coded(struct coded *coded)
{
    rn_buf_free(&coded->descriptors);
    rn_buf_free(&coded->data);
}

/* `rest` is what the parser left of descriptors and data. */
static enum rn_status parse(struct coded *coded, size_t *rest)
{
    const uint8_t *cursor = coded->descriptors.data, *data = coded->data.data;
    const uint8_t *end = cursor + coded->descriptors.size, *data_end = data + coded->data.size;
    enum rn_status status = rn_column_parse(&cursor, end, &data, data_end, &coded->view, &err);

    assert_true(cursor <= end && data <= data_end);
    *rest = (size_t)(end - cursor) + (size_t)(data_end - data);
    return status;
}

static void parse_whole(struct coded *coded)
{
    size_t rest;

    rn_buf_reserve(&coded->data, 1);
    assert_int_equal(parse(coded, &rest), RN_OK);
    assert_int_equal(rest, 0);
}

/* Encode, decode, compare; returns the stored size. */
static size_t round_trip(const struct rn_column_spec *spec, size_t count, const uint64_t *a,
                         const uint64_t *b)
{
    struct coded coded = {.view = {.count = 0}};
    size_t size;

    assert_int_equal(
        rn_column_encode(encoder, spec, values, count, a, b, &coded.descriptors, &coded.data, &err),
        RN_OK);
    parse_whole(&coded);
    assert_int_equal(coded.view.count, count);
    assert_memory_equal(&coded.view.spec, spec, sizeof *spec);
    for (int time = 0; time < 2; time++) { /* nothing is left over from the first time */
        memset(decoded, 0xaa, sizeof decoded);
        assert_int_equal(rn_column_decode(decoder, &coded.view, a, b, decoded, &err), RN_OK);
        assert_memory_equal(decoded, values, count * sizeof *values);
    }
    size = coded.descriptors.size + coded.data.size;
    free_coded(&coded);
    return size;
}

static void every_predictor_and_count(void **state)
{
    static const size_t counts[] = {1, 2, 31, 32, 63, 64, 65, 511, 512, 1000, COUNT};

    (void)state;
    for (unsigned width = 0; width <= 64; width += 8)
        for (uint8_t predictor = 0; predictor < RN_PREDICT_LIMIT; predictor++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                struct rn_column_spec spec = {20, predictor, RN_COLUMN_STREAM, 0};

                if (predictor == RN_PREDICT_CALL)
                    continue;
                spec.key_b = RN_COLUMN_WORD;
                for (size_t i = 0; i < counts[c]; i++) {
                    values[i] = width ? next_random() >> (64 - width) : 0;
                    keys_a[i] = next_random() % 5;
                    keys_b[i] = next_random();
                }
                round_trip(&spec, counts[c], keys_a, spec.key_b ? keys_b : NULL);
                round_trip(&spec, counts[c], NULL, NULL);
            }
}

static void extreme_values(void **state)
{
    static const uint64_t extremes[] = {0,         UINT64_MAX, 1, UINT64_MAX - 1,
                                        INT64_MAX, 1ull << 63, 0, UINT64_MAX};

    (void)state;
    memcpy(values, extremes, sizeof extremes);
    for (uint8_t predictor = 0; predictor < RN_PREDICT_LIMIT; predictor++) {
        const struct rn_column_spec spec = {20, predictor, 1, 0};

        if (predictor == RN_PREDICT_CALL)
            continue;

        round_trip(&spec, sizeof extremes / sizeof *extremes, NULL, NULL);
    }
}

static void regular_columns_cost_almost_nothing(void **state)
{
    const struct rn_column_spec ordinal = {RN_COLUMN_ORDINAL, RN_PREDICT_KEYED, 1, 0};
    const struct rn_column_spec end = {RN_COLUMN_START, RN_PREDICT_END, 1, 3};
    uint64_t next[2] = {100, 200};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        keys_a[i] = 1 + (i & 1);
        values[i] = next[i & 1]++;
    }
    assert_true(round_trip(&ordinal, COUNT, keys_a, NULL) < 64);
    for (size_t i = 0; i < COUNT; i++) { /* each call begins 7 ticks after the end of the last */
        keys_a[i] = 1;
        keys_b[i] = next_random() % 1000;
        values[i] = i ? values[i - 1] + keys_b[i - 1] + 7 : 1ull << 40;
    }
    assert_true(round_trip(&end, COUNT, keys_a, keys_b) < 150);
}

static void regular_lists_cost_almost_nothing(void **state)
{
    const struct rn_column_spec reference = {RN_COLUMN_ATT_REF, RN_PREDICT_REFERENCE, 7, 1};
    const struct rn_column_spec item = {RN_COLUMN_ATT_TAG, RN_PREDICT_ITEM, 16, 6};

    (void)state;
    for (size_t i = 0; i < COUNT; i += 4) { /* new content, the same again; new string, again */
        keys_a[i] = keys_a[i + 1] = RN_ATT_CONTENT | 1 << 8;
        keys_a[i + 2] = keys_a[i + 3] = RN_ATT_PATH;
        values[i] = values[i + 1] = i / 4;
        values[i + 2] = values[i + 3] = i / 4;
        keys_b[i] = keys_b[i + 1] = keys_b[i + 2] = keys_b[i + 3] = 1;
    }
    assert_true(round_trip(&reference, COUNT, keys_a, keys_b) < 64);
    for (size_t i = 0; i < COUNT; i++) { /* each hangs on the two before it */
        keys_a[i] = RN_ATT_PATH;
        keys_b[i] = 1;
        values[i] = i < 2 ? 1 : (values[i - 1] * 37 + values[i - 2] * 59 + 1) % 23;
    }
    assert_true(round_trip(&reference, COUNT, keys_a, keys_b) < 90);
    for (size_t i = 0; i < COUNT; i++) /* every other one hangs on the one before it */
        values[i] = i % 2 ? values[i - 1] * 37 % 251 : next_random() % 251;
    assert_true(round_trip(&reference, COUNT, keys_a, keys_b) < COUNT * 17 / 16);
    for (size_t i = 0; i < COUNT; i++) { /* so here, in rows of two */
        keys_a[i] = 257;
        keys_b[i] = 2;
        values[i] = i % 2 ? values[i - 1] * 37 % 251 : next_random() % 251;
    }
    assert_true(round_trip(&item, COUNT, keys_a, keys_b) < COUNT);
}

static void forged_references_are_refused(void **state)
{
    const struct rn_column_spec spec = {RN_COLUMN_ATT_REF, RN_PREDICT_REFERENCE, 7, 1};
    struct coded coded = {.view = {.count = 0}};

    (void)state;
    for (size_t i = 0; i < 100; i++)
        values[i] = (1ull << 60) - 1000 * i;
    assert_int_equal(rn_column_encode(encoder, &spec, values, 100, NULL, NULL, &coded.descriptors,
                                      &coded.data, &err),
                     RN_OK);
    parse_whole(&coded);
    assert_int_equal(coded.view.payloads, 100);
    for (uint8_t class = 0; class < 8; class ++) {
        coded.view.plane[0].constant = class;
        assert_int_equal(rn_column_decode(decoder, &coded.view, NULL, NULL, decoded, &err),
                         class == 4 ? RN_OK : RN_E_FORMAT);
    }
    coded.view.plane[0].constant = 4;
    coded.view.payloads = 99;
    assert_int_not_equal(rn_column_decode(decoder, &coded.view, NULL, NULL, decoded, &err), RN_OK);
    free_coded(&coded);
}

static void noise_costs_no_more_than_itself(void **state)
{
    const struct rn_column_spec spec = {20, RN_PREDICT_NONE, 0, 0};

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = next_random();
    assert_true(round_trip(&spec, COUNT, NULL, NULL) <= 8 * COUNT + 7 + 8 * 3);
}

static void streams_share_slots_without_harm(void **state)
{
    const struct rn_column_spec spec = {20, RN_PREDICT_KEYED, 1, 16};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        keys_a[i] = i * RN_COLUMN_SLOTS;
        keys_b[i] = UINT64_MAX - i;
        values[i] = next_random();
    }
    round_trip(&spec, COUNT, keys_a, keys_b);
    round_trip(&spec, 100, keys_a, keys_b);
    round_trip(&spec, 100, NULL, keys_b);
}

static void estimate_prefers_the_better_predictor(void **state)
{
    const struct rn_column_spec previous = {20, RN_PREDICT_PREVIOUS, 0, 0};
    const struct rn_column_spec none = {20, RN_PREDICT_NONE, 0, 0};

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = 1000000 + 3 * i;
    assert_true(rn_column_estimate(encoder, &previous, values, COUNT, NULL, NULL) <
                rn_column_estimate(encoder, &none, values, COUNT, NULL, NULL));
}

static void byte_columns(void **state)
{
    static const size_t sizes[] = {1, 2, 31, 32, 5000, 100000};
    uint8_t *bytes = malloc(100000), *back = malloc(100000);

    (void)state;
    for (unsigned kind = 0; kind < 3; kind++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            struct coded coded = {.view = {.count = 0}};

            for (size_t i = 0; i < sizes[s]; i++)
                bytes[i] = (uint8_t)(kind == 0 ? 7 : kind == 1 ? i / 9 : next_random());
            assert_int_equal(rn_column_encode_bytes(encoder, RN_COLUMN_BYTES, bytes, sizes[s],
                                                    &coded.descriptors, &coded.data, &err),
                             RN_OK);
            parse_whole(&coded);
            assert_int_equal(coded.view.count, sizes[s]);
            assert_int_equal(rn_column_decode_bytes(decoder, &coded.view, back, &err), RN_OK);
            assert_memory_equal(back, bytes, sizes[s]);
            free_coded(&coded);
        }
    free(bytes);
    free(back);
}

static void encoder_refuses_what_no_reader_takes(void **state)
{
    const struct rn_column_spec spec = {20, RN_PREDICT_NONE, 0, 0};
    const struct rn_column_spec own_key = {20, RN_PREDICT_KEYED, 20, 0};
    struct coded coded = {.view = {.count = 0}};

    (void)state;
    assert_int_equal(rn_column_encode(encoder, &spec, values, RN_COLUMN_MAX_VALUES + 1, NULL, NULL,
                                      &coded.descriptors, &coded.data, &err),
                     RN_E_LIMIT);
    assert_int_equal(rn_column_encode(encoder, &spec, values, 0, NULL, NULL, &coded.descriptors,
                                      &coded.data, &err),
                     RN_E_LIMIT);
    assert_int_equal(rn_column_encode(encoder, &own_key, values, 1, values, NULL,
                                      &coded.descriptors, &coded.data, &err),
                     RN_E_USAGE);
    free_coded(&coded);
}

#define PARSE(...)                                                                                 \
    parse_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Descriptor bytes with 10 bytes of data behind them. */
static enum rn_status parse_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size), data[10] = {0};
    const uint8_t *cursor = exact, *at = data;
    struct rn_column_view view;
    enum rn_status status;

    memcpy(exact, bytes, size);
    status = rn_column_parse(&cursor, exact + size, &at, data + sizeof data, &view, &err);
    assert_true(at <= data + sizeof data && cursor <= exact + size);
    free(exact);
    return status;
}

static void malformed_descriptors(void **state)
{
    (void)state;
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, RN_PLANE_RAW, 10), RN_OK);
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 0), RN_OK);
    assert_int_equal(PARSE(20, 0, 0, 0, 10), RN_E_FORMAT);                      /* cut */
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, RN_PLANE_RAW), RN_E_FORMAT);     /* cut */
    assert_int_equal(PARSE(0, 0, 0, 0, 10, 0), RN_E_FORMAT);                    /* column 0 */
    assert_int_equal(PARSE(64, 0, 0, 0, 10, 0), RN_E_FORMAT);                   /* column 64 */
    assert_int_equal(PARSE(20, RN_PREDICT_LIMIT, 0, 0, 10, 0), RN_E_FORMAT);    /* predictor */
    assert_int_equal(PARSE(20, 2, 20, 0, 10, 0), RN_E_FORMAT);                  /* own key */
    assert_int_equal(PARSE(20, 2, 1, 21, 10, 0), RN_E_FORMAT);                  /* key behind */
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 9), RN_E_LIMIT);                    /* nine planes */
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, RN_PLANE_RAW, 9), RN_E_FORMAT);  /* not count */
    assert_int_equal(PARSE(20, 0, 0, 0, 11, 1, RN_PLANE_RAW, 11), RN_E_FORMAT); /* no data */
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, RN_PLANE_ZSTD, 11), RN_E_FORMAT);
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, 3, 10), RN_E_FORMAT);      /* coding */
    assert_int_equal(PARSE(20, 0, 0, 0, 10, 1, 0, 0x80, 2), RN_E_FORMAT); /* byte 256 */
    assert_int_equal(PARSE(20, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0), RN_E_FORMAT);
    assert_int_equal(PARSE(20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0), RN_E_FORMAT);
    assert_int_equal(PARSE(20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0), RN_E_LIMIT);
}

static void too_many_values_are_refused(void **state)
{
    struct rn_column_view view = {.spec = {.id = 20}, .count = RN_COLUMN_MAX_VALUES + 1};

    (void)state;
    assert_int_equal(rn_column_decode(decoder, &view, NULL, NULL, decoded, &err), RN_E_LIMIT);
}

/* A plane that unpacks to more or fewer bytes than there are values, or to nothing at all. */
static void planes_of_wrong_size_are_refused(void **state)
{
    const struct rn_column_spec spec = {20, RN_PREDICT_NONE, 0, 0};
    struct coded coded = {.view = {.count = 0}};

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = i / 100 % 256;
    assert_int_equal(rn_column_encode(encoder, &spec, values, COUNT, NULL, NULL, &coded.descriptors,
                                      &coded.data, &err),
                     RN_OK);
    parse_whole(&coded);
    assert_int_equal(coded.view.plane[0].coding, RN_PLANE_ZSTD);
    coded.view.count = COUNT - 1;
    assert_int_equal(rn_column_decode(decoder, &coded.view, NULL, NULL, decoded, &err),
                     RN_E_FORMAT);
    coded.view.count = COUNT + 1;
    assert_int_equal(rn_column_decode(decoder, &coded.view, NULL, NULL, decoded, &err),
                     RN_E_FORMAT);
    coded.view.count = COUNT;
    coded.view.plane[0].size = 0;
    assert_int_equal(rn_column_decode(decoder, &coded.view, NULL, NULL, decoded, &err),
                     RN_E_FORMAT);
    free_coded(&coded);
}

/* Whatever the bytes are: an error or some values, never a read outside. */
static void damaged_bytes_do_no_harm(void **state)
{
    const struct rn_column_spec spec = {20, RN_PREDICT_KEYED, 1, 16};

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct coded coded = {.view = {.count = 0}};
        size_t count = 1 + next_random() % 300;
        struct rn_buf *hit;
        size_t rest;

        for (size_t i = 0; i < count; i++) {
            values[i] = next_random() % 7 * (i % 50);
            keys_a[i] = next_random() % 3;
        }
        assert_int_equal(rn_column_encode(encoder, &spec, values, count, keys_a, NULL,
                                          &coded.descriptors, &coded.data, &err),
                         RN_OK);
        hit = next_random() % 2 && coded.data.size ? &coded.data : &coded.descriptors;
        hit->data[next_random() % hit->size] ^= (uint8_t)(1u << next_random() % 8);
        rn_buf_reserve(&coded.data, 1);
        if (parse(&coded, &rest) == RN_OK && coded.view.count <= COUNT)
            (void)!rn_column_decode(decoder, &coded.view, keys_a, NULL, decoded, &err);
        free_coded(&coded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_predictor_and_count),
        cmocka_unit_test(extreme_values),
        cmocka_unit_test(regular_columns_cost_almost_nothing),
        cmocka_unit_test(regular_lists_cost_almost_nothing),
        cmocka_unit_test(forged_references_are_refused),
        cmocka_unit_test(noise_costs_no_more_than_itself),
        cmocka_unit_test(streams_share_slots_without_harm),
        cmocka_unit_test(estimate_prefers_the_better_predictor),
        cmocka_unit_test(byte_columns),
        cmocka_unit_test(encoder_refuses_what_no_reader_takes),
        cmocka_unit_test(malformed_descriptors),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(planes_of_wrong_size_are_refused),
        cmocka_unit_test(damaged_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
