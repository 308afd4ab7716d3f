/* SPDX-License-Identifier: MIT */
#include "rn_backend.h"

#include <string.h>

static int is_lasting(const char *line, size_t length)
{
    static const char *const keys[] = {"vendor_id",       "cpu family",   "model",
                                       "model name",      "stepping",     "flags",
                                       "CPU implementer", "CPU variant",  "CPU part",
                                       "Features",        "CPU revision", "CPU architecture"};

    while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i]) == length && memcmp(keys[i], line, length) == 0)
            return 1;
    return 0;
}

static uint64_t mix(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    return (hash ^ '\n') * 0x100000001b3u;
}

/* FNV-1a of the lines of the first processor that do not change from boot to boot. */
uint64_t rn_backend_cpu_fingerprint(const char *cpuinfo, size_t size)
{
    const char *at = cpuinfo, *end = cpuinfo + size;
    uint64_t hash = 0xcbf29ce484222325u;
    int found = 0;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *colon;

        stop = stop ? stop : end;
        if (stop == at)
            break;
        colon = memchr(at, ':', (size_t)(stop - at));
        if (colon && is_lasting(at, (size_t)(colon - at))) {
            hash = mix(hash, colon + 1, (size_t)(stop - colon - 1));
            found = 1;
        }
        at = stop < end ? stop + 1 : end;
    }
    return found ? hash : 0;
}
