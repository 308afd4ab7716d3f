/* SPDX-License-Identifier: MIT */
/* Names in a data set that is divided as Hive divides tables: directories KEY=VALUE. */
#include "avro_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HOST_MAX 200u /* bytes of a directory's name; longer host names are cut */
#define UNKNOWN  "__HIVE_DEFAULT_PARTITION__"

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days. */
static void add_day(struct rn_buf *out, uint64_t days)
{
    uint64_t shifted = days + 719468; /* since 0000-03-01 */
    uint64_t era = shifted / 146097, of_era = shifted % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t shifted_month = (5 * of_year + 2) / 153;
    uint64_t day = of_year - (153 * shifted_month + 2) / 5 + 1;
    uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;

    year += era * 400 + (month <= 2);
    rn_buf_printf(out, "/day=%04llu-%02u-%02u", (unsigned long long)year, (unsigned)month,
                  (unsigned)day);
}

static bool is_plain(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.';
}

static void add_host(struct rn_buf *out, const char *host)
{
    size_t begin;

    rn_buf_text(out, "/host=");
    begin = out->size;
    if (!*host)
        rn_buf_text(out, UNKNOWN);
    for (; *host && out->size - begin + 3 <= HOST_MAX; host++) {
        if (is_plain((uint8_t)*host))
            rn_buf_byte(out, (uint8_t)*host);
        else
            rn_buf_printf(out, "%%%02X", (uint8_t)*host);
        if (out->failed)
            return;
    }
}

void rn_avro_path(const char *table, uint64_t day, const char *host, const char *uuid,
                  uint64_t number, struct rn_buf *out)
{
    rn_buf_text(out, table);
    if (day != RN_AVRO_NO_DAY)
        add_day(out, day);
    if (host)
        add_host(out, host);
    rn_buf_printf(out, "/%s-%llu.avro", uuid, (unsigned long long)number);
    rn_buf_byte(out, 0);
}

bool rn_avro_path_is_own(const char *path, size_t size, const char *uuid)
{
    const char *name = memrchr(path, '/', size);
    size_t length = strlen(uuid);

    if (!name || name == path || size < 6 || memcmp(path + size - 5, ".avro", 5) != 0)
        return false;
    name++;
    if ((size_t)(path + size - name) < length + 7 || memcmp(name, uuid, length) != 0 ||
        name[length] != '-')
        return false;
    if (memchr(path, 0, size) || memmem(path, size, "//", 2))
        return false;
    /* No directory's name begins with a dot: nothing leads up, or to what is hidden. */
    return path[0] != '/' && path[0] != '.' && !memmem(path, size, "/.", 2);
}

enum rn_status rn_avro_make_above(int root, const char *path, struct rn_error *err)
{
    char part[512];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - path);

        if (length >= sizeof part)
            return rn_fail(err, RN_E_LIMIT, "the name of a directory is too long");
        memcpy(part, path, length);
        part[length] = 0;
        if (mkdirat(root, part, 0777) < 0 && errno != EEXIST)
            return rn_fail(err, RN_E_SYSTEM, "cannot make the directory %s", part);
    }
    return RN_OK;
}
