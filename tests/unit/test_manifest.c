/* SPDX-License-Identifier: MIT */
#include "formats/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_error err;

static struct rn_manifest sample(void)
{
    struct rn_manifest manifest;

    rn_manifest_init(&manifest);
    manifest.creator = strdup("test 1.0");
    manifest.host = strdup("caf\xc3\xa9");
    manifest.os = strdup("Linux 6.1 x86_64");
    manifest.engine = strdup("ptrace");
    manifest.stack = strdup("dump:64");
    manifest.vdso = true;
    manifest.trace_parent = strdup("00-parent");
    manifest.trace_state = strdup("a=\xff");
    manifest.trace_given = strdup("00-given");
    manifest.lamport = 1ull << 60;
    manifest.argv = calloc(3, sizeof *manifest.argv);
    manifest.argv[0] = strdup("/bin/\xff\x01prog");
    manifest.argv[1] = strdup("quote\"\n");
    manifest.content_head = UINT64_MAX;
    manifest.abi = RN_ABI_AARCH64;
    manifest.tick_unit = RN_TICK_TSC;
    manifest.tick_shift = 4;
    manifest.tick_hz = 2445000001;
    manifest.start = (struct rn_clock_point){1ull << 60, 12345678901234567ull, 1700000000ull, 80};
    return manifest;
}

static void manifest_comes_back(void **state)
{
    struct rn_manifest manifest = sample(), back;
    struct rn_buf json = RN_BUF_INIT;

    (void)state;
    assert_int_equal(rn_manifest_to_json(&manifest, &json, &err), RN_OK);
    assert_int_equal(rn_manifest_from_json(json.data, json.size, &back, &err), RN_OK);
    assert_memory_equal(back.uuid, manifest.uuid, 16);
    assert_string_equal(back.creator, manifest.creator);
    assert_string_equal(back.host, manifest.host);
    assert_null(back.boot_id);
    assert_null(back.selection);
    assert_string_equal(back.stack, "dump:64");
    assert_true(back.vdso);
    assert_string_equal(back.trace_parent, "00-parent");
    assert_string_equal(back.trace_state, "a=\xff");
    assert_string_equal(back.trace_given, "00-given");
    assert_true(back.lamport == 1ull << 60);
    assert_string_equal(back.argv[0], manifest.argv[0]);
    assert_string_equal(back.argv[1], manifest.argv[1]);
    assert_null(back.argv[2]);
    assert_true(back.content_head == UINT64_MAX);
    assert_int_equal(back.abi, RN_ABI_AARCH64);
    assert_int_equal(back.tick_unit, RN_TICK_TSC);
    assert_int_equal(back.tick_shift, 4);
    assert_int_equal(back.tick_hz, manifest.tick_hz);
    assert_memory_equal(&back.start, &manifest.start, sizeof back.start);
    rn_manifest_clear(&back);
    rn_manifest_clear(&manifest);
    rn_buf_free(&json);
}

static void uuids_differ(void **state)
{
    struct rn_manifest a, b;

    (void)state;
    rn_manifest_init(&a);
    rn_manifest_init(&b);
    assert_memory_not_equal(a.uuid, b.uuid, 16);
    assert_int_equal(a.uuid[6] >> 4, 4);
    assert_int_equal(a.version, RN_ARCHIVE_VERSION);
}

/* The manifest of the sample with one piece of its text replaced. */
static enum rn_status parse_changed(const char *old, const char *new)
{
    struct rn_manifest manifest = sample(), back;
    struct rn_buf json = RN_BUF_INIT, changed = RN_BUF_INIT;
    enum rn_status status;
    char *at;

    assert_int_equal(rn_manifest_to_json(&manifest, &json, &err), RN_OK);
    rn_buf_byte(&json, 0);
    at = strstr((char *)json.data, old);
    assert_non_null(at);
    rn_buf_append(&changed, json.data, (size_t)(at - (char *)json.data));
    rn_buf_text(&changed, new);
    rn_buf_text(&changed, at + strlen(old));
    status = rn_manifest_from_json(changed.data, changed.size, &back, &err);
    rn_manifest_clear(&back);
    rn_manifest_clear(&manifest);
    rn_buf_free(&json);
    rn_buf_free(&changed);
    return status;
}

