/* SPDX-License-Identifier: MIT */
/* What must be known of a recording that another tool's file was made into, by whoever looks at its
 * numbers. */
#ifndef RN_CLI_IMPORTED_H
#define RN_CLI_IMPORTED_H

#include "cli.h"

/* Say (as warnings, not with -q) what rn-convert noted of times and durations that the file did not
 * have. Of a recording that was made by a recorder, and of standard input, nothing. */
void cli_imported_warn(const char *path);

#endif
