/* SPDX-License-Identifier: MIT */
#include "render_fixture.h"

#include <errno.h>

static const char *text_at(const json_t *json, const char *a, const char *b)
{
    json_t *value = json_object_get(json, a);

    return json_string_value(b ? json_object_get(value, b) : value);
}

static void json_of_calls(void **state)
{
    struct maker m = call("read", 4, 3, 0x1000, 4096, 0, 0);
    json_t *json, *buf;

    (void)state;
    content(&m, 1, "a\"\n\1", 4);
    json = as_json(&m);
    assert_string_equal(text_at(json, "kind", NULL), "syscall");
    assert_string_equal(text_at(json, "name", NULL), "read");
    assert_string_equal(text_at(json, "start_ns", NULL), "1700000000000001000");
    assert_int_equal(json_integer_value(json_object_get(json, "since_start_ns")), 1000);
    assert_int_equal(json_integer_value(json_object_get(json, "duration_ns")), 500);
    assert_int_equal(json_integer_value(json_object_get(json, "tid")), 43);
    assert_int_equal(json_integer_value(json_object_get(json, "ret")), 4);
    buf = json_object_get(json_object_get(json, "args"), "buf");
    assert_int_equal(json_integer_value(json_object_get(buf, "length")), 4);
    assert_string_equal(text_at(buf, "crc64", NULL), "0000000000000123");
    json_decref(json);
}

/* As another tool printed it, where there is no number. */
static void json_of_printed(void **state)
{
    struct maker m = call("fstat", 0, 3, 0, 0, 0, 0);
    json_t *json;

    (void)state;
    attach(&m, RN_ATT_PRINTED, 1, "{st_size=\"5\"}", 13);
    json = as_json(&m);
    assert_string_equal(text_at(json, "args", "statbuf"), "{st_size=\"5\"}");
    json_decref(json);
    m.event.u.syscall.args[1] = 0x1000;
    json = as_json(&m);
    assert_string_equal(text_at(json, "args", "statbuf"), "0x1000");
    json_decref(json);
}

static void json_of_results(void **state)
{
    struct maker m = call("openat", (uint64_t)-ENOENT, (uint64_t)-100, 0, 02000000, 0, 0);
    json_t *json = as_json(&m);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "ret")), -1);
    assert_string_equal(text_at(json, "errno", NULL), "ENOENT");
    assert_string_equal(text_at(json, "args", "flags"), "O_RDONLY|O_CLOEXEC");
    assert_string_equal(text_at(json, "args", "dirfd"), "AT_FDCWD");
    assert_true(json_is_null(json_object_get(json_object_get(json, "args"), "pathname")));
    json_decref(json);
    m = call("mmap", 0x7f0000000000, 0, UINT64_C(1) << 60, 0, 0x22, 0);
    json = as_json(&m);
    assert_string_equal(text_at(json, "ret", NULL), "0x7f0000000000");
    assert_string_equal(text_at(json, "args", "length"), "1152921504606846976");
    json_decref(json);
    m.event.flags = RN_EVENT_UNFINISHED | RN_EVENT_FAULT;
    json = as_json(&m);
    assert_null(json_object_get(json, "ret"));
    assert_int_equal(json_array_size(json_object_get(json, "flags")), 2);
    json_decref(json);
}

static void json_of_other_events(void **state)
{
    struct maker m = {.event = {.kind = RN_KIND_PROCESS,
                                .stream = 1,
                                .start = 2000,
                                .u.process = {.op = RN_PROCESS_EXEC, .pid = 42}}};
    json_t *json;

    (void)state;
    attach(&m, RN_ATT_EXE, RN_ARG_NONE, "/bin/ls", 7);
    attach(&m, RN_ATT_ARGV, RN_ARG_NONE, "ls\0-l", 6);
    json = as_json(&m);
    assert_string_equal(text_at(json, "name", NULL), "exec");
    assert_string_equal(text_at(json, "args", "exe"), "/bin/ls");
    assert_int_equal(json_array_size(json_object_get(json_object_get(json, "args"), "argv")), 2);
    json_decref(json);
    for (unsigned kind = 0; kind < RN_KIND_LIMIT; kind++) {
        struct rn_buf out = RN_BUF_INIT;
        struct rn_event event = {.kind = (uint8_t)kind};

        memset(&event.u, 0xff, sizeof(event.u));
        rn_render_json(trace, &event, &out);
        rn_render_csv(trace, &event, &out);
        rn_buf_free(&out);
    }
}

static void csv(void **state)
{
    struct maker m = call("openat", (uint64_t)-ENOENT, (uint64_t)-100, 0, 0, 0, 0);
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    attach(&m, RN_ATT_PATH, 1, "a\"b", 3);
    m.event.attachments = m.attachments;
    rn_render_csv_header(&out);
    rn_render_csv(trace, &m.event, &out);
    rn_buf_byte(&out, '\0');
    assert_string_equal((const char *)out.data,
                        "kind,stream,ordinal,pid,tid,start_ns,since_start_ns,duration_ns,name,args,"
                        "ret,errno\n"
                        "syscall,1,0,42,43,1700000000000001000,1000,500,openat,"
                        "\"AT_FDCWD, \"\"a\\\"\"b\"\", O_RDONLY\",-1,ENOENT\n");
    rn_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_calls),
        cmocka_unit_test(json_of_printed),
        cmocka_unit_test(json_of_results),
        cmocka_unit_test(json_of_other_events),
        cmocka_unit_test(csv),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
