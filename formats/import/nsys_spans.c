/* SPDX-License-Identifier: MIT */
/* Tables that have no kind of their own in a recording: ranges and marks of NVTX, who ran on which
 * CPU, samples, metrics of GPUs. */
#include "nsys_private.h"

#include "formats/buf.h"
#include "formats/escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of column eventType. */
enum {
    NVTX_CATEGORY = 33,
    NVTX_MARK = 34,
    NVTX_THREAD = 39,
    NVTX_PUSH_POP = 59,
    NVTX_START_END = 60,
    NVTX_DOMAIN_MADE = 75,
    NVTX_DOMAIN_GONE = 76,
};
enum {
    NVTX_START,
    NVTX_END,
    NVTX_TYPE,
    NVTX_TEXT,
    NVTX_TEXT_ID,
    NVTX_GLOBAL_TID,
    NVTX_RANGE,
    NVTX_DOMAIN,
    NVTX_OF_CATEGORY,
    NVTX_JSON,
    NVTX_JSON_ID,
    NVTX_VALUES,
};
static const char *const value_names[] = {"uint64", "int64", "double", "uint32",
                                          "int32",  "float", NULL};
#define NVTX_COLUMNS                                                                               \
    {                                                                                              \
        "start", "end", "eventType", "text", "textId", "globalTid", "rangeId", "domainId",         \
            "category", "jsonText", "jsonTextId", "uint64Value", "int64Value", "doubleValue",      \
            "uint32Value", "int32Value", "floatValue"                                              \
    }

static const char *nvtx_text(struct rn_nsys *nsys, sqlite3_stmt *row)
{
    const char *text = (const char *)sqlite3_column_text(row, NVTX_TEXT);

    return text ? text : rn_nsys_string(nsys, row, NVTX_TEXT_ID);
}

/* First reading of the table: what domains are called. */
static enum rn_status add_domain(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    if (rn_nsys_number(row, NVTX_TYPE) != NVTX_DOMAIN_MADE)
        return RN_OK;
    return rn_nsys_name_add(nsys->domains, &nsys->domain_count,
                            rn_nsys_pid(rn_nsys_number(row, NVTX_GLOBAL_TID)),
                            rn_nsys_number(row, NVTX_DOMAIN), nvtx_text(nsys, row), err);
}

const struct rn_nsys_table rn_nsys_domain_table = {"NVTX_EVENTS", NVTX_COLUMNS, 1, add_domain,
                                                   NULL};

static void separate(struct rn_buf *out)
{
    rn_buf_byte(out, out->size ? ',' : '{');
}

static void add_value(struct rn_buf *out, sqlite3_stmt *row, int column, const char *name)
{
    double real;

    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        separate(out);
        if (strcmp(name, "uint64") == 0)
            rn_buf_printf(out, "\"%s\":%" PRIu64, name, rn_nsys_number(row, column));
        else
            rn_buf_printf(out, "\"%s\":%" PRId64, name, (int64_t)rn_nsys_number(row, column));
        break;
    case SQLITE_FLOAT:
        real = sqlite3_column_double(row, column);
        separate(out);
        if (isfinite(real))
            rn_buf_printf(out, "\"%s\":%.17g", name, real);
        else
            rn_buf_printf(out, "\"%s\":\"%s\"", name, isnan(real) ? "NaN" : "infinite");
        break;
    default:
        break;
    }
}

/* NULL where there is nothing to say. */
static const char *nvtx_arguments(struct rn_nsys *nsys, sqlite3_stmt *row)
{
    struct rn_buf *out = nsys->text;
    const char *json = (const char *)sqlite3_column_text(row, NVTX_JSON);

    rn_buf_clear(out);
    if (rn_nsys_number(row, NVTX_OF_CATEGORY)) {
        separate(out);
        rn_buf_printf(out, "\"category\":%" PRIu64, rn_nsys_number(row, NVTX_OF_CATEGORY));
    }
    for (int i = 0; value_names[i]; i++)
        add_value(out, row, NVTX_VALUES + i, value_names[i]);
    if (!json)
        json = rn_nsys_string(nsys, row, NVTX_JSON_ID);
    if (json && strnlen(json, RN_NSYS_TEXT) == RN_NSYS_TEXT) {
        rn_import_note(nsys->import, "payloads of NVTX that are too long left out", 1);
    } else if (json) { /* as a string: whether it is JSON is not ours to say */
        separate(out);
        rn_buf_text(out, "\"json\":");
        rn_escape_json(out, (const uint8_t *)json, strlen(json));
    }
    if (!out->size)
        return NULL;
    rn_buf_text(out, "}");
    rn_buf_byte(out, 0);
    return out->failed ? NULL : (const char *)out->data;
}

