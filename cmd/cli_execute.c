/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* So that a build that is not installed works as a whole. */
static void execute_beside(const char *command, char **argv)
{
    char path[PATH_MAX];
    errno = ENOENT;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    size_t room = sizeof(path) - (size_t)(slash + 1 - path);
    if (snprintf(slash + 1, room, "%s", command) < (int)room)
        execv(path, argv);
}

void cli_execute(const char *command, char **argv)
{
    execute_beside(command, argv);
    if (errno == ENOENT)
        execvp(command, argv);
}
