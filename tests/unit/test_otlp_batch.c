/* SPDX-License-Identifier: MIT */
#include "formats/otlp_batch.h"
#include "formats/otlp_gzip.h"
#include "formats/otlp_json.h"
#include "formats/otlp_readback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SPANS 10u

static struct rn_error err = RN_ERROR_INIT;
static struct rn_buf arena = RN_BUF_INIT;
static struct rn_otlp_ref refs[SPANS];

static int make_spans(void **state)
{
    static const uint8_t trace_id[16] = {7};

    (void)state;
    rn_buf_clear(&arena);
    for (unsigned i = 0; i < SPANS; i++) {
        struct rn_otlp_span span = {
            .trace_id = trace_id, .id = i + 1, .name = RN_OTLP_TEXT("call")};

        refs[i] = (struct rn_otlp_ref){
            .offset = (uint32_t)arena.size, .events = 1 + i, .folded = 100 * i};
        rn_otlp_span_encode(&arena, &span);
        refs[i].size = (uint32_t)arena.size - refs[i].offset;
    }
    return arena.failed;
}

static int free_spans(void **state)
{
    (void)state;
    rn_buf_free(&arena);
    return 0;
}

static void add(struct rn_otlp_batch *batch, const char *resource, unsigned from, unsigned count)
{
    assert_int_equal(rn_otlp_batch_add(batch, (struct rn_otlp_text){resource, strlen(resource)},
                                       arena.data, refs + from, count, &err),
                     RN_OK);
}

static uint64_t id_at(const struct rn_otlp_batch *batch, size_t i)
{
    return rn_otlp_id_load(batch->body.data + batch->refs[i].offset + RN_OTLP_SPAN_ID_OFFSET);
}

static void slices_add_up(void **state)
{
    struct rn_otlp_batch whole, part, other;

    (void)state;
    rn_otlp_batch_init(&whole, RN_OTLP_TEXT("\x0a\x01s"));
    rn_otlp_batch_init(&part, whole.scope);
    rn_otlp_batch_init(&other, whole.scope);
    add(&whole, "\x0a\x00", 0, 4);
    add(&whole, "\x0a\x02\x0a\x00", 4, 6);
    assert_int_equal(whole.count, SPANS);
    assert_int_equal(whole.tally.events, 55);
    assert_int_equal(whole.tally.folded, 4500);
    for (size_t cut = 0; cut <= SPANS; cut++) {
        struct rn_otlp_tally first = rn_otlp_batch_tally(&whole, 0, cut);

        rn_otlp_batch_clear(&part);
        rn_otlp_batch_clear(&other);
        assert_int_equal(rn_otlp_batch_slice(&whole, 0, cut, &part, &err), RN_OK);
        assert_int_equal(rn_otlp_batch_slice(&whole, cut, SPANS - cut, &other, &err), RN_OK);
        assert_int_equal(part.count + other.count, SPANS);
        assert_int_equal(part.tally.events, first.events);
        assert_int_equal(part.tally.events + other.tally.events, 55);
        for (size_t i = 0; i < SPANS; i++)
            assert_int_equal(i < cut ? id_at(&part, i) : id_at(&other, i - cut), i + 1);
        assert_int_equal(part.run_count, cut == 0 ? 0 : cut <= 4 ? 1 : 2);
    }
    rn_otlp_batch_free(&whole);
    rn_otlp_batch_free(&part);
    rn_otlp_batch_free(&other);
}

static void room_is_kept(void **state)
{
    struct rn_otlp_batch batch;
    struct rn_otlp_text resource = {"", 0};

    (void)state;
    rn_otlp_batch_init(&batch, (struct rn_otlp_text){"", 0});
    for (size_t bytes = 0; bytes < 1000; bytes += 7) {
        size_t fit = rn_otlp_batch_room(&batch, resource, refs, SPANS, bytes, 1000);

        rn_otlp_batch_clear(&batch);
        add(&batch, "", 0, (unsigned)fit);
        assert_true(fit == 1 || batch.body.size <= bytes);
        rn_otlp_batch_clear(&batch);
    }
    assert_int_equal(rn_otlp_batch_room(&batch, resource, refs, SPANS, 1 << 20, 3), 3);
    add(&batch, "", 0, 3);
    assert_int_equal(rn_otlp_batch_room(&batch, resource, refs, SPANS, 1 << 20, 3), 0);
    assert_int_equal(rn_otlp_batch_room(&batch, resource, refs, SPANS, 10, 100), 0);
    rn_otlp_batch_free(&batch);
}

