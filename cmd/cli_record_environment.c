/* SPDX-License-Identifier: MIT */
#include "cli_record_environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static bool begin(struct cli_environment *environment)
{
    size_t count = 0;

    if (environment->list)
        return true;
    while (environ[count])
        count++;
    environment->list = calloc(count + CLI_ENVIRONMENT_OWN + 2, sizeof(*environment->list));
    if (!environment->list)
        return false;
    memcpy(environment->list, environ, count * sizeof(*environ));
    environment->count = count;
    return true;
}

static bool has_name(const char *entry, const char *name, size_t length)
{
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static void put(struct cli_environment *environment, char *entry)
{
    size_t length = strcspn(entry, "="), kept = 0;

    for (size_t i = 0; i < environment->count; i++)
        if (!has_name(environment->list[i], entry, length))
            environment->list[kept++] = environment->list[i];
    environment->list[kept++] = entry;
    environment->list[kept] = NULL;
    environment->count = kept;
}

bool cli_environment_lend(struct cli_environment *environment, char *entry)
{
    if (!begin(environment))
        return false;
    put(environment, entry);
    return true;
}

bool cli_environment_set(struct cli_environment *environment, const char *name, const char *value)
{
    char *entry;

    if (environment->own_count == CLI_ENVIRONMENT_OWN || !begin(environment) ||
        asprintf(&entry, "%s=%s", name, value) < 0)
        return false;
    environment->own[environment->own_count++] = entry;
    put(environment, entry);
    return true;
}

const char *cli_environment_get(const struct cli_environment *environment, const char *name)
{
    size_t length = strlen(name);

    for (char **at = environment->list ? environment->list : environ; *at; at++)
        if (has_name(*at, name, length))
            return *at + length + 1;
    return NULL;
}

bool cli_environment_prepend(struct cli_environment *environment, const char *name,
                             const char *value, char separator)
{
    const char *old = cli_environment_get(environment, name);
    char *both;
    bool fine;

    if (!old || !*old)
        return cli_environment_set(environment, name, value);
    if (asprintf(&both, "%s%c%s", value, separator, old) < 0)
        return false;
    fine = cli_environment_set(environment, name, both);
    free(both);
    return fine;
}

void cli_environment_free(struct cli_environment *environment)
{
    for (size_t i = 0; i < environment->own_count; i++)
        free(environment->own[i]);
    free(environment->list);
    *environment = (struct cli_environment){.list = NULL};
}
