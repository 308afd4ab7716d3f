/* SPDX-License-Identifier: MIT */
/* Recordings as lists of events and edges, and the critical path that is found in them. One tick is
 * one nanosecond. Included by one test each. */
#ifndef RN_CRITICAL_FIXTURE_H
#define RN_CRITICAL_FIXTURE_H

#include "libanalysis/critical_path.h"

#include "formats/syscall_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS_MAX 4096u
#define EDGES_MAX  4096u

static struct rn_error err = RN_ERROR_INIT;
static struct rn_event events[EVENTS_MAX];
static struct rn_attachment names[EVENTS_MAX];
static struct rn_causal_edge edges[EDGES_MAX];
static size_t event_count, edge_count;
static uint64_t ordinals[16];
static struct rn_critical_path *path;
static struct rn_trace *trace;
static struct rn_manifest manifest;
static struct rn_critical_result result;

static int begin(void **state)
{
    (void)state;
    event_count = edge_count = 0;
    memset(ordinals, 0, sizeof ordinals);
    memset(&result, 0, sizeof result);
    rn_manifest_init(&manifest);
    path = rn_critical_path_new();
    trace = rn_trace_new(&manifest);
    return path && trace ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_critical_path_free(path);
    rn_trace_free(trace);
    rn_manifest_clear(&manifest);
    return 0;
}

static struct rn_event *add(uint8_t kind, uint32_t stream, uint64_t start, uint64_t stop)
{
    struct rn_event *event = &events[event_count++];

    assert_in_range(event_count, 1, EVENTS_MAX);
    *event = (struct rn_event){.kind = kind,
                               .stream = stream,
                               .ordinal = ordinals[stream & 15]++,
                               .start = start,
                               .duration = stop - start};
    return event;
}

static void stream(uint32_t id, uint64_t type, uint64_t pid)
{
    struct rn_event *event = add(RN_KIND_STREAM, 0, 0, 0);

    event->u.stream_info = (struct rn_stream){.id = id, .type = type, .pid = pid, .tid = pid};
}

static inline struct rn_event *call(uint32_t of, const char *name, uint64_t start, uint64_t stop,
                                    uint64_t ret)
{
    struct rn_event *event = add(RN_KIND_SYSCALL, of, start, stop);

    event->u.syscall.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    event->u.syscall.ret = ret;
    return event;
}

static inline struct rn_event *process(uint32_t of, enum rn_process_op op, uint64_t pid,
                                       uint64_t at)
{
    struct rn_event *event = add(RN_KIND_PROCESS, of, at, at);

    event->u.process.op = op;
    event->u.process.pid = pid;
    return event;
}

static inline struct rn_event *named(uint8_t kind, uint32_t of, const char *name, uint64_t start,
                                     uint64_t stop)
{
    struct rn_event *event = add(kind, of, start, stop);
    struct rn_attachment *attachment = &names[event_count];

    *attachment = (struct rn_attachment){.type = RN_ATT_NAME,
                                         .arg = RN_ARG_NONE,
                                         .size = (uint32_t)strlen(name),
                                         .data = (const uint8_t *)name};
    event->attachments = attachment;
    event->attachment_count = 1;
    return event;
}

static inline struct rn_edge_end end_of(const struct rn_event *event)
{
    return (struct rn_edge_end){.stream = event->stream,
                                .ordinal = event->ordinal,
                                .start = event->start,
                                .end = event->start + event->duration};
}

static inline void edge(uint8_t mechanism, const struct rn_event *from, const struct rn_event *to)
{
    edges[edge_count++] = (struct rn_causal_edge){.from = end_of(from),
                                                  .to = end_of(to),
                                                  .mechanism = mechanism,
                                                  .certainty = RN_EDGE_PROVEN};
}

static void find(void)
{
    for (size_t i = 0; i < event_count; i++)
        assert_int_equal(rn_critical_path_event(path, &events[i], &err), RN_OK);
    for (size_t i = 0; i < edge_count; i++)
        assert_int_equal(rn_critical_path_edge(path, &edges[i], &err), RN_OK);
    assert_int_equal(rn_critical_path_walk(path, &err), RN_OK);
    for (size_t i = 0; i < event_count; i++) {
        assert_int_equal(rn_critical_path_work(path, trace, &events[i], &err), RN_OK);
        assert_int_equal(rn_trace_feed(trace, &events[i], &err), RN_OK);
    }
    assert_int_equal(rn_critical_path_result(path, &result, &err), RN_OK);
    /* Links touch, and the last one ends at the end. */
    for (size_t i = 1; i < result.link_count; i++)
        assert_true(result.links[i].from == result.links[i - 1].to);
    for (size_t i = 0; i < result.link_count; i++) {
        assert_true(result.links[i].from <= result.links[i].to);
        assert_true(result.links[i].working <= result.links[i].to - result.links[i].from);
    }
    if (result.link_count)
        assert_true(result.links[result.link_count - 1].to == result.end);
}

static inline void link_is(size_t number, uint32_t of, uint64_t from, uint64_t to, uint8_t entered)
{
    assert_in_range(number, 0, result.link_count - 1);
    assert_int_equal(result.links[number].stream, of);
    assert_int_equal(result.links[number].from, from);
    assert_int_equal(result.links[number].to, to);
    assert_int_equal(result.links[number].entered, entered);
}

static inline const struct rn_critical_work *work(const char *name)
{
    for (size_t i = 0; i < result.work_count; i++)
        if (strcmp(result.work[i].name, name) == 0)
            return &result.work[i];
    fail_msg("no '%s' on the path", name);
    return NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
