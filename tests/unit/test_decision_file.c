/* SPDX-License-Identifier: MIT */
#include "formats/decision_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    unsigned count;
    char text[512]; /* "category|name|source|input|result|id|time;" of each */
    uint32_t longest;
};

static enum rn_status look(void *context, const struct rn_decision_entry *entry,
                           struct rn_error *err)
{
    const struct rn_decision_text *texts[] = {&entry->category, &entry->name, &entry->source,
                                              &entry->input, &entry->result};
    struct seen *seen = context;
    size_t used = strlen(seen->text);

    (void)err;
    seen->count++;
    for (size_t i = 0; i < 5; i++) {
        used += (size_t)snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s|",
                                 (int)(texts[i]->size < 40 ? texts[i]->size : 40), texts[i]->text);
        if (texts[i]->size > seen->longest)
            seen->longest = texts[i]->size;
        assert_true(texts[i]->cut == (texts[i]->size == RN_DECISION_TEXT_MAX));
    }
    snprintf(seen->text + used, sizeof(seen->text) - used, "%llx|%llu;",
             (unsigned long long)entry->id,
             entry->has_time ? (unsigned long long)entry->timestamp_us : 0ull);
    return RN_OK;
}

/* Byte by byte, as a file may grow. */
static enum rn_status feed(const void *data, size_t size, struct seen *seen, struct rn_error *err)
{
    struct rn_decision_file *file = rn_decision_file_new();
    enum rn_status status = RN_OK;

    memset(seen, 0, sizeof(*seen));
    assert_non_null(file);
    for (size_t at = 0; status == RN_OK && at < size; at++)
        status = rn_decision_file_feed(file, (const uint8_t *)data + at, 1, false, look, seen, err);
    if (status == RN_OK)
        status = rn_decision_file_feed(file, data, 0, true, look, seen, err);
    rn_decision_file_free(file);
    return status;
}

static void expect(const void *data, size_t size, const char *text)
{
    struct rn_error err = RN_ERROR_INIT;
    struct seen seen;

    assert_int_equal(feed(data, size, &seen, &err), RN_OK);
    assert_string_equal(seen.text, text);
}

static void expect_failure(const void *data, size_t size, unsigned before, uint64_t offset)
{
    struct rn_error err = RN_ERROR_INIT;
    struct seen seen;
    enum rn_status status = feed(data, size, &seen, &err);

    assert_true(status == RN_E_FORMAT || status == RN_E_LIMIT);
    assert_int_equal(seen.count, before);
    assert_true(err.has_offset);
    assert_int_equal(err.offset, offset);
}
#define EXPECT(literal, text) expect(literal, sizeof(literal) - 1, text)
#define EXPECT_FAILURE(literal, before, offset)                                                    \
    expect_failure(literal, sizeof(literal) - 1, before, offset)

static void json(void **state)
{
    (void)state;
    EXPECT(" [ ] ", "");
    EXPECT("", "");
    EXPECT("[{\"category\":\"a\",\"name\":\"b\",\"decision_id\":\"0xfF\",\"timestamp_us\":5,"
           "\"source_location\":{\"file\":\"f\",\"line\":3},\"input\":[1,null],\"result\":\"r\"}]\n"
           "[{\"category\":\"c\",\"name\":\"d\",\"decision_id\":7}]",
           "a|b|f:3|[1,null]|r|ff|5;c|d||||7|0;");
    EXPECT_FAILURE("[{\"category\":\"a\",\"name\":\"b\"},{\"category\":\"a\"}]", 1, 29);
    EXPECT_FAILURE("[{\"category\":\"a\",\"name\":\"b\"}", 1, 28);
    EXPECT_FAILURE("[{\"category\":\"a\",\"name\":\"b\"", 0, 1);
    EXPECT_FAILURE("[{\"category\":\"a\",\"name\":\"b\"}]x", 1, 29);
    EXPECT_FAILURE("[7]", 0, 1);
    EXPECT_FAILURE("[{\"a\":[[[[[[[[[[[[[[[[[[", 0, 21);
}

static void msgpack(void **state)
{
    (void)state;
    EXPECT("\x91\x83\xa8"
           "category\xa1"
           "a\xa4"
           "name\xa1"
           "b\xab"
           "decision_id\x05",
           "a|b||||5|0;");
    /* Two maps without an array; then two arrays. */
    EXPECT("\x83\xa8"
           "category\xa1"
           "a\xa4"
           "name\xa1"
           "b\xab"
           "decision_id\xa2"
           "1f"
           "\x83\xa8"
           "category\xa1"
           "a\xa4"
           "name\xa1"
           "c\xab"
           "decision_id\xcd\x01\x02",
           "a|b||||1f|0;a|c||||102|0;");
    EXPECT("\x90\x91\x84\xa8"
           "category\xa1"
           "a\xa4"
           "name\xa1"
           "b\xab"
           "decision_id\x01\xa5"
           "input\x93\xc0\xc3\x81\xa1k\xff",
           "a|b||[null,true,{\"k\":-1}]||1|0;");
    EXPECT_FAILURE("\x92\x82\xa8"
                   "category\xa1"
                   "a\xa4"
                   "name\xa1"
                   "b\x82\xa8"
                   "category\x07",
                   1, 20);
    EXPECT_FAILURE("\x91\xdf\xff\xff\xff\xff\x01\x01", 0, 6);
    EXPECT_FAILURE("\x91\x81\xa1"
                   "a\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91",
                   0, 20);
    EXPECT_FAILURE("\x91\x81\xa1"
                   "a\xc1",
                   0, 4);
    EXPECT_FAILURE("plain text", 0, 0);
}

static void manifests(void **state)
{
    (void)state;
    EXPECT("{\"version\":\"1\",\"00000000000000aB\":{\"category\":\"a\",\"name\":\"b\",\"source\":"
           "{\"file\":\"f\",\"line\":9}},\"other\":{}}",
           "a|b|f:9|||ab|0;");
    EXPECT("{\"decisions\":{\"0x2\":{\"category\":\"a\",\"name\":\"b\"}}}", "a|b||||2|0;");
    EXPECT_FAILURE("{\"decisions\":{\"0x2\":{\"category\":\"a\"}}}", 0, 15);
    EXPECT_FAILURE("{\"decisions\":{\"zz\":{}}}", 0, 15);
    EXPECT_FAILURE("{\"decisions\":", 0, 13);
}

static void long_texts_are_cut(void **state)
{
    static const char head[] = "[{\"category\":\"a\",\"name\":\"b\",\"input\":\"", tail[] = "\"}]";
    size_t size = 100000 + sizeof(head) + sizeof(tail) - 2;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_decision_file *file = rn_decision_file_new();
    struct seen seen = {.count = 0};
    char *data = malloc(size);

    (void)state;
    assert_non_null(data);
    memset(data, 'x', size);
    memcpy(data, head, sizeof(head) - 1);
    memcpy(data + size - sizeof(tail) + 1, tail, sizeof(tail) - 1);
    assert_int_equal(rn_decision_file_feed(file, (uint8_t *)data, size, true, look, &seen, &err),
                     RN_OK);
    assert_int_equal(seen.longest, RN_DECISION_TEXT_MAX);
    free(data);
    rn_decision_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json),
        cmocka_unit_test(msgpack),
        cmocka_unit_test(manifests),
        cmocka_unit_test(long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
