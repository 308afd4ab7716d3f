/* SPDX-License-Identifier: MIT */
#include "source_place.h"

#include "formats/buf.h"

#include <stdlib.h>
#include <string.h>

#define ATTACHMENTS_MAX 16u /* of an event with a place in the source */

struct rn_source_maps {
    struct rn_source_map **list;
    size_t count;
    struct rn_buf text; /* of the event that was changed last */
    struct rn_attachment attachments[ATTACHMENTS_MAX + 1];
};

struct rn_source_maps *rn_source_maps_new(void)
{
    return calloc(1, sizeof(struct rn_source_maps));
}

void rn_source_maps_free(struct rn_source_maps *maps)
{
    if (!maps)
        return;
    for (size_t i = 0; i < maps->count; i++)
        rn_source_map_free(maps->list[i]);
    free(maps->list);
    rn_buf_free(&maps->text);
    free(maps);
}

enum rn_status rn_source_maps_add(struct rn_source_maps *maps, struct rn_source_map *map,
                                  struct rn_error *err)
{
    struct rn_source_map **larger;

    for (size_t i = 0; i < maps->count; i++)
        if (strcmp(maps->list[i]->generated_file, map->generated_file) == 0) {
            rn_fail(err, RN_E_USAGE, "a second source map of '%s'", map->generated_file);
            rn_source_map_free(map);
            return RN_E_USAGE;
        }
    larger = realloc(maps->list, (maps->count + 1) * sizeof(*larger));
    if (!larger) {
        rn_source_map_free(map);
        return rn_fail(err, RN_E_NOMEM, "no memory for a source map");
    }
    maps->list = larger;
    maps->list[maps->count++] = map;
    return RN_OK;
}

/* ---- which map ---- */

/* The last component before `*end`, which goes to where it begins; "." and empty ones are none.
 * False: there is no more. */
static bool last_component(const char *path, size_t *end, const char **begin, size_t *size)
{
    for (;;) {
        size_t from;

        while (*end && path[*end - 1] == '/')
            --*end;
        if (*end == 0)
            return false;
        from = *end;
        while (from && path[from - 1] != '/')
            from--;
        *begin = path + from;
        *size = *end - from;
        *end = from;
        if (*size != 1 || **begin != '.')
            return true;
    }
}

/* How many components at the end are the same; 0: one of the paths is not the end of the other. */
static size_t common_end(const char *a, const char *b)
{
    size_t a_end = strlen(a), b_end = strlen(b), same = 0;

    for (;;) {
        const char *a_name = NULL, *b_name = NULL;
        size_t a_size = 0, b_size = 0;
        bool more_a = last_component(a, &a_end, &a_name, &a_size);
        bool more_b = last_component(b, &b_end, &b_name, &b_size);

        if (!more_a || !more_b)
            return same;
        if (a_size != b_size || memcmp(a_name, b_name, a_size) != 0)
            return 0;
        same++;
    }
}

static const struct rn_source_map *map_of(const struct rn_source_maps *maps, const char *file)
{
    const struct rn_source_map *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < maps->count; i++) {
        size_t same = common_end(maps->list[i]->generated_file, file);

        if (same > most)
            best = maps->list[i];
        else if (same == most && same)
            best = NULL;
        most = same > most ? same : most;
    }
    return best;
}

/* ---- which function ---- */

static size_t without_arguments(const char *name, size_t size)
{
    const char *open = size ? memchr(name + 1, '<', size - 1) : NULL;

    return open ? (size_t)(open - name) : size;
}

/* Cut off "::{{closure}}", "::{closure#0}", "::<u32>" at the end. */
static size_t without_closures(const char *name, size_t size)
{
    for (;;) {
        size_t at = size;

        while (at >= 2 && !(name[at - 1] == ':' && name[at - 2] == ':'))
            at--;
        if (at < 2 || at >= size || (name[at] != '{' && name[at] != '<'))
            return size;
        size = at - 2;
    }
}

/* What stands behind the last "::" outside of arguments. */
static const char *plain_name(const char *name, size_t *size)
{
    size_t whole = without_closures(name, strlen(name)), from = 0, depth = 0;

    for (size_t i = 0; i + 1 < whole; i++) {
        depth += name[i] == '<';
        depth -= depth && name[i] == '>';
        if (depth == 0 && name[i] == ':' && name[i + 1] == ':')
            from = i + 2;
    }
    *size = without_arguments(name + from, whole - from);
    return name + from;
}

static const char *name_in(const struct rn_source_map *map, const char *name, size_t size)
{
    size_t low = 0, high = map->name_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = map->names[middle].generated;
        int order = strncmp(other, name, size);

        if (order == 0 && other[size])
            order = 1;
        if (order == 0)
            return map->names[middle].original;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const char *mapped_name(const struct rn_source_map *map, const char *function)
{
    size_t size = strlen(function);
    const char *original = name_in(map, function, size), *plain;

    if (original)
        return original;
    plain = plain_name(function, &size);
    return name_in(map, plain, size);
}

/* ---- which line ---- */

/* What is looked for; name NULL: among all, by line alone. */
struct wanted {
    const char *name;
    size_t size;
    uint32_t line;
};

/* Does the mapping come before the wanted place, or at it? */
static bool is_up_to(const struct rn_source_mapping *mapping, const struct wanted *wanted)
{
    int order = 0;

    if (wanted->name) {
        order = strncmp(mapping->generated_function, wanted->name, wanted->size);
        if (order == 0 && mapping->generated_function[wanted->size])
            order = 1;
    }
    return order ? order < 0 : mapping->generated_line <= wanted->line;
}

static size_t count_up_to(const struct rn_source_mapping *list, size_t count,
                          const struct wanted *wanted)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (is_up_to(&list[middle], wanted))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct rn_source_mapping *mapping, const struct wanted *wanted)
{
    return !wanted->name ||
           (strncmp(mapping->generated_function, wanted->name, wanted->size) == 0 &&
            !mapping->generated_function[wanted->size]);
}

