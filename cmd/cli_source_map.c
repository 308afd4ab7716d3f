/* SPDX-License-Identifier: MIT */
/* --source-map: reads maps from generated source to the original, and checks them. */
#include "cli_source_map.h"

#include <errno.h>
#include <string.h>

enum { STEP = 1 << 16 };

/* One byte more than there may be is enough to see that it is too much. */
static bool read_bytes(const char *path, struct rn_buf *bytes)
{
    FILE *file = fopen(path, "re");
    bool fine = file != NULL;

    while (fine && bytes->size <= RN_SOURCE_MAP_BYTES_MAX) {
        uint8_t *room = rn_buf_reserve(bytes, STEP);
        size_t got = room ? fread(room, 1, STEP, file) : 0;

        if (got == 0)
            break;
        bytes->size += got;
    }
    fine = fine && !ferror(file) && !bytes->failed;
    if (!fine)
        cli_fail("%s: cannot read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    return fine;
}

bool cli_source_map_add(struct rn_source_maps **maps, const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf bytes = RN_BUF_INIT;
    struct rn_source_map *map = NULL;
    enum rn_status status = RN_E_SYSTEM;

    if (!*maps)
        *maps = rn_source_maps_new();
    if (!*maps) {
        cli_fail("out of memory");
        return false;
    }
    if (read_bytes(path, &bytes)) {
        status = rn_source_map_parse(bytes.data, bytes.size, &map, &err);
        if (status == RN_OK)
            status = rn_source_maps_add(*maps, map, &err);
        if (status != RN_OK) {
            rn_fail_in(&err, path);
            cli_error(&err);
        }
    }
    rn_buf_free(&bytes);
    return status == RN_OK;
}