/* False: nothing that is drawn. */
static bool nvtx_form(sqlite3_stmt *row, uint64_t *form)
{
    uint64_t type = rn_nsys_number(row, NVTX_TYPE);

    if (!rn_nsys_is(row, NVTX_TYPE))
        type = rn_nsys_is(row, NVTX_END) ? NVTX_START_END : NVTX_MARK;
    *form = type == NVTX_PUSH_POP ? RN_SPAN_NESTED
            : type == NVTX_MARK   ? RN_SPAN_INSTANT
                                  : RN_SPAN_ASYNC;
    return type == NVTX_PUSH_POP || type == NVTX_START_END || type == NVTX_MARK;
}

static enum rn_status add_nvtx(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN};
    uint64_t global = rn_nsys_number(row, NVTX_GLOBAL_TID), type = rn_nsys_number(row, NVTX_TYPE);
    const char *name, *domain, *arguments;
    enum rn_status status;

    if (!nvtx_form(row, &event.u.span.form)) {
        if (type != NVTX_CATEGORY && type != NVTX_THREAD && type != NVTX_DOMAIN_MADE &&
            type != NVTX_DOMAIN_GONE)
            rn_import_note(nsys->import, "rows of NVTX_EVENTS of types that are not known", 1);
        return RN_OK;
    }
    status = rn_nsys_times(nsys, row, "NVTX_EVENTS", &event, err);
    if (status == RN_OK)
        status = rn_nsys_thread(nsys, global, &event.stream, err);
    if (status != RN_OK)
        return status;
    if (event.u.span.form == RN_SPAN_INSTANT) {
        event.duration = 0;
        event.flags = 0;
    }
    event.u.span.id = rn_nsys_number(row, NVTX_RANGE);
    domain = rn_nsys_name_find(nsys->domains, nsys->domain_count, rn_nsys_pid(global),
                               rn_nsys_number(row, NVTX_DOMAIN));
    arguments = nvtx_arguments(nsys, row);
    name = nvtx_text(nsys, row); /* last: it may be forgotten when another one is looked up */
    return rn_nsys_add(nsys, &event, name, domain ? domain : "nvtx", arguments, err);
}

static const struct rn_nsys_table ranges = {"NVTX_EVENTS", NVTX_COLUMNS, 1, add_nvtx, NULL};

enum { SCHED_START, SCHED_CPU, SCHED_IN, SCHED_GLOBAL_TID };

static enum rn_status add_run(struct rn_nsys *nsys, uint64_t cpu, uint64_t until,
                              struct rn_error *err)
{
    struct rn_nsys_cpu *last = &nsys->cpus[cpu];
    struct rn_event event = {.kind = RN_KIND_SPAN,
                             .start = last->since,
                             .duration = until - last->since,
                             .u.span.form = RN_SPAN_NESTED};
    enum rn_status status;
    char name[64], text[96];

    snprintf(name, sizeof name, "CPU %llu", (unsigned long long)cpu);
    status = rn_import_track(nsys->import, 0, cpu, name, &event.stream, err);
    snprintf(name, sizeof name, "thread %llu", (unsigned long long)rn_nsys_tid(last->thread));
    snprintf(text, sizeof text, "{\"pid\":%llu,\"tid\":%llu}",
             (unsigned long long)rn_nsys_pid(last->thread),
             (unsigned long long)rn_nsys_tid(last->thread));
    return status == RN_OK ? rn_nsys_add(nsys, &event, name, "sched", text, err) : status;
}

/* A thread runs on a CPU from when it is scheduled in until it is out; rows are in order of time.
 */
