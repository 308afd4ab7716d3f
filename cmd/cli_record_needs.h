/* SPDX-License-Identifier: MIT */
/* Which shared libraries a program is linked with, by its ELF files and without running it. */
#ifndef RN_CLI_RECORD_NEEDS_H
#define RN_CLI_RECORD_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#define CLI_NEEDS_MAX 8u

struct cli_needs {
    bool found[CLI_NEEDS_MAX];
    bool other_machine, is_static; /* what no library of ours can be loaded into */
};

/* Look for up to CLI_NEEDS_MAX sonames (NULL: not wanted) among what `command`, looked up in PATH as
 * execvp(3) does, needs, and what that needs: in its run paths, LD_LIBRARY_PATH and the usual
 * directories. A script is looked at as what interprets it. What cannot be read needs nothing. */
void cli_needs_find(const char *command, const char *const *sonames, size_t count,
                    struct cli_needs *needs);

/* Why a library cannot be loaded into that program, "is linked statically" say; NULL: it can. */
const char *cli_needs_obstacle(const struct cli_needs *needs);
/* The same of a library of ours: "is of another architecture". */
const char *cli_library_obstacle(const char *path);

#endif
