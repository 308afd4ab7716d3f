/* SPDX-License-Identifier: MIT */
#include "source_map.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

void rn_source_map_free(struct rn_source_map *map)
{
    if (!map)
        return;
    json_decref(map->json);
    free(map->mappings);
    free(map->by_function);
    free(map->names);
    free(map);
}

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for a source map");
}

/* ---- fields ---- */

/* One of the names of a field; the first is ours, others are those that transpilers write. */
static const json_t *field(const json_t *object, const char *const names[3])
{
    const json_t *value = NULL;

    for (unsigned i = 0; i < 3 && !value; i++)
        if (names[i])
            value = json_object_get(object, names[i]);
    return value;
}

static bool is_text(const json_t *value)
{
    size_t size = json_string_length(value);

    return json_is_string(value) && size <= RN_SOURCE_MAP_TEXT_MAX &&
           strlen(json_string_value(value)) == size;
}

static enum rn_status take_text(const json_t *root, const char *name, const char **out,
                                struct rn_error *err)
{
    const json_t *value = json_object_get(root, name);

    if (!is_text(value) || !json_string_length(value))
        return rn_fail(err, RN_E_FORMAT, "\"%s\" is no text of 1 to %u bytes", name,
                       RN_SOURCE_MAP_TEXT_MAX);
    *out = json_string_value(value);
    return RN_OK;
}

/* ---- mappings ---- */

static const char *const generated_line[3] = {"generated_line", "rust_line", NULL};
static const char *const original_line[3] = {"original_line", "source_line", "python_line"};
static const char *const generated_function[3] = {"generated_function", "rust_function", NULL};
static const char *const original_function[3] = {"original_function", "source_function",
                                                 "python_function"};
static const char *const context[3] = {"context", "source_context", "python_context"};

static enum rn_status take_line(const json_t *mapping, const char *const names[3], size_t number,
                                uint32_t *line, struct rn_error *err)
{
    const json_t *value = field(mapping, names);
    json_int_t given = json_integer_value(value);

    if (!json_is_integer(value) || given < 1 || given > INT32_MAX)
        return rn_fail(err, RN_E_FORMAT, "mapping %zu: \"%s\" is no line from 1 to %d", number,
                       names[0], INT32_MAX);
    *line = (uint32_t)given;
    return RN_OK;
}

/* May be absent. */
static enum rn_status take_name(const json_t *mapping, const char *const names[3], size_t number,
                                const char **name, struct rn_error *err)
{
    const json_t *value = field(mapping, names);

    *name = "";
    if (!value || json_is_null(value))
        return RN_OK;
    if (!is_text(value))
        return rn_fail(err, RN_E_FORMAT, "mapping %zu: \"%s\" is no text of at most %u bytes",
                       number, names[0], RN_SOURCE_MAP_TEXT_MAX);
    *name = json_string_value(value);
    return RN_OK;
}

static enum rn_status take_mapping(const json_t *value, size_t number,
                                   struct rn_source_mapping *mapping, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    mapping->number = (uint32_t)number;
    if (!json_is_object(value))
        status = rn_fail(err, RN_E_FORMAT, "mapping %zu is no object", number);
    if (status == RN_OK)
        status = take_line(value, generated_line, number, &mapping->generated_line, err);
    if (status == RN_OK)
        status = take_line(value, original_line, number, &mapping->original_line, err);
    if (status == RN_OK)
        status = take_name(value, generated_function, number, &mapping->generated_function, err);
    if (status == RN_OK)
        status = take_name(value, original_function, number, &mapping->original_function, err);
    if (status == RN_OK)
        status = take_name(value, context, number, &mapping->context, err);
    return status;
}

