/* SPDX-License-Identifier: MIT */
#include "code_map.h"

#include <stdlib.h>
#include <string.h>

struct mapping {
    uint64_t begin, end, file_offset;
    const struct rn_code_module *module;
};

/* Of one process. */
struct space {
    struct mapping *mappings; /* ascending, not overlapping */
    size_t count, capacity;
    uint64_t version;
};

struct rn_code_map {
    struct rn_id_map spaces; /* struct space by serial of the process */
    struct rn_code_modules modules;
    uint64_t versions;
};

struct rn_code_map *rn_code_map_new(void)
{
    return calloc(1, sizeof(struct rn_code_map));
}

static void free_space(struct space *space)
{
    if (space)
        free(space->mappings);
    free(space);
}

void rn_code_map_free(struct rn_code_map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->spaces.capacity; i++)
        free_space(map->spaces.slots[i].value);
    rn_code_modules_free(&map->modules);
    rn_id_map_free(&map->spaces);
    free(map);
}

/* ---- modules ---- */

/* NULL: no memory, or too many. */
static const struct rn_code_module *module_of(struct rn_code_map *map, const struct rn_event *event)
{
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);
    const struct rn_attachment *id = rn_event_attachment(event, RN_ATT_BUILD_ID, RN_ARG_ANY);
    const char *text = path && path->data ? (const char *)path->data : "";
    bool has_id = id && id->data && id->size <= RN_CODE_BUILD_ID_MAX;
    struct rn_code_module *module =
        rn_code_modules_get(&map->modules, text, path ? strnlen(text, path->size) : 0,
                            has_id ? id->data : NULL, has_id ? id->size : 0);

    if (module) {
        module->device = event->u.module.device;
        module->inode = event->u.module.inode;
    }
    return module;
}

const struct rn_code_module *const *rn_code_map_modules(const struct rn_code_map *map,
                                                        size_t *count)
{
    *count = map->modules.count;
    return (const struct rn_code_module *const *)map->modules.list;
}

/* ---- spaces ---- */

static uint64_t serial_of(struct rn_trace *trace, uint64_t stream)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, stream);

    return thread->process ? thread->process->serial : 0;
}

static struct space *space_of(struct rn_code_map *map, uint64_t serial)
{
    struct space *space = serial ? rn_id_map_get(&map->spaces, serial) : NULL;

    if (space || serial == 0)
        return space;
    space = calloc(1, sizeof *space);
    if (space && !rn_id_map_set(&map->spaces, serial, space)) {
        free(space);
        space = NULL;
    }
    return space;
}

