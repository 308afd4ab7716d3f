/* SPDX-License-Identifier: MIT */
/* libFuzzer target: a source map, and looking up what it is about. */
#include "libanalysis/source_place.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its own mappings are found, under their own names. */
static void look_up(const struct rn_source_maps *maps, const struct rn_source_map *map)
{
    struct rn_source_place place;

    for (size_t i = 0; i < map->mapping_count; i++) {
        const struct rn_source_mapping *mapping = &map->mappings[i];

        if (!rn_source_maps_find(maps, map->generated_file, mapping->generated_line,
                                 mapping->generated_function, &place))
            continue; /* the path is no path */
        if (!place.line)
            abort();
    }
    for (size_t i = 0; i < map->name_count; i++)
        (void)rn_source_maps_find(maps, NULL, 0, map->names[i].generated, &place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_source_maps *maps = rn_source_maps_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_source_map *map;

    if (rn_source_map_parse(data, size, &map, &err) != RN_OK) {
        if (!err.what[0])
            abort();
    } else if (maps && rn_source_maps_add(maps, map, &err) == RN_OK) {
        look_up(maps, map);
    }
    rn_source_maps_free(maps);
    return 0;
}
