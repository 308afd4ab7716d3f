/* SPDX-License-Identifier: MIT */
/* Which recordings one side of --compare has. */
#include "cli_stat_compare.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Takes over `path`; NULL: there was no memory for it. */
static bool add_path(struct cli_stat_side *side, char *path)
{
    char **paths = path ? reallocarray(side->paths, side->count + 1, sizeof *paths) : NULL;

    if (!paths) {
        free(path);
        cli_fail("out of memory");
        return false;
    }
    side->paths = paths;
    paths[side->count++] = path;
    if (side->count <= RN_COMPARISON_MAX)
        return true;
    cli_fail("'%s' has more than %u recordings", side->name, RN_COMPARISON_MAX);
    return false;
}

/* Nobody who names a directory means a pipe in it, which may keep its reader waiting. */
static int is_recording(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_type != DT_FIFO && entry->d_type != DT_SOCK && length > 4 &&
           entry->d_name[0] != '.' && strcmp(entry->d_name + length - 4, ".rna") == 0;
}

static bool add_directory(struct cli_stat_side *side, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_recording, alphasort);
    bool fine = count >= 0;

    if (count < 0)
        cli_fail("%s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *name = NULL;

        if (fine && asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
            name = NULL;
        fine = fine && add_path(side, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (count == 0)
        cli_fail("%s: there are no recordings NAME.rna in that directory", path);
    return fine && count > 0;
}

/* A recording that is not sealed is a directory, too. */
static bool is_part(const char *path)
{
    struct stat info;
    char *member;
    bool there;

    if (asprintf(&member, "%s/archive", path) < 0)
        return false;
    there = stat(member, &info) == 0;
    free(member);
    return there;
}

static bool add_list(struct cli_stat_side *side, const char *text)
{
    bool fine = true;

    while (fine && *text) {
        size_t length = strcspn(text, ",");

        if (length)
            fine = add_path(side, strndup(text, length));
        text += length + (text[length] == ',');
    }
    return fine;
}

bool cli_stat_side_make(struct cli_stat_side *side, const char *text)
{
    struct stat info;
    bool there = stat(text, &info) == 0, fine;

    *side = (struct cli_stat_side){.name = text};
    if (there && S_ISDIR(info.st_mode) && !is_part(text))
        fine = add_directory(side, text);
    else if (!there && strchr(text, ','))
        fine = add_list(side, text);
    else
        fine = add_path(side, strdup(text));
    for (size_t i = 0; i < side->count && fine; i++) {
        if (strcmp(side->paths[i], "-") == 0) {
            cli_usage("--compare reads each recording twice: put them into files first");
            fine = false;
        }
    }
    if (fine && !side->count) {
        cli_usage("'%s' names no recording", text);
        fine = false;
    }
    return fine;
}

void cli_stat_side_free(struct cli_stat_side *side)
{
    for (size_t i = 0; i < side->count; i++)
        free(side->paths[i]);
    free(side->paths);
}
