/* SPDX-License-Identifier: MIT */
/* --debuginfod: what is not on this machine comes from the servers that DEBUGINFOD_URLS names,
 * through elfutils' libdebuginfod, which is loaded only then. */
#ifndef RN_CLI_DEBUGINFOD_H
#define RN_CLI_DEBUGINFOD_H

#include "cli.h"

#include "libanalysis/debug_source.h"

/* Is there a DEBUGINFOD_URLS that says anything? Else a message, and false. */
bool cli_debuginfod_wanted(void);

struct cli_debuginfod;

/* NULL after a message: no servers are named, or there is no such library. */
struct cli_debuginfod *cli_debuginfod_open(void);
void cli_debuginfod_free(struct cli_debuginfod *client); /* accepts NULL */
const struct rn_debug_source *cli_debuginfod_source(const struct cli_debuginfod *client);

#endif