static void unknown_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse_changed("\"version\": 1", "\"version\": 1"), RN_OK);
    assert_int_equal(parse_changed("\"version\": 1", "\"version\": 2"), RN_E_VERSION);
    assert_int_equal(parse_changed("\"features\": []", "\"features\": [\"x\"]"), RN_E_VERSION);
    assert_int_equal(parse_changed("renacer-archive", "something"), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"tsc\"", "\"sundial\""), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"shift\": 4", "\"shift\": 64"), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"hz\": \"2445000001\"", "\"hz\": \"0\""), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"uuid\": \"", "\"uuid\": \"z"), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"argv\": [", "\"argv\": [{},"), RN_OK);
    assert_int_equal(parse_changed("\"trace\": {", "\"trace\": 3, \"x\": {"), RN_OK);
    assert_int_equal(parse_changed("{", "["), RN_E_FORMAT);
    assert_int_equal(parse_changed("\"creator\"", "\"engine\""), RN_E_FORMAT);
}

static struct rn_index sample_index(void)
{
    struct rn_index index = {.lost = 5, .has_status = true, .status = 256};

    index.counts[RN_KIND_SYSCALL] = 1ull << 61;
    index.counts[RN_KIND_LOSS] = 1;
    index.counts[17] = 3;
    index.end = (struct rn_clock_point){1, 2, 3, 4};
    index.sealed_by = strdup("test 1.0");
    for (uint32_t i = 0; i < 5; i++) {
        struct rn_index_member member = {.offset = 512 + i * 1024,
                                         .size = 100,
                                         .events = 16384,
                                         .first = (1ull << 60) + i,
                                         .last = (1ull << 60) + i + 1,
                                         .number = i,
                                         .segment_start = i % 2 == 0};

        assert_int_equal(rn_index_add(&index, &member, &err), RN_OK);
    }
    return index;
}

static void index_comes_back(void **state)
{
    struct rn_index index = sample_index(), back;
    struct rn_buf json = RN_BUF_INIT;

    (void)state;
    assert_int_equal(rn_index_to_json(&index, &json, &err), RN_OK);
    assert_int_equal(rn_index_from_json(json.data, json.size, &back, &err), RN_OK);
    assert_memory_equal(back.counts, index.counts, sizeof back.counts);
    assert_int_equal(back.lost, 5);
    assert_true(back.has_status);
    assert_int_equal(back.status, 256);
    assert_string_equal(back.sealed_by, "test 1.0");
    assert_memory_equal(&back.end, &index.end, sizeof back.end);
    assert_int_equal(back.member_count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(back.members[i].offset == index.members[i].offset);
        assert_true(back.members[i].first == index.members[i].first);
        assert_true(back.members[i].last == index.members[i].last);
        assert_true(back.members[i].events == index.members[i].events);
        assert_int_equal(back.members[i].number, i);
        assert_int_equal(back.members[i].segment_start, i % 2 == 0);
    }
    rn_index_clear(&back);
    rn_index_clear(&index);
    rn_buf_free(&json);
}

static void unknown_loss_and_status(void **state)
{
    struct rn_index index = {.lost = UINT64_MAX}, back;
    struct rn_buf json = RN_BUF_INIT;

    (void)state;
    assert_int_equal(rn_index_to_json(&index, &json, &err), RN_OK);
    assert_int_equal(rn_index_from_json(json.data, json.size, &back, &err), RN_OK);
    assert_true(back.lost == UINT64_MAX);
    assert_false(back.has_status);
    assert_null(back.sealed_by);
    rn_index_clear(&back);
    rn_buf_free(&json);
}

static void short_member_is_refused(void **state)
{
    static const char json[] = "{\"format\": \"renacer-index\", \"members\": [[512, 3]]}";
    struct rn_index index;

    (void)state;
    assert_int_equal(rn_index_from_json((const uint8_t *)json, strlen(json), &index, &err),
                     RN_E_FORMAT);
    rn_index_clear(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_comes_back),     cmocka_unit_test(uuids_differ),
        cmocka_unit_test(unknown_is_refused),      cmocka_unit_test(index_comes_back),
        cmocka_unit_test(unknown_loss_and_status), cmocka_unit_test(short_member_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
