/* SPDX-License-Identifier: MIT */
#include "perf_map.h"

#include "escape.h"

#include <stdlib.h>
#include <string.h>

/* Addresses [begin, the next one's begin) belong to the entry; NOTHING: to none. */
struct piece {
    uint64_t begin;
    uint32_t entry;
};
#define NOTHING UINT32_MAX

struct rn_perf_map {
    char *text; /* a copy, in which names end with NUL */
    struct rn_perf_entry *entries;
    size_t count, capacity;
    struct piece *pieces; /* ascending */
    size_t piece_count;
    uint64_t skipped;
};

void rn_perf_map_free(struct rn_perf_map *map)
{
    if (!map)
        return;
    free(map->text);
    free(map->entries);
    free(map->pieces);
    free(map);
}

uint64_t rn_perf_map_skipped(const struct rn_perf_map *map)
{
    return map->skipped;
}

bool rn_perf_map_is_name(const char *path, size_t size)
{
    static const char begin[] = "perf-", end[] = ".map";
    const char *slash = memrchr(path, '/', size), *name = slash ? slash + 1 : path;
    size_t length = size - (size_t)(name - path), digits;

    if (length <= sizeof begin - 1 + sizeof end - 1 || memcmp(name, begin, sizeof begin - 1) != 0 ||
        memcmp(name + length - (sizeof end - 1), end, sizeof end - 1) != 0)
        return false;
    digits = length - (sizeof begin - 1) - (sizeof end - 1);
    for (size_t i = 0; i < digits; i++)
        if (name[sizeof begin - 1 + i] < '0' || name[sizeof begin - 1 + i] > '9')
            return false;
    return digits <= 10;
}

/* ---- lines ---- */

/* Some writers put 0x before it. */
static bool take_hex(const char **at, const char *end, uint64_t *value)
{
    const char *p = *at;
    unsigned digits = 0;
    int digit;

    if (end - p >= 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        p += 2;
    *value = 0;
    while (p < end && (digit = rn_hex_digit(*p)) >= 0) {
        if (++digits > 16)
            return false;
        *value = *value << 4 | (unsigned)digit;
        p++;
    }
    if (digits == 0 || p == end || *p != ' ')
        return false;
    while (p < end && *p == ' ')
        p++;
    *at = p;
    return true;
}

static bool take_line(char *line, char *end, struct rn_perf_entry *entry)
{
    const char *at = line;
    uint64_t size;

    if (!take_hex(&at, end, &entry->begin) || !take_hex(&at, end, &size) || at == end ||
        size == 0 || size > UINT64_MAX - entry->begin)
        return false;
    if (end[-1] == '\r')
        end--;
    if ((size_t)(end - at) > RN_PERF_MAP_NAME_MAX)
        end = line + (at - line) + RN_PERF_MAP_NAME_MAX;
    *end = '\0';
    entry->end = entry->begin + size;
    entry->name = at;
    return *at != '\0';
}

static bool make_room(struct rn_perf_map *map)
{
    size_t capacity = map->capacity ? 2 * map->capacity : 256;
    struct rn_perf_entry *larger;

    if (map->count < map->capacity)
        return true;
    larger = realloc(map->entries, capacity * sizeof *larger);
    if (!larger)
        return false;
    map->entries = larger;
    map->capacity = capacity;
    return true;
}

/* A last line without its end is still being written. */
static bool take_lines(struct rn_perf_map *map, size_t size)
{
    char *line = map->text, *end = map->text + size, *stop;

    while (line < end && (stop = memchr(line, '\n', (size_t)(end - line)))) {
        if (!make_room(map))
            return false;
        if (map->count < RN_PERF_MAP_LINES_MAX && take_line(line, stop, &map->entries[map->count]))
            map->count++;
        else
            map->skipped++;
        line = stop + 1;
    }
    map->skipped += line < end;
    return true;
}

/* ---- which line counts ---- */

/* The entries that reach over the point at hand, the latest line on top; those that have ended are
 * taken off when they come to the top. */
struct heap {
    const struct rn_perf_entry *entries;
    uint32_t *list;
    size_t count;
};

static void heap_swap(struct heap *heap, size_t a, size_t b)
{
    uint32_t kept = heap->list[a];

    heap->list[a] = heap->list[b];
    heap->list[b] = kept;
}

static void heap_add(struct heap *heap, uint32_t entry)
{
    size_t at = heap->count++;

    heap->list[at] = entry;
    for (; at && heap->list[(at - 1) / 2] < heap->list[at]; at = (at - 1) / 2)
        heap_swap(heap, at, (at - 1) / 2);
}

static void heap_drop(struct heap *heap)
{
    size_t at = 0, child;

    heap->list[0] = heap->list[--heap->count];
    while ((child = 2 * at + 1) < heap->count) {
        child += child + 1 < heap->count && heap->list[child + 1] > heap->list[child];
        if (heap->list[child] <= heap->list[at])
            return;
        heap_swap(heap, at, child);
        at = child;
    }
}

/* The entry that counts at the point. */
static uint32_t heap_top(struct heap *heap, uint64_t point)
{
    while (heap->count && heap->entries[heap->list[0]].end <= point)
        heap_drop(heap);
    return heap->count ? heap->list[0] : NOTHING;
}

static int by_begin(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* From begin to begin and end to end of entries: points at which another line may count. */
static bool make_pieces(struct rn_perf_map *map)
{
    struct piece *points = malloc((2 * map->count + 1) * sizeof *points);
    struct heap heap = {map->entries, malloc((map->count + 1) * sizeof *heap.list), 0};
    size_t count = 0;

    map->pieces = points;
    for (size_t i = 0; points && heap.list && i < map->count; i++) {
        points[count++] = (struct piece){map->entries[i].begin, (uint32_t)i};
        points[count++] = (struct piece){map->entries[i].end, NOTHING};
    }
    if (count)
        qsort(points, count, sizeof *points, by_begin);
    for (size_t i = 0; i < count; i++) {
        uint64_t point = points[i].begin;

        if (points[i].entry != NOTHING)
            heap_add(&heap, points[i].entry);
        if (i + 1 == count || points[i + 1].begin != point)
            points[map->piece_count++] = (struct piece){point, heap_top(&heap, point)};
    }
    free(heap.list);
    return points && heap.list;
}

enum rn_status rn_perf_map_parse(const char *text, size_t size, struct rn_perf_map **out,
                                 struct rn_error *err)
{
    struct rn_perf_map *map;

    *out = NULL;
    if (size > RN_PERF_MAP_BYTES_MAX)
        return rn_fail(err, RN_E_LIMIT, "a perf map of more than %u MiB",
                       RN_PERF_MAP_BYTES_MAX >> 20);
    map = calloc(1, sizeof *map);
    if (map && (map->text = malloc(size + 1))) {
        if (size)
            memcpy(map->text, text, size);
        if (take_lines(map, size) && make_pieces(map)) {
            *out = map;
            return RN_OK;
        }
    }
    rn_perf_map_free(map);
    return rn_fail(err, RN_E_NOMEM, "no memory for a perf map");
}

const struct rn_perf_entry *rn_perf_map_find(const struct rn_perf_map *map, uint64_t address)
{
    size_t low = 0, high = map->piece_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (map->pieces[middle].begin <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || map->pieces[low - 1].entry == NOTHING)
        return NULL;
    return &map->entries[map->pieces[low - 1].entry];
}
