/* SPDX-License-Identifier: MIT */
/* What encoding costs: otlp_bench N encodes N spans of system calls, about 250 bytes each, into
 * batches of 8192, and prints spans a second of CPU time for each way: by hand, by hand with gzip,
 * and with protobuf-c and gzip for comparison. */
#include "formats/otlp_batch.h"
#include "formats/otlp_gzip.h"

#include "otlp.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH     8192u
#define KEY(text) RN_OTLP_TEXT(text)

static const uint8_t trace_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const char *const names[] = {"read", "write", "openat", "newfstatat"};

struct span_data {
    uint64_t id, start;
    const char *name;
    char args[96], path[48];
    int64_t ordinal, ret;
};

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Made beforehand: only encoding is measured. */
static struct span_data *make_data(void)
{
    struct span_data *data = calloc(BATCH, sizeof *data);

    for (unsigned i = 0; data && i < BATCH; i++) {
        data[i].id = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        data[i].start = 1767225600000000000u + i * UINT64_C(2345);
        data[i].name = names[i % 4];
        data[i].ordinal = 100000 + i;
        data[i].ret = i * 37 % 4096;
        /* Every string is another one, as in a recording of real files. */
        uint64_t noise = data[i].id ^ data[i].id >> 29;

        snprintf(data[i].args, sizeof data[i].args, "%u, \"%016" PRIx64 "%08" PRIx64 "\", %u",
                 i % 60, noise, noise * 31 >> 32, i * 13 % 4096);
        snprintf(data[i].path, sizeof data[i].path, "/var/lib/data/table-%04u.dat", i % 300);
    }
    return data;
}

static void encode_by_hand(const struct span_data *data, struct rn_buf *arena,
                           struct rn_otlp_ref *refs)
{
    struct rn_otlp_attributes common = {.count = 0}, list;
    struct rn_buf encoded = RN_BUF_INIT;

    rn_otlp_add_int(&common, KEY("rn.stream"), 1);
    rn_otlp_add_int(&common, KEY("thread.id"), 12345);
    rn_otlp_attributes_encode(&encoded, &common);
    rn_buf_clear(arena);
    for (unsigned i = 0; i < BATCH; i++) {
        struct rn_otlp_span span = {
            .trace_id = trace_id,
            .id = data[i].id,
            .parent = 42,
            .start_ns = data[i].start,
            .end_ns = data[i].start + 1500,
            .name = {data[i].name, strlen(data[i].name)},
            .common = {(const char *)encoded.data, encoded.size},
            .attributes = &list,
        };

        list.count = 0;
        rn_otlp_add_int(&list, KEY("rn.ordinal"), data[i].ordinal);
        rn_otlp_add_text(&list, KEY("rn.syscall.args"),
                         (struct rn_otlp_text){data[i].args, strlen(data[i].args)});
        rn_otlp_add_int(&list, KEY("rn.syscall.ret"), data[i].ret);
        rn_otlp_add_text(&list, KEY("rn.syscall.fd.path"),
                         (struct rn_otlp_text){data[i].path, strlen(data[i].path)});
        refs[i] = (struct rn_otlp_ref){.offset = (uint32_t)arena->size, .events = 1};
        rn_otlp_span_encode(arena, &span);
        refs[i].size = (uint32_t)arena->size - refs[i].offset;
    }
    rn_buf_free(&encoded);
}

static void by_hand(const struct span_data *data, struct rn_buf *body)
{
    static struct rn_buf arena;
    static struct rn_otlp_ref refs[BATCH];
    static struct rn_otlp_batch batch;
    struct rn_error err;

    encode_by_hand(data, &arena, refs);
    rn_otlp_batch_clear(&batch);
    if (rn_otlp_batch_add(&batch, (struct rn_otlp_text){"", 0}, arena.data, refs, BATCH, &err))
        abort();
    rn_buf_clear(body);
    rn_buf_append(body, batch.body.data, batch.body.size);
}

#define ATTRIBUTES 6
struct message {
    Otlp__Span span;
    Otlp__KeyValue pairs[ATTRIBUTES], *pointers[ATTRIBUTES];
    Otlp__AnyValue values[ATTRIBUTES];
    uint8_t id[8], parent[8];
};

static void set_number(struct message *message, unsigned at, char *key, int64_t number)
{
    message->pairs[at].key = key;
    message->values[at].value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
    message->values[at].int_value = number;
}

static void set_text(struct message *message, unsigned at, char *key, const char *text)
{
    message->pairs[at].key = key;
    message->values[at].value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
    message->values[at].string_value = (char *)text;
}

