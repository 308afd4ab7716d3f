/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/export/perfetto_encode.h"
#include "formats/export/slice_formats.h"

#define START (1700000000ull * 1000000000)

static struct rn_buf out, seen;
static struct rn_slice_writer writer;
static char noted[256];

static void note(void *context, const char *what, uint64_t count)
{
    (void)context;
    snprintf(noted, sizeof noted, "%llu %s", (unsigned long long)count, what);
}

/* A field of a message, as the wire has it. */
struct field {
    uint32_t number;
    uint64_t value; /* of numbers */
    const uint8_t *data;
    size_t size; /* of messages and strings */
};

static uint64_t get_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;

    for (unsigned shift = 0; *at < end; shift += 7) {
        uint8_t byte = *(*at)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    fail_msg("a number that does not end");
    return 0;
}

static bool next_field(const uint8_t **at, const uint8_t *end, struct field *field)
{
    uint64_t tag;

    if (*at == end)
        return false;
    tag = get_varint(at, end);
    *field = (struct field){.number = (uint32_t)(tag >> 3)};
    if ((tag & 7) == 0) {
        field->value = get_varint(at, end);
    } else if ((tag & 7) == 1) {
        assert_true(end - *at >= 8);
        memcpy(&field->value, *at, 8);
        *at += 8;
    } else {
        assert_int_equal(tag & 7, 2);
        field->size = get_varint(at, end);
        assert_true((size_t)(end - *at) >= field->size);
        field->data = *at;
        *at += field->size;
    }
    return true;
}

static void see_event(uint64_t ns, const struct field *event)
{
    static const char letters[] = "?(){=";
    const uint8_t *at = event->data, *end = at + event->size;
    uint64_t track = 0, name = 0, type = 0, flow = 0;
    struct field field;

    while (next_field(&at, end, &field)) {
        if (field.number == 9)
            type = field.value;
        else if (field.number == 10)
            name = field.value;
        else if (field.number == 11)
            track = field.value;
        else if (field.number == 47)
            flow = field.value;
    }
    assert_true(type < sizeof letters - 1);
    rn_buf_printf(&seen, "%c%llu@%llu", letters[type], (unsigned long long)track,
                  (unsigned long long)(ns - START));
    if (name)
        rn_buf_printf(&seen, " n%llu", (unsigned long long)name);
    if (flow)
        rn_buf_printf(&seen, " f%llu", (unsigned long long)flow);
    rn_buf_byte(&seen, '\n');
}

static void see_packet(const struct field *packet)
{
    const uint8_t *at = packet->data, *end = at + packet->size;
    struct field field;
    uint64_t ns = 0;

    while (next_field(&at, end, &field)) {
        if (field.number == 8)
            ns = field.value;
        else if (field.number == 13 && field.value & 1)
            rn_buf_text(&seen, "cleared\n");
        else if (field.number == 12)
            rn_buf_text(&seen, "fresh ");
        else if (field.number == 11)
            see_event(ns, &field);
    }
}

static void begin(void)
{
    const struct rn_track process = {
        .id = 1, .type = RN_TRACK_PROCESS, .pid = 5, .serial = 1, .name = "p", .exe = "/bin/p"};
    const struct rn_track thread = {
        .id = 2, .parent = 1, .type = RN_TRACK_THREAD, .pid = 5, .tid = 6, .name = "t"};
    struct rn_manifest manifest = test_manifest();
    const struct rn_slice_facts facts = {.manifest = &manifest, .creator = "rn-test 1.0"};

    noted[0] = '\0';
    out = seen = (struct rn_buf)RN_BUF_INIT;
    writer = (struct rn_slice_writer){.format = &rn_perfetto_slices, .out = &out, .note = note};
    assert_ok(writer.format->begin(&writer, &facts, &err));
    assert_ok(writer.format->clock(&writer, &manifest.start, &err));
    assert_ok(writer.format->track(&writer, &process, &err));
    assert_ok(writer.format->track(&writer, &thread, &err));
    rn_manifest_clear(&manifest);
}

static void add(uint64_t start, uint64_t duration, const char *name)
{
    const struct rn_slice slice = {.track = 2,
                                   .start_ns = START + start,
                                   .duration_ns = duration,
                                   .instant = duration == UINT64_MAX,
                                   .kind = RN_KIND_SPAN,
                                   .name = name,
                                   .category = "c"};

    assert_ok(writer.format->slice(&writer, &slice, &err));
}

static const char *finish(void)
{
    static char text[4096];
    const uint8_t *at, *end;
    struct field field;

    assert_ok(writer.format->end(&writer, &err));
    writer.format->free_state(&writer);
    at = out.data;
    end = at + out.size;
    while (next_field(&at, end, &field)) {
        assert_int_equal(field.number, 1);
        see_packet(&field);
    }
    rn_buf_byte(&seen, 0);
    assert_true(seen.size < sizeof text);
    memcpy(text, seen.data, seen.size);
    rn_buf_free(&seen);
    rn_buf_free(&out);
    return text;
}