/* Of those of the last line the first in the file. */
static const struct rn_source_mapping *search(const struct rn_source_map *map, struct wanted wanted)
{
    const struct rn_source_mapping *list = wanted.name ? map->by_function : map->mappings;
    size_t end = count_up_to(list, map->mapping_count, &wanted);

    if (end == 0 || !is_of(&list[end - 1], &wanted))
        return NULL;
    wanted.line = list[end - 1].generated_line - 1;
    return &list[count_up_to(list, map->mapping_count, &wanted)];
}

static const struct rn_source_mapping *later(const struct rn_source_mapping *a,
                                             const struct rn_source_mapping *b)
{
    if (!a || !b)
        return a ? a : b;
    return b->generated_line > a->generated_line ? b : a;
}

static const struct rn_source_mapping *mapping_of(const struct rn_source_map *map, uint32_t line,
                                                  const char *function)
{
    const struct rn_source_mapping *found;
    const char *plain;
    size_t size;

    if (!function)
        return search(map, (struct wanted){NULL, 0, line});
    found = search(map, (struct wanted){function, strlen(function), line});
    plain = plain_name(function, &size);
    if (!found)
        found = search(map, (struct wanted){plain, size, line});
    return later(found, search(map, (struct wanted){"", 0, line}));
}

static const char *told(const char *text)
{
    return text && *text ? text : NULL;
}

static bool find_name(const struct rn_source_maps *maps, const char *function,
                      struct rn_source_place *place)
{
    const struct rn_source_map *only = NULL;

    for (size_t i = 0; i < maps->count; i++) {
        const char *original = mapped_name(maps->list[i], function);

        if (original && only)
            return false;
        if (!original)
            continue;
        only = maps->list[i];
        *place = (struct rn_source_place){.language = only->language, .function = original};
    }
    return only != NULL;
}

bool rn_source_maps_find(const struct rn_source_maps *maps, const char *file, uint32_t line,
                         const char *function, struct rn_source_place *place)
{
    const struct rn_source_map *map;
    const struct rn_source_mapping *mapping;
    const char *name = NULL;

    if (!file)
        return function && find_name(maps, function, place);
    map = map_of(maps, file);
    if (!map)
        return false;
    mapping = line ? mapping_of(map, line, function) : NULL;
    if (mapping)
        name = told(mapping->original_function);
    if (!name && function)
        name = mapped_name(map, function);
    if (!mapping && !name)
        return false;
    *place = (struct rn_source_place){.language = map->language,
                                      .file = map->source_file,
                                      .line = mapping ? mapping->original_line : 0,
                                      .function = name,
                                      .context = mapping ? told(mapping->context) : NULL};
    return true;
}

/* ---- events ---- */

/* "FILE:LINE" as a file (a copy, malloc'ed) and a line; NULL: it is not of that form, or no
 * memory. */
static char *file_of(const struct rn_attachment *source, uint32_t *line)
{
    const char *text = (const char *)source->data;
    const char *colon = source->size ? memrchr(text, ':', source->size) : NULL;
    size_t digits = colon ? source->size - (size_t)(colon + 1 - text) : 0;

    *line = 0;
    if (digits == 0 || digits > 9)
        return NULL;
    for (size_t i = 1; i <= digits; i++) {
        if (colon[i] < '0' || colon[i] > '9')
            return NULL;
        *line = 10 * *line + (uint32_t)(colon[i] - '0');
    }
    return strndup(text, (size_t)(colon - text));
}

static bool find_event(const struct rn_source_maps *maps, const struct rn_attachment *source,
                       struct rn_source_place *place)
{
    uint32_t line;
    char *file = file_of(source, &line);
    bool found = file && rn_source_maps_find(maps, file, line, NULL, place) && place->line;

    free(file);
    return found;
}

bool rn_source_maps_event(struct rn_source_maps *maps, const struct rn_event *event,
                          struct rn_event *out)
{
    const struct rn_attachment *source = rn_event_attachment(event, RN_ATT_SOURCE, RN_ARG_ANY);
    struct rn_source_place place;
    uint32_t count = event->attachment_count, at;

    if (!source || !source->data || count > ATTACHMENTS_MAX || !find_event(maps, source, &place))
        return false;
    rn_buf_clear(&maps->text);
    rn_buf_printf(&maps->text, "%s:%u", place.file, place.line);
    if (maps->text.failed)
        return false;
    memcpy(maps->attachments, event->attachments, count * sizeof *maps->attachments);
    at = (uint32_t)(source - event->attachments);
    maps->attachments[count] = *source;
    maps->attachments[count].type = RN_ATT_GENERATED;
    maps->attachments[at].data = maps->text.data;
    maps->attachments[at].size = (uint32_t)maps->text.size;
    maps->attachments[at].flags = 0;
    *out = *event;
    out->attachments = maps->attachments;
    out->attachment_count = count + 1;
    return true;
}