static void digests_tell_batches_apart(void **state)
{
    struct rn_otlp_batch one, two;

    (void)state;
    rn_otlp_batch_init(&one, RN_OTLP_TEXT(""));
    rn_otlp_batch_init(&two, RN_OTLP_TEXT(""));
    add(&one, "", 0, 2);
    add(&two, "", 0, 1);
    add(&two, "", 1, 1);
    assert_true(one.digest == two.digest); /* the same spans in the same order */
    rn_otlp_batch_clear(&two);
    add(&two, "", 1, 1);
    add(&two, "", 0, 1);
    assert_true(one.digest != two.digest);
    rn_otlp_batch_clear(&two);
    add(&two, "", 0, 3);
    assert_true(one.digest != two.digest);
    rn_otlp_batch_free(&one);
    rn_otlp_batch_free(&two);
}

static void spans_are_described(void **state)
{
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    assert_int_equal(rn_otlp_span_describe(arena.data, refs[0].size, &out, &err), RN_OK);
    rn_buf_byte(&out, 0);
    assert_string_equal((char *)out.data, "0000000000000001 'call'");
    rn_buf_clear(&out);
    assert_int_equal(rn_otlp_span_describe((const uint8_t *)"\xff\xff", 2, &out, &err),
                     RN_E_FORMAT);
    rn_buf_free(&out);
}

static void json_is_one_line(void **state)
{
    struct rn_otlp_batch batch;
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    rn_otlp_batch_init(&batch, RN_OTLP_TEXT("\x0a\x01s"));
    add(&batch, "", 0, 1);
    assert_int_equal(rn_otlp_json_line(batch.body.data, batch.body.size, &out, &err), RN_OK);
    rn_buf_byte(&out, 0);
    assert_string_equal(
        (char *)out.data,
        "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{\"scope\":{\"name\":\"s\","
        "\"version\":\"\"},\"spans\":[{\"traceId\":\"07000000000000000000000000000000\","
        "\"spanId\":\"0000000000000001\",\"name\":\"call\",\"kind\":1,\"startTimeUnixNano\":\"0\","
        "\"endTimeUnixNano\":\"0\"}]}]}]}\n");
    assert_int_equal(rn_otlp_json_line((const uint8_t *)"\x0a\x05", 2, &out, &err), RN_E_FORMAT);
    rn_otlp_batch_free(&batch);
    rn_buf_free(&out);
}

static void reading_back_counts_each_span_once(void **state)
{
    struct rn_otlp_batch batch;
    struct rn_otlp_set want = {0}, got;
    uint64_t repeated;

    (void)state;
    rn_otlp_batch_init(&batch, RN_OTLP_TEXT(""));
    add(&batch, "", 0, SPANS);
    add(&batch, "", 3, 2);
    for (uint64_t i = 1; i <= SPANS; i++)
        rn_otlp_set_add(&want, i);
    assert_int_equal(rn_otlp_readback(batch.body.data, batch.body.size, &got, &repeated, &err),
                     RN_OK);
    assert_int_equal(got.spans, want.spans);
    assert_true(got.sum == want.sum);
    assert_int_equal(repeated, 2);
    assert_int_equal(rn_otlp_readback((const uint8_t *)"{}", 2, &got, &repeated, &err),
                     RN_E_FORMAT);
    rn_otlp_batch_free(&batch);
}

static void gzip_is_smaller(void **state)
{
    struct rn_otlp_gzip *gzip = rn_otlp_gzip_new(1);
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    assert_non_null(gzip);
    assert_int_equal(rn_otlp_gzip_add(gzip, arena.data, arena.size, &out, &err), RN_OK);
    assert_true(out.size > 20 && out.size < arena.size);
    assert_memory_equal(out.data, "\x1f\x8b\x08", 3);
    rn_otlp_gzip_free(gzip);
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_add_up),
        cmocka_unit_test(room_is_kept),
        cmocka_unit_test(digests_tell_batches_apart),
        cmocka_unit_test(spans_are_described),
        cmocka_unit_test(json_is_one_line),
        cmocka_unit_test(reading_back_counts_each_span_once),
        cmocka_unit_test(gzip_is_smaller),
    };

    return cmocka_run_group_tests(tests, make_spans, free_spans);
}