static int by_line(const void *left, const void *right)
{
    const struct rn_source_mapping *a = left, *b = right;

    if (a->generated_line != b->generated_line)
        return a->generated_line < b->generated_line ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int by_function(const void *left, const void *right)
{
    const struct rn_source_mapping *a = left, *b = right;
    int order = strcmp(a->generated_function, b->generated_function);

    return order ? order : by_line(left, right);
}

static enum rn_status take_mappings(const json_t *list, struct rn_source_map *map,
                                    struct rn_error *err)
{
    size_t count = json_array_size(list);
    enum rn_status status = RN_OK;

    if (!json_is_array(list))
        return rn_fail(err, RN_E_FORMAT, "\"mappings\" is no array");
    if (count > RN_SOURCE_MAP_MAPPINGS_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u mappings", RN_SOURCE_MAP_MAPPINGS_MAX);
    map->mappings = calloc(count + 1, sizeof *map->mappings);
    map->by_function = calloc(count + 1, sizeof *map->by_function);
    if (!map->mappings || !map->by_function)
        return no_memory(err);
    for (size_t i = 0; i < count && status == RN_OK; i++)
        status = take_mapping(json_array_get(list, i), i + 1, &map->mappings[i], err);
    map->mapping_count = count;
    if (status != RN_OK || count == 0)
        return status;
    memcpy(map->by_function, map->mappings, count * sizeof *map->mappings);
    qsort(map->mappings, count, sizeof *map->mappings, by_line);
    qsort(map->by_function, count, sizeof *map->by_function, by_function);
    return status;
}

/* ---- functions ---- */

static int by_name(const void *left, const void *right)
{
    const struct rn_source_name *a = left, *b = right;

    return strcmp(a->generated, b->generated);
}

/* May be absent. */
static enum rn_status take_names(json_t *object, struct rn_source_map *map, struct rn_error *err)
{
    const char *key;
    json_t *value;

    if (!object || json_is_null(object))
        return RN_OK;
    if (!json_is_object(object))
        return rn_fail(err, RN_E_FORMAT, "\"function_map\" is no object");
    if (json_object_size(object) > RN_SOURCE_MAP_NAMES_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u functions", RN_SOURCE_MAP_NAMES_MAX);
    map->names = calloc(json_object_size(object) + 1, sizeof *map->names);
    if (!map->names)
        return no_memory(err);
    json_object_foreach(object, key, value)
    {
        if (strlen(key) > RN_SOURCE_MAP_TEXT_MAX || !is_text(value))
            return rn_fail(err, RN_E_FORMAT,
                           "\"function_map\", entry %zu: no texts of at most %u bytes",
                           map->name_count + 1, RN_SOURCE_MAP_TEXT_MAX);
        map->names[map->name_count++] = (struct rn_source_name){key, json_string_value(value)};
    }
    if (map->name_count)
        qsort(map->names, map->name_count, sizeof *map->names, by_name);
    return RN_OK;
}

/* ---- the whole ---- */

static enum rn_status check_version(const json_t *root, struct rn_error *err)
{
    const json_t *version = json_object_get(root, "version");

    if (!json_is_object(root) || !json_is_integer(version))
        return rn_fail(err, RN_E_FORMAT,
                       "no source map: it has no number \"version\", see rn-source-map(5)");
    if (json_integer_value(version) != VERSION)
        return rn_fail(err, RN_E_VERSION,
                       "a source map of version %lld; this program knows version %d",
                       (long long)json_integer_value(version), VERSION);
    return RN_OK;
}

static enum rn_status take_root(json_t *root, struct rn_source_map *map, struct rn_error *err)
{
    enum rn_status status = check_version(root, err);

    if (status == RN_OK)
        status = take_text(root, "source_language", &map->language, err);
    if (status == RN_OK)
        status = take_text(root, "source_file", &map->source_file, err);
    if (status == RN_OK)
        status = take_text(root, "generated_file", &map->generated_file, err);
    if (status == RN_OK)
        status = take_mappings(json_object_get(root, "mappings"), map, err);
    if (status == RN_OK)
        status = take_names(json_object_get(root, "function_map"), map, err);
    return status;
}

enum rn_status rn_source_map_parse(const uint8_t *json, size_t size, struct rn_source_map **out,
                                   struct rn_error *err)
{
    struct rn_source_map *map;
    json_error_t cause;
    enum rn_status status;

    *out = NULL;
    if (size > RN_SOURCE_MAP_BYTES_MAX)
        return rn_fail(err, RN_E_LIMIT, "a source map of more than %u MiB",
                       RN_SOURCE_MAP_BYTES_MAX >> 20);
    map = calloc(1, sizeof *map);
    if (!map)
        return no_memory(err);
    map->json = json_loadb((const char *)json, size, JSON_REJECT_DUPLICATES, &cause);
    if (!map->json) {
        status = rn_fail(err, RN_E_FORMAT, "line %d: %s", cause.line, cause.text);
        if (err && cause.position >= 0) {
            err->has_offset = true;
            err->offset = (uint64_t)cause.position;
        }
    } else {
        status = take_root(map->json, map, err);
    }
    if (status == RN_OK)
        *out = map;
    else
        rn_source_map_free(map);
    return status;
}