static enum rn_status add_sched(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    uint64_t cpu = rn_nsys_number(row, SCHED_CPU), thread = rn_nsys_number(row, SCHED_GLOBAL_TID);
    int64_t at = sqlite3_column_int64(row, SCHED_START);
    uint64_t now = (uint64_t)(at + RN_NSYS_BEFORE_NS);
    enum rn_status status = RN_OK;
    struct rn_nsys_cpu *last;

    if (cpu >= RN_NSYS_CPUS || at < -RN_NSYS_BEFORE_NS || at > INT64_MAX - RN_NSYS_BEFORE_NS) {
        rn_import_note(nsys->import, "rows of SCHED_EVENTS that make no sense", 1);
        return RN_OK;
    }
    last = &nsys->cpus[cpu];
    if (rn_nsys_number(row, SCHED_IN)) {
        *last = (struct rn_nsys_cpu){thread, now};
        return RN_OK;
    }
    if (last->thread == thread && thread && now >= last->since)
        status = add_run(nsys, cpu, now, err);
    else
        rn_import_note(nsys->import, "rows of SCHED_EVENTS whose begin is not known", 1);
    *last = (struct rn_nsys_cpu){0, 0};
    return status;
}

static const struct rn_nsys_table sched = {
    "SCHED_EVENTS", {"start", "cpu", "isSchedIn", "globalTid"}, 4, add_sched, NULL};

enum { SAMPLE_START, SAMPLE_END, SAMPLE_GLOBAL_TID, SAMPLE_CPU, SAMPLE_CYCLES };

static enum rn_status add_sample(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SPAN, .u.span.form = RN_SPAN_INSTANT};
    enum rn_status status = rn_nsys_times(nsys, row, "COMPOSITE_EVENTS", &event, err);
    char text[96];

    if (status == RN_OK)
        status = rn_nsys_thread(nsys, rn_nsys_number(row, SAMPLE_GLOBAL_TID), &event.stream, err);
    if (status != RN_OK)
        return status;
    snprintf(text, sizeof text, "{\"cpu\":%" PRId64 ",\"cycles\":%" PRIu64 "}",
             (int64_t)rn_nsys_number(row, SAMPLE_CPU), rn_nsys_number(row, SAMPLE_CYCLES));
    return rn_nsys_add(nsys, &event, "sample", "sample", text, err);
}

static const struct rn_nsys_table samples = {
    "COMPOSITE_EVENTS", {"start", "start", "globalTid", "cpu", "cpuCycles"}, 3, add_sample, NULL};

enum { METRIC_TYPE, METRIC_ID, METRIC_NAME };

static enum rn_status add_metric_name(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    return rn_nsys_name_add(nsys->metrics, &nsys->metric_count, rn_nsys_number(row, METRIC_TYPE),
                            rn_nsys_number(row, METRIC_ID),
                            (const char *)sqlite3_column_text(row, METRIC_NAME), err);
}

const struct rn_nsys_table rn_nsys_metric_table = {
    "TARGET_INFO_GPU_METRICS", {"typeId", "metricId", "metricName"}, 3, add_metric_name, NULL};

enum { VALUE_START, VALUE_END, VALUE_TYPE, VALUE_METRIC, VALUE };

static enum rn_status add_metric(struct rn_nsys *nsys, sqlite3_stmt *row, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_COUNTER};
    uint64_t type = rn_nsys_number(row, VALUE_TYPE), metric = rn_nsys_number(row, VALUE_METRIC);
    double value = sqlite3_column_double(row, VALUE);
    enum rn_status status = rn_nsys_times(nsys, row, "GPU_METRICS", &event, err);
    char name[64];

    /* The low byte numbers the GPU. */
    snprintf(name, sizeof name, "GPU %llu", (unsigned long long)(type & 0xff));
    if (status == RN_OK)
        status = rn_import_track(nsys->import, 0, type & 0xff, name, &event.stream, err);
    if (status != RN_OK)
        return status;
    memcpy(&event.u.counter.value, &value, sizeof value);
    event.u.counter.id = metric;
    return rn_nsys_add(nsys, &event,
                       rn_nsys_name_find(nsys->metrics, nsys->metric_count, type, metric), NULL,
                       NULL, err);
}

static const struct rn_nsys_table metrics = {
    "GPU_METRICS",
    {"timestamp|start", "timestamp|start", "typeId", "metricId", "value"},
    1,
    add_metric,
    NULL};

const struct rn_nsys_table *const rn_nsys_span_tables[] = {
    &ranges, &sched, &samples, &metrics, NULL,
};
