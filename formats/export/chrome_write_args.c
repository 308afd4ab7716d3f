/* SPDX-License-Identifier: MIT */
/* What a slice says, as arguments that others know: Kineto's names where it has some. */
#include "chrome_write_private.h"
#include "formats/json_scan.h"

#include <string.h>

#define DOUBLE_WHOLE ((uint64_t)1 << 53) /* whole numbers are numbers of JSON up to here */

static const struct {
    const char *key, *written;
} device_keys[] = {
    {"queue", "stream"},
    {"registers", "registers per thread"},
    {"shared_bytes", "shared memory"},
    {"peer", "toDevice"},
    {"graph", "graph id"},
    {"graph_node", "graph node id"},
};

static bool is_device(uint8_t kind)
{
    return kind == RN_KIND_KERNEL || kind == RN_KIND_TRANSFER || kind == RN_KIND_API;
}

static const struct rn_slice_arg *find(const struct rn_slice *slice, const char *key)
{
    for (size_t i = 0; i < slice->arg_count; i++)
        if (strcmp(slice->args[i].key, key) == 0)
            return &slice->args[i];
    return NULL;
}

uint64_t rn_chrome_write_number(const struct rn_slice *slice, const char *key)
{
    const struct rn_slice_arg *arg = find(slice, key);

    return arg && arg->type != RN_SLICE_TEXT && arg->type != RN_SLICE_JSON ? arg->u.number : 0;
}

static bool says(const struct rn_slice *slice, const char *key, const char *text)
{
    const struct rn_slice_arg *arg = find(slice, key);

    return arg && arg->type == RN_SLICE_TEXT && arg->u.text.size == strlen(text) &&
           memcmp(arg->u.text.data, text, arg->u.text.size) == 0;
}

const char *rn_chrome_write_category(const struct rn_slice *slice)
{
    static const char *const layers[] = {"cuda_runtime", "cuda_driver", "cuda_sync",
                                         "cuda_overhead"};
    uint64_t layer = rn_chrome_write_number(slice, "layer");

    /* That is what a span is called that has none. */
    if (slice->kind == RN_KIND_SPAN && strcmp(slice->category, "span") == 0)
        return "";
    if (slice->kind == RN_KIND_TRANSFER)
        return says(slice, "direction", "fill") ? "gpu_memset" : "gpu_memcpy";
    if (slice->kind != RN_KIND_API)
        return slice->category;
    if (says(slice, "api", "cuda"))
        return layers[layer < 4 ? layer : 0];
    return says(slice, "api", "opencl")   ? "opencl_api"
           : says(slice, "api", "vulkan") ? "vulkan_api"
                                          : "device_api";
}

/* Members of the object "args", of which the first comes behind its key. */
struct members {
    struct rn_slice_writer *writer;
    bool any;
};

static void put_comma(struct members *members)
{
    rn_buf_text(members->writer->out, members->any ? "," : ",\"args\":{");
    members->any = true;
}

static void put_key(struct members *members, const char *prefix, const char *key)
{
    put_comma(members);
    rn_buf_byte(members->writer->out, '"');
    rn_buf_text(members->writer->out, prefix);
    rn_buf_text(members->writer->out, key);
    rn_buf_text(members->writer->out, "\":");
}

static void put_number(struct rn_buf *out, const struct rn_slice_arg *arg)
{
    int64_t number = (int64_t)arg->u.number;
    uint64_t size = arg->type == RN_SLICE_SIGNED && number < 0 ? -arg->u.number : arg->u.number;
    bool quoted = size > DOUBLE_WHOLE || arg->type == RN_SLICE_HEX;

    if (quoted)
        rn_buf_byte(out, '"');
    if (arg->type == RN_SLICE_HEX)
        rn_buf_hex(out, arg->u.number);
    else if (arg->type == RN_SLICE_SIGNED)
        rn_buf_decimal_signed(out, number);
    else
        rn_buf_decimal(out, arg->u.number);
    if (quoted)
        rn_buf_byte(out, '"');
}

/* The text of an argument as strict JSON in state->text; false where it is none. */
static bool make_json(struct rn_slice_writer *writer, const struct rn_slice_arg *arg)
{
    struct rn_chrome_writer *state = writer->state;
    struct rn_scan_changes changes = {0, 0, false};
    struct rn_scan_text text = {.at = arg->u.text.data, .end = arg->u.text.data + arg->u.text.size};
    struct rn_scan_value value;
    bool good;

    rn_buf_clear(&state->text);
    rn_scan_space(&text);
    good = rn_scan_value(&text, &value) &&
           rn_scan_compact(&state->text, &value, SIZE_MAX / 2, &changes);
    rn_scan_space(&text);
    return good && text.at == text.end;
}

