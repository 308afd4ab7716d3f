/* SPDX-License-Identifier: MIT */
/* Events under construction, and a trace in which they happen. */
#ifndef RN_RENDER_FIXTURE_H
#define RN_RENDER_FIXTURE_H

#include "formats/syscall_table.h"
#include "libanalysis/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define MAX_ATTACHMENTS 8

/* An event under construction. */
struct maker {
    struct rn_event event;
    struct rn_attachment attachments[MAX_ATTACHMENTS];
};

static struct rn_trace *trace;

static inline int setup(void **state)
{
    static const struct rn_manifest manifest = {
        .tick_unit = RN_TICK_NS,
        .start = {.ticks = 1000, .monotonic_ns = 1000, .realtime_ns = 1700000000000000000},
    };
    struct rn_event stream = {
        .kind = RN_KIND_STREAM,
        .stream = 1,
        .u.stream_info = {.id = 1, .type = RN_STREAM_THREAD, .pid = 42, .tid = 43}};

    (void)state;
    setenv("TZ", "UTC", 1);
    trace = rn_trace_new(&manifest);
    return trace && rn_trace_feed(trace, &stream, NULL) == RN_OK ? 0 : -1;
}

static inline int teardown(void **state)
{
    (void)state;
    rn_trace_free(trace);
    return 0;
}

/* The call `name` of x86-64 with these arguments. */
static inline struct maker call(const char *name, uint64_t ret, uint64_t a0, uint64_t a1,
                                uint64_t a2, uint64_t a3, uint64_t a4)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    struct maker maker = {
        .event = {.kind = RN_KIND_SYSCALL,
                  .stream = 1,
                  .start = 2000,
                  .duration = 500,
                  .u.syscall = {.nr = (uint64_t)nr, .ret = ret, .args = {a0, a1, a2, a3, a4}}},
    };

    assert_true(nr >= 0);
    return maker;
}

static inline struct rn_attachment *attach(struct maker *maker, uint8_t type, uint8_t arg,
                                           const void *data, size_t size)
{
    struct rn_attachment *attachment = &maker->attachments[maker->event.attachment_count++];

    assert_true(maker->event.attachment_count <= MAX_ATTACHMENTS);
    *attachment =
        (struct rn_attachment){.type = type, .arg = arg, .data = data, .size = (uint32_t)size};
    return attachment;
}

static inline void content(struct maker *maker, uint8_t arg, const char *head, uint64_t length)
{
    attach(maker, RN_ATT_CONTENT, arg, NULL, 0)->content = (struct rn_content){
        .length = length,
        .crc = 0x123,
        .head = (const uint8_t *)head,
        .head_len = (uint32_t)(strlen(head) < length ? strlen(head) : length),
    };
}

/* The line that rn-cat would print of it. */
static inline void expect_text(const struct rn_render_options *options, struct maker *maker,
                               const char *expected)
{
    struct rn_render *render = rn_render_new(options);
    struct rn_buf out = RN_BUF_INIT;

    assert_non_null(render);
    maker->event.attachments = maker->attachments;
    rn_render_text(render, trace, &maker->event, &out);
    rn_buf_byte(&out, '\0');
    assert_string_equal((const char *)out.data, expected);
    rn_buf_free(&out);
    rn_render_free(render);
}

/* The event as JSON, parsed. */
static inline json_t *as_json(struct maker *maker)
{
    struct rn_buf out = RN_BUF_INIT;
    json_error_t error;
    json_t *json;

    maker->event.attachments = maker->attachments;
    rn_render_json(trace, &maker->event, &out);
    assert_true(out.size > 0 && out.data[out.size - 1] == '\n');
    json = json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        print_error("%s: %.*s", error.text, (int)out.size, (const char *)out.data);
    rn_buf_free(&out);
    assert_non_null(json);
    return json;
}

#endif
