/* SPDX-License-Identifier: MIT */
/* libFuzzer target: a perf map; what is found at an address lies there. */
#include "formats/perf_map.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_perf_map *map;

    if (rn_perf_map_parse((const char *)data, size, &map, &err) != RN_OK)
        return 0;
    for (uint64_t address = 0; address < UINT64_C(0x100000); address += 0x3ff) {
        const struct rn_perf_entry *entry = rn_perf_map_find(map, address);

        if (entry && (address < entry->begin || address >= entry->end ||
                      strlen(entry->name) > RN_PERF_MAP_NAME_MAX))
            abort();
    }
    (void)rn_perf_map_is_name((const char *)data, size);
    rn_perf_map_free(map);
    return 0;
}
