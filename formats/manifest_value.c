/* SPDX-License-Identifier: MIT */
#include "manifest_value.h"
#include "escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *hex_text(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = strlen(text);
    char *hex = malloc(2 * size + 1);
    json_t *value;

    if (!hex)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[(uint8_t)text[i] >> 4];
        hex[2 * i + 1] = digits[(uint8_t)text[i] & 15];
    }
    value = json_pack("{s:s%}", "hex", hex, 2 * size);
    free(hex);
    return value;
}

json_t *rn_json_text(const char *text)
{
    json_t *value;

    if (!text)
        return json_null();
    value = json_string(text);
    return value ? value : hex_text(text);
}

static char *text_of_hex(const char *hex)
{
    size_t size = strlen(hex);
    char *text = size % 2 ? NULL : malloc(size / 2 + 1);

    if (!text)
        return NULL;
    for (size_t i = 0; i < size / 2; i++) {
        int high = rn_hex_digit(hex[2 * i]), low = rn_hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            free(text);
            return NULL;
        }
        text[i] = (char)(high << 4 | low);
    }
    text[size / 2] = '\0';
    return text;
}

char *rn_json_get_text(const json_t *value)
{
    if (json_is_string(value))
        return strdup(json_string_value(value));
    value = json_object_get(value, "hex");
    return json_is_string(value) ? text_of_hex(json_string_value(value)) : NULL;
}

json_t *rn_json_u64(uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

uint64_t rn_json_get_u64(const json_t *value, uint64_t fallback)
{
    const char *text;
    uint64_t number;
    char *end;

    if (json_is_integer(value))
        return json_integer_value(value) < 0 ? fallback : (uint64_t)json_integer_value(value);
    text = json_string_value(value);
    if (!text || text[0] < '0' || text[0] > '9')
        return fallback;
    errno = 0;
    number = strtoull(text, &end, 10);
    return *end || errno ? fallback : number;
}

json_t *rn_json_clock(const struct rn_clock_point *point)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "ticks", rn_json_u64(point->ticks), "monotonic_ns",
                     rn_json_u64(point->monotonic_ns), "realtime_ns",
                     rn_json_u64(point->realtime_ns), "error_ns", rn_json_u64(point->error_ns));
}

void rn_json_get_clock(const json_t *value, struct rn_clock_point *point)
{
    point->ticks = rn_json_get_u64(json_object_get(value, "ticks"), 0);
    point->monotonic_ns = rn_json_get_u64(json_object_get(value, "monotonic_ns"), 0);
    point->realtime_ns = rn_json_get_u64(json_object_get(value, "realtime_ns"), 0);
    point->error_ns = rn_json_get_u64(json_object_get(value, "error_ns"), 0);
}

enum rn_status rn_json_parse(const uint8_t *json, size_t size, const char *format, json_t **root,
                             struct rn_error *err)
{
    json_error_t error;
    const char *found;

    *root = json_loadb((const char *)json, size, JSON_REJECT_DUPLICATES, &error);
    if (!*root)
        return rn_fail(err, RN_E_FORMAT, "%s, line %d: %s", format, error.line, error.text);
    found = json_string_value(json_object_get(*root, "format"));
    if (found && strcmp(found, format) == 0)
        return RN_OK;
    json_decref(*root);
    *root = NULL;
    return rn_fail(err, RN_E_FORMAT, "no \"format\": \"%s\" in it", format);
}

static int append(const char *text, size_t size, void *out)
{
    rn_buf_append(out, text, size);
    return 0;
}

enum rn_status rn_json_dump(json_t *root, size_t flags, struct rn_buf *out, struct rn_error *err)
{
    int result = root ? json_dump_callback(root, append, out, flags) : -1;

    json_decref(root);
    rn_buf_byte(out, '\n');
    if (result != 0 || out->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to write JSON");
    return RN_OK;
}