static void put_value(struct members *members, const struct rn_slice_arg *arg)
{
    struct rn_slice_writer *writer = members->writer;
    struct rn_chrome_writer *state = writer->state;

    if (arg->type == RN_SLICE_JSON && make_json(writer, arg))
        rn_buf_append(writer->out, state->text.data, state->text.size);
    else if (arg->type == RN_SLICE_JSON || arg->type == RN_SLICE_TEXT)
        rn_chrome_write_text(writer, arg->u.text.data, arg->u.text.size);
    else
        put_number(writer->out, arg);
}

/* An object whose members are arguments themselves: what another tool said, or what stands beside
 * the fields of a kernel. False where it is none. */
static bool put_inline(struct members *members, const struct rn_slice_arg *arg)
{
    struct rn_chrome_writer *state = members->writer->state;

    if (arg->u.text.size == 0 || arg->u.text.data[0] != '{' || !make_json(members->writer, arg))
        return false;
    if (state->text.size > 2) {
        put_comma(members);
        rn_buf_append(members->writer->out, state->text.data + 1, state->text.size - 2);
    }
    return true;
}

static void put_three(struct members *members, const struct rn_slice *slice, const char *key,
                      const char *const names[3])
{
    struct rn_buf *out = members->writer->out;

    if (!find(slice, names[0]))
        return;
    put_key(members, "", key);
    for (unsigned i = 0; i < 3; i++) {
        rn_buf_byte(out, i ? ',' : '[');
        rn_buf_decimal(out, rn_chrome_write_number(slice, names[i]));
    }
    rn_buf_byte(out, ']');
}

/* What viewers look for even where it is 0. */
static void put_always(struct members *members, const struct rn_slice *slice)
{
    static const char *const keys[][2] = {{"device", "device"},
                                          {"context", "context"},
                                          {"stream", "queue"},
                                          {"correlation", "correlation"}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (find(slice, keys[i][1]) || (slice->kind == RN_KIND_API && i < 3))
            continue;
        put_key(members, "", keys[i][0]);
        rn_buf_byte(members->writer->out, '0');
    }
    if (!find(slice, "api")) {
        put_key(members, "", "api");
        rn_buf_text(members->writer->out, "\"other\"");
    }
}

static bool is_extent(const char *key)
{
    return strncmp(key, "grid_", 5) == 0 || strncmp(key, "group_", 6) == 0;
}

static void put_device(struct members *members, const struct rn_slice *slice)
{
    static const char *const grid[3] = {"grid_x", "grid_y", "grid_z"};
    static const char *const group[3] = {"group_x", "group_y", "group_z"};

    put_always(members, slice);
    for (size_t i = 0; i < slice->arg_count; i++) {
        const struct rn_slice_arg *arg = &slice->args[i];
        const char *key = arg->key;

        if (is_extent(key) || (slice->kind == RN_KIND_API && strcmp(key, "layer") == 0) ||
            (strcmp(key, "text") == 0 && arg->type == RN_SLICE_TEXT && put_inline(members, arg)))
            continue;
        for (size_t k = 0; k < sizeof device_keys / sizeof device_keys[0]; k++)
            if (strcmp(key, device_keys[k].key) == 0)
                key = device_keys[k].written;
        put_key(members, "", key);
        put_value(members, arg);
    }
    put_three(members, slice, "grid", grid);
    put_three(members, slice, "block", group);
}

/* Arguments of its own come as they are; what the event says besides is marked. */
static void put_span(struct members *members, const struct rn_slice *slice)
{
    for (size_t i = 0; i < slice->arg_count; i++) {
        const struct rn_slice_arg *arg = &slice->args[i];
        bool whole = strcmp(arg->key, "args") == 0 && arg->type == RN_SLICE_JSON;

        if (strcmp(arg->key, "form") == 0 || (whole && put_inline(members, arg)))
            continue;
        /* The id stands where ids stand. */
        if (strcmp(arg->key, "id") == 0 &&
            (slice->instant || rn_chrome_write_number(slice, "form") == RN_SPAN_ASYNC))
            continue;
        put_key(members, whole ? "" : "rn.", arg->key);
        put_value(members, arg);
    }
}

void rn_chrome_write_args(struct rn_slice_writer *writer, const struct rn_slice *slice)
{
    struct members members = {.writer = writer};

    if (is_device(slice->kind)) {
        put_device(&members, slice);
    } else if (slice->kind == RN_KIND_SPAN) {
        put_span(&members, slice);
    } else {
        for (size_t i = 0; i < slice->arg_count; i++) {
            put_key(&members, "", slice->args[i].key);
            put_value(&members, &slice->args[i]);
        }
    }
    if (slice->unfinished) {
        put_key(&members, "", "unfinished");
        rn_buf_text(writer->out, "true");
    }
    if (members.any)
        rn_buf_byte(writer->out, '}');
}
