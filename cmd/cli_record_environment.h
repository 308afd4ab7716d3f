/* SPDX-License-Identifier: MIT */
/* The environment of the program that is recorded: the recorder's own, with what loads libraries
 * into it. What stands there already is kept. */
#ifndef RN_CLI_RECORD_ENVIRONMENT_H
#define RN_CLI_RECORD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLI_ENVIRONMENT_OWN 16u /* variables that can be set */

struct cli_environment {
    char **list; /* NULL-terminated; NULL: nothing was set */
    size_t count;
    char *own[CLI_ENVIRONMENT_OWN];
    size_t own_count;
};

/* False: no memory, or too many. */
bool cli_environment_set(struct cli_environment *environment, const char *name, const char *value);
/* In front of what the variable has, with `separator` between; alone where it has nothing. */
bool cli_environment_prepend(struct cli_environment *environment, const char *name,
                             const char *value, char separator);
/* What it has there now; NULL: it is not set. Borrowed. */
const char *cli_environment_get(const struct cli_environment *environment, const char *name);
/* An entry "NAME=VALUE" that the caller owns and may still fill in. */
bool cli_environment_lend(struct cli_environment *environment, char *entry);
void cli_environment_free(struct cli_environment *environment);

#endif