/* The first mapping that ends behind the address. */
static size_t first_behind(const struct space *space, uint64_t address)
{
    size_t low = 0, high = space->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (space->mappings[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool insert(struct space *space, size_t at, const struct mapping *mapping)
{
    if (space->count >= RN_CODE_MAPPINGS_MAX)
        return true;
    if (space->count == space->capacity) {
        size_t capacity = space->capacity ? 2 * space->capacity : 16;
        struct mapping *larger = realloc(space->mappings, capacity * sizeof *larger);

        if (!larger)
            return false;
        space->mappings = larger;
        space->capacity = capacity;
    }
    memmove(space->mappings + at + 1, space->mappings + at,
            (space->count - at) * sizeof *space->mappings);
    space->mappings[at] = *mapping;
    space->count++;
    return true;
}

/* What was there is there no more; of a mapping that sticks out the rest stays. */
static bool clear_range(struct space *space, uint64_t begin, uint64_t end)
{
    for (size_t i = first_behind(space, begin);
         i < space->count && space->mappings[i].begin < end;) {
        struct mapping *mapping = &space->mappings[i], rest = *mapping;

        if (mapping->begin < begin && mapping->end > end) {
            rest.begin = end;
            rest.file_offset += end - mapping->begin;
            mapping->end = begin;
            return insert(space, i + 1, &rest);
        }
        if (mapping->begin < begin) {
            mapping->end = begin;
            i++;
        } else if (mapping->end > end) {
            mapping->file_offset += end - mapping->begin;
            mapping->begin = end;
            i++;
        } else {
            space->count--;
            memmove(mapping, mapping + 1, (space->count - i) * sizeof *mapping);
        }
    }
    return true;
}

/* What the inline engine lays over the text of a program, and its own code: snapshots that begin a
 * segment name it instead of the file, whose place is known from before. */
static bool is_laid_over(const struct rn_event *event)
{
    static const char name[] = "/memfd:renacer-";
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);

    return path && path->data && path->size >= sizeof name - 1 &&
           memcmp(path->data, name, sizeof name - 1) == 0;
}

static bool feed_module(struct rn_code_map *map, struct rn_trace *trace,
                        const struct rn_event *event)
{
    const struct rn_module *module = &event->u.module;
    struct space *space = space_of(map, serial_of(trace, event->stream));
    struct mapping mapping = {.begin = module->address,
                              .end = module->address + module->length,
                              .file_offset = module->file_offset};

    if (!space)
        return serial_of(trace, event->stream) == 0;
    if (mapping.end <= mapping.begin || is_laid_over(event))
        return true;
    space->version = ++map->versions;
    if (!clear_range(space, mapping.begin, mapping.end))
        return false;
    if (module->op != RN_MODULE_MAP)
        return true;
    mapping.module = module_of(map, event);
    return !mapping.module || insert(space, first_behind(space, mapping.begin), &mapping);
}

static bool feed_fork(struct rn_code_map *map, struct rn_trace *trace, const struct rn_event *event)
{
    uint64_t parent = serial_of(trace, event->stream);
    uint64_t child = serial_of(trace, event->u.process.child_stream);
    const struct space *from = parent ? rn_id_map_get(&map->spaces, parent) : NULL;
    struct space *to = child && child != parent && from ? space_of(map, child) : NULL;

    if (!from || child == 0 || child == parent)
        return true;
    if (!to)
        return false;
    if (to->count || from->count == 0)
        return true;
    to->mappings = malloc(from->count * sizeof *to->mappings);
    if (!to->mappings)
        return false;
    memcpy(to->mappings, from->mappings, from->count * sizeof *to->mappings);
    to->count = to->capacity = from->count;
    to->version = ++map->versions;
    return true;
}

static void feed_process(struct rn_code_map *map, struct rn_trace *trace,
                         const struct rn_event *event)
{
    uint64_t serial = serial_of(trace, event->stream);
    struct space *space = serial ? rn_id_map_get(&map->spaces, serial) : NULL;

    if (!space)
        return;
    if (event->u.process.op == RN_PROCESS_EXEC && !(event->flags & RN_EVENT_SNAPSHOT)) {
        space->count = 0;
        space->version = ++map->versions;
    } else if (event->u.process.op == RN_PROCESS_EXIT) {
        rn_id_map_remove(&map->spaces, serial);
        free_space(space);
    }
}

enum rn_status rn_code_map_feed(struct rn_code_map *map, struct rn_trace *trace,
                                const struct rn_event *event, struct rn_error *err)
{
    bool fine = true;

    if (event->kind == RN_KIND_MODULE)
        fine = feed_module(map, trace, event);
    else if (event->kind == RN_KIND_PROCESS && event->u.process.op == RN_PROCESS_FORK)
        fine = feed_fork(map, trace, event);
    else if (event->kind == RN_KIND_PROCESS)
        feed_process(map, trace, event);
    return fine ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for the mappings of a process");
}

bool rn_code_map_find(struct rn_code_map *map, struct rn_trace *trace, uint64_t stream,
                      uint64_t address, struct rn_code_place *place)
{
    uint64_t serial = serial_of(trace, stream);
    const struct space *space = serial ? rn_id_map_get(&map->spaces, serial) : NULL;
    size_t at = space ? first_behind(space, address) : 0;
    const struct mapping *mapping;

    if (!space || at == space->count || space->mappings[at].begin > address)
        return false;
    mapping = &space->mappings[at];
    place->module = mapping->module;
    place->offset = address - mapping->begin + mapping->file_offset;
    return true;
}

uint64_t rn_code_map_version(struct rn_code_map *map, struct rn_trace *trace, uint64_t stream)
{
    uint64_t serial = serial_of(trace, stream);
    const struct space *space = serial ? rn_id_map_get(&map->spaces, serial) : NULL;

    return space ? space->version : 0;
}
