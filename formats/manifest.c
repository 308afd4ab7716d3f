/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* RFC 9562 version 4. Where there is no random source, time and process still tell recordings
 * apart well enough for an event's name. */
static void make_uuid(uint8_t uuid[16])
{
    if (getrandom(uuid, 16, GRND_NONBLOCK) != 16) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        memcpy(uuid, &now.tv_sec, 8);
        memcpy(uuid + 8, &now.tv_nsec, 8);
    }
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

void rn_manifest_init(struct rn_manifest *manifest)
{
    memset(manifest, 0, sizeof *manifest);
    manifest->version = RN_ARCHIVE_VERSION;
    make_uuid(manifest->uuid);
}

void rn_manifest_clear(struct rn_manifest *manifest)
{
    free(manifest->creator);
    free(manifest->host);
    free(manifest->os);
    free(manifest->boot_id);
    free(manifest->engine);
    free(manifest->cwd);
    free(manifest->selection);
    free(manifest->stack);
    free(manifest->scrubbed);
    free(manifest->scrub_key);
    for (char **argument = manifest->argv; argument && *argument; argument++)
        free(*argument);
    free(manifest->argv);
    memset(manifest, 0, sizeof *manifest);
}
