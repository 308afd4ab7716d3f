/* SPDX-License-Identifier: MIT */
#include "code_module.h"

#include "formats/fnv.h"

#include <stdlib.h>
#include <string.h>

void rn_code_modules_free(struct rn_code_modules *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        free(modules->list[i]->path);
        free(modules->list[i]);
    }
    free(modules->list);
    rn_id_map_free(&modules->by_hash);
}

static bool is_module(const struct rn_code_module *module, const char *path, size_t size,
                      const uint8_t *build_id, uint32_t build_id_size)
{
    return strlen(module->path) == size && memcmp(module->path, path, size) == 0 &&
           module->build_id_size == build_id_size &&
           (build_id_size == 0 || memcmp(module->build_id, build_id, build_id_size) == 0);
}

static bool make_room(struct rn_code_modules *modules)
{
    size_t capacity = modules->capacity ? 2 * modules->capacity : 64;
    struct rn_code_module **larger;

    if (modules->count < modules->capacity)
        return true;
    if (modules->count >= RN_CODE_MODULES_MAX)
        return false;
    larger = realloc(modules->list, capacity * sizeof *larger);
    if (!larger)
        return false;
    modules->list = larger;
    modules->capacity = capacity;
    return true;
}

static struct rn_code_module *add(struct rn_code_modules *modules, uint64_t hash, const char *path,
                                  size_t size, const uint8_t *build_id, uint32_t build_id_size)
{
    struct rn_code_module *module = make_room(modules) ? calloc(1, sizeof *module) : NULL;

    if (!module)
        return NULL;
    module->path = strndup(path, size);
    if (!module->path || !rn_id_map_set(&modules->by_hash, hash, module)) {
        free(module->path);
        free(module);
        return NULL;
    }
    if (build_id_size)
        memcpy(module->build_id, build_id, build_id_size);
    module->build_id_size = build_id_size;
    modules->list[modules->count++] = module;
    module->id = (uint32_t)modules->count;
    return module;
}

/* Of two that hash alike the later one takes the next number. */
struct rn_code_module *rn_code_modules_get(struct rn_code_modules *modules, const char *path,
                                           size_t size, const uint8_t *build_id,
                                           uint32_t build_id_size)
{
    uint64_t hash = rn_fnv(rn_fnv(RN_FNV_BEGIN, path, size), build_id, build_id_size);
    struct rn_code_module *module;

    if (build_id_size > RN_CODE_BUILD_ID_MAX)
        return NULL;
    while ((module = rn_id_map_get(&modules->by_hash, hash))) {
        if (is_module(module, path, size, build_id, build_id_size))
            return module;
        hash++;
    }
    return add(modules, hash, path, size, build_id, build_id_size);
}