static void fill_message(struct message *message, const struct span_data *data)
{
    message->span = (Otlp__Span)OTLP__SPAN__INIT;
    for (unsigned i = 0; i < ATTRIBUTES; i++) {
        message->pairs[i] = (Otlp__KeyValue)OTLP__KEY_VALUE__INIT;
        message->values[i] = (Otlp__AnyValue)OTLP__ANY_VALUE__INIT;
        message->pairs[i].value = &message->values[i];
        message->pointers[i] = &message->pairs[i];
    }
    rn_otlp_id_store(message->id, data->id);
    rn_otlp_id_store(message->parent, 42);
    message->span.trace_id = (ProtobufCBinaryData){16, (uint8_t *)trace_id};
    message->span.span_id = (ProtobufCBinaryData){8, message->id};
    message->span.parent_span_id = (ProtobufCBinaryData){8, message->parent};
    message->span.name = (char *)data->name;
    message->span.kind = 1;
    message->span.start_time_unix_nano = data->start;
    message->span.end_time_unix_nano = data->start + 1500;
    message->span.n_attributes = ATTRIBUTES;
    message->span.attributes = message->pointers;
    set_number(message, 0, "rn.stream", 1);
    set_number(message, 1, "thread.id", 12345);
    set_number(message, 2, "rn.ordinal", data->ordinal);
    set_text(message, 3, "rn.syscall.args", data->args);
    set_number(message, 4, "rn.syscall.ret", data->ret);
    set_text(message, 5, "rn.syscall.fd.path", data->path);
}

static void by_protobuf_c(const struct span_data *data, struct rn_buf *body)
{
    static struct message messages[BATCH];
    static Otlp__Span *spans[BATCH];
    Otlp__TracesData traces = OTLP__TRACES_DATA__INIT;
    Otlp__ResourceSpans resource = OTLP__RESOURCE_SPANS__INIT, *of_traces[] = {&resource};
    Otlp__Resource nothing = OTLP__RESOURCE__INIT;
    Otlp__ScopeSpans scope = OTLP__SCOPE_SPANS__INIT, *of_resource[] = {&scope};
    Otlp__InstrumentationScope no_name = OTLP__INSTRUMENTATION_SCOPE__INIT;
    uint8_t *to;

    for (unsigned i = 0; i < BATCH; i++) {
        fill_message(&messages[i], &data[i]);
        spans[i] = &messages[i].span;
    }
    scope.scope = &no_name;
    scope.n_spans = BATCH;
    scope.spans = spans;
    resource.resource = &nothing;
    resource.n_scope_spans = 1;
    resource.scope_spans = of_resource;
    traces.n_resource_spans = 1;
    traces.resource_spans = of_traces;
    rn_buf_clear(body);
    to = rn_buf_reserve(body, otlp__traces_data__get_packed_size(&traces));
    if (!to)
        abort();
    body->size = otlp__traces_data__pack(&traces, to);
}

static void measure(const char *what, void (*encode)(const struct span_data *, struct rn_buf *),
                    struct rn_otlp_gzip *gzip, const struct span_data *data, uint64_t count)
{
    struct rn_buf body = RN_BUF_INIT, packed = RN_BUF_INIT;
    uint64_t done = 0;
    struct rn_error err;
    double began = cpu_seconds(), took;

    for (; done < count; done += BATCH) {
        encode(data, &body);
        rn_buf_clear(&packed);
        if (gzip && rn_otlp_gzip_add(gzip, body.data, body.size, &packed, &err) != RN_OK)
            abort();
    }
    took = cpu_seconds() - began;
    printf("  %-28s %6.2f million spans a CPU second, %5.1f bytes a span", what,
           (double)done / took / 1e6, (double)body.size / BATCH);
    if (gzip)
        printf(", %.1f compressed", (double)packed.size / BATCH);
    printf("\n");
    rn_buf_free(&body);
    rn_buf_free(&packed);
}

static void check_same(const struct span_data *data)
{
    struct rn_buf one = RN_BUF_INIT, two = RN_BUF_INIT;

    by_hand(data, &one);
    by_protobuf_c(data, &two);
    if (one.size != two.size || memcmp(one.data, two.data, one.size) != 0) {
        fprintf(stderr, "otlp_bench: the two ways do not make the same bytes\n");
        exit(2);
    }
    rn_buf_free(&one);
    rn_buf_free(&two);
}

int main(int argc, char **argv)
{
    uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    struct rn_otlp_gzip *gzip = rn_otlp_gzip_new(1);
    struct span_data *data = make_data();

    if (!count || !gzip || !data) {
        fprintf(stderr, "usage: otlp_bench N\n");
        return 2;
    }
    check_same(data);
    measure("encode", by_hand, NULL, data, count);
    measure("encode, gzip level 1", by_hand, gzip, data, count);
    measure("protobuf-c", by_protobuf_c, NULL, data, count);
    measure("protobuf-c, gzip level 1", by_protobuf_c, gzip, data, count);
    rn_otlp_gzip_free(gzip);
    free(data);
    return 0;
}
