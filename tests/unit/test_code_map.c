/* SPDX-License-Identifier: MIT */
#include "libanalysis/code_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct rn_trace *trace;
static struct rn_code_map *map;

static void feed(const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;

    assert_int_equal(rn_trace_feed(trace, event, &err), RN_OK);
    assert_int_equal(rn_code_map_feed(map, trace, event, &err), RN_OK);
}

static void stream(uint64_t id, uint64_t pid)
{
    struct rn_event event = {.kind = RN_KIND_STREAM};

    event.u.stream_info =
        (struct rn_stream){.id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = pid};
    feed(&event);
}

static void process(uint32_t of, uint64_t op, uint64_t child)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS, .stream = of};

    event.u.process = (struct rn_process){.op = op, .pid = 10u * of, .child_stream = child};
    feed(&event);
}

static void module(uint32_t of, uint64_t op, uint64_t address, uint64_t length, uint64_t offset,
                   const char *path)
{
    const struct rn_attachment item = {.type = RN_ATT_PATH,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(path),
                                       .data = (const uint8_t *)path};
    struct rn_event event = {
        .kind = RN_KIND_MODULE, .stream = of, .attachment_count = 1, .attachments = &item};

    event.u.module =
        (struct rn_module){.op = op, .address = address, .length = length, .file_offset = offset};
    feed(&event);
}

static void expect(uint64_t of, uint64_t address, const char *path, uint64_t offset)
{
    struct rn_code_place place;
    bool found = rn_code_map_find(map, trace, of, address, &place);

    assert_int_equal(found, path != NULL);
    if (!path)
        return;
    assert_string_equal(place.module->path, path);
    assert_int_equal(place.offset, offset);
}

static int begin(void **state)
{
    struct rn_manifest manifest;

    (void)state;
    rn_manifest_init(&manifest);
    trace = rn_trace_new(&manifest);
    map = rn_code_map_new();
    rn_manifest_clear(&manifest);
    stream(1, 10);
    process(1, RN_PROCESS_START, 0);
    return trace && map ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_code_map_free(map);
    rn_trace_free(trace);
    return 0;
}

static void test_overlaps(void **state)
{
    (void)state;
    module(1, RN_MODULE_MAP, 0x1000, 0x4000, 0x10000, "/a");
    expect(1, 0xfff, NULL, 0);
    expect(1, 0x1000, "/a", 0x10000);
    expect(1, 0x4fff, "/a", 0x13fff);
    expect(1, 0x5000, NULL, 0);
    module(1, RN_MODULE_MAP, 0x2000, 0x1000, 0, "/b");
    expect(1, 0x1fff, "/a", 0x10fff);
    expect(1, 0x2000, "/b", 0);
    expect(1, 0x3000, "/a", 0x12000);
    module(1, RN_MODULE_UNMAP, 0x1800, 0x2000, 0, "");
    expect(1, 0x17ff, "/a", 0x107ff);
    expect(1, 0x1800, NULL, 0);
    expect(1, 0x2800, NULL, 0);
    expect(1, 0x3800, "/a", 0x12800);
    module(1, RN_MODULE_MAP, UINT64_MAX - 10, 100, 0, "/c"); /* wraps: nothing */
    expect(1, UINT64_MAX - 5, NULL, 0);
    module(1, RN_MODULE_MAP, 0x1000, 0x400, 0, "/memfd:renacer-text (deleted)");
    expect(1, 0x1000, "/a", 0x10000);
}

static void test_processes(void **state)
{
    uint64_t version;

    (void)state;
    module(1, RN_MODULE_MAP, 0x1000, 0x1000, 0, "/a");
    version = rn_code_map_version(map, trace, 1);
    stream(2, 20);
    process(1, RN_PROCESS_FORK, 2);
    expect(2, 0x1000, "/a", 0);
    module(2, RN_MODULE_UNMAP, 0x1000, 0x1000, 0, "");
    expect(2, 0x1000, NULL, 0);
    expect(1, 0x1000, "/a", 0);
    assert_true(rn_code_map_version(map, trace, 1) == version);
    process(1, RN_PROCESS_EXEC, 0);
    expect(1, 0x1000, NULL, 0);
    assert_true(rn_code_map_version(map, trace, 1) != version);
    process(2, RN_PROCESS_EXIT, 0);
    assert_int_equal(rn_code_map_version(map, trace, 2), 0);
    assert_int_equal(rn_code_map_version(map, trace, 77), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_overlaps, begin, end),
        cmocka_unit_test_setup_teardown(test_processes, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