static void slices_nest(void **state)
{
    (void)state;
    begin();
    add(0, 100, "a");
    add(0, 40, "b");
    add(10, 30, "a");
    add(40, 10, "b");
    add(45, UINT64_MAX, "m");
    add(100, 0, "a");
    add(100, 5, "a");
    assert_string_equal(finish(), "cleared\n"
                                  "fresh (2@0 n1\n"
                                  "fresh (2@0 n2\n"
                                  "(2@10 n1\n"
                                  ")2@40\n"
                                  ")2@40\n"
                                  "(2@40 n2\n"
                                  "fresh {2@45 n3\n"
                                  ")2@50\n"
                                  ")2@100\n"
                                  "(2@100 n1\n"
                                  ")2@100\n"
                                  "(2@100 n1\n"
                                  ")2@105\n");
}

/* Whoever gives slices that do not nest gets a file that does. */
static void what_reaches_too_far_is_cut(void **state)
{
    (void)state;
    begin();
    add(0, 10, "a");
    add(5, 10, "a");
    assert_string_equal(finish(), "cleared\nfresh (2@0 n1\n(2@5 n1\n)2@10\n)2@10\n");
    assert_string_equal(noted, "1 slices cut at the end of what holds them");
}

static void arrows_and_counters(void **state)
{
    const struct rn_track counter = {
        .id = 3, .parent = 2, .type = RN_TRACK_COUNTER, .pid = 5, .name = "load"};
    struct rn_slice slice = {.track = 2,
                             .start_ns = START,
                             .instant = true,
                             .kind = RN_KIND_FLOW,
                             .name = "f",
                             .category = "flow",
                             .flow_out = 99};

    (void)state;
    begin();
    assert_ok(writer.format->track(&writer, &counter, &err));
    assert_ok(writer.format->slice(&writer, &slice, &err));
    slice.flow_in = 99;
    assert_ok(writer.format->slice(&writer, &slice, &err));
    assert_ok(writer.format->counter(&writer, 3, START + 1, 2.5, &err));
    assert_string_equal(finish(), "cleared\nfresh {2@0 n1 f99\n{2@0 n1 f99\n=3@1\n");
}

/* When very many texts were numbered, numbers begin anew, and the reader is told. */
static void texts_are_numbered_anew(void **state)
{
    unsigned cleared = 0;
    const char *at;
    char name[32];

    (void)state;
    begin();
    for (unsigned i = 0; i < 70000; i++) {
        snprintf(name, sizeof name, "name %u", i);
        add(i, UINT64_MAX, name);
    }
    assert_ok(writer.format->end(&writer, &err));
    writer.format->free_state(&writer);
    {
        const uint8_t *from = out.data, *end = from + out.size;
        struct field field;

        while (next_field(&from, end, &field))
            see_packet(&field);
    }
    rn_buf_byte(&seen, 0);
    for (at = (char *)seen.data; (at = strstr(at, "cleared")); at++)
        cleared++;
    assert_int_equal(cleared, 2);
    /* Of every event the name is fresh: none was told twice, none is missing. */
    assert_null(strstr((char *)seen.data, "\n{"));
    rn_buf_free(&seen);
    rn_buf_free(&out);
}

static void lengths_of_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 70000};
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t outer, inner;
        const uint8_t *at, *end;
        struct field field;

        rn_buf_clear(&buf);
        outer = rn_proto_open(&buf, 60);
        inner = rn_proto_open(&buf, 4);
        for (size_t n = 0; n < sizes[i]; n++)
            rn_buf_byte(&buf, 'x');
        rn_proto_close(&buf, inner);
        rn_proto_varint(&buf, 58, UINT64_MAX);
        rn_proto_close(&buf, outer);
        at = buf.data;
        end = at + buf.size;
        assert_true(next_field(&at, end, &field));
        assert_int_equal(field.number, 60);
        assert_ptr_equal(at, end);
        at = field.data;
        assert_true(next_field(&at, end, &field));
        assert_int_equal(field.number, 4);
        assert_int_equal(field.size, sizes[i]);
        assert_true(next_field(&at, end, &field));
        assert_true(field.value == UINT64_MAX);
    }
    rn_buf_clear(&buf);
    assert_int_equal(rn_proto_text(&buf, 1, "a\xff\xc3\xa9", 4), 1);
    assert_memory_equal(buf.data,
                        "\x0a\x07"
                        "a\\xff\xc3\xa9",
                        9);
    rn_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_nest),         cmocka_unit_test(what_reaches_too_far_is_cut),
        cmocka_unit_test(arrows_and_counters), cmocka_unit_test(texts_are_numbered_anew),
        cmocka_unit_test(lengths_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
