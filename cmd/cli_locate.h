/* SPDX-License-Identifier: MIT */
/* Options about where in the source something is, which several commands share: --debuginfod,
 * --source-map. */
#ifndef RN_CLI_LOCATE_H
#define RN_CLI_LOCATE_H

#include "cli_debuginfod.h"
#include "cli_source_map.h"

#include "libanalysis/locator.h"

/* Zero-initialise it. */
struct cli_locate {
    struct rn_locator_options options; /* what the options given so far ask for */
    struct cli_debuginfod *client;
    struct rn_source_maps *maps; /* NULL: no --source-map */
};

/* clang-format off */
enum { CLI_LOCATE_OPT_DEBUGINFOD = 0x180 };
#define CLI_LOCATE_DEBUGINFOD_LONG {"debuginfod", no_argument, NULL, CLI_LOCATE_OPT_DEBUGINFOD}
/* clang-format on */

/* False for a letter that is not one of these. *status is set to RN_EXIT_TROUBLE after a message.
 */
bool cli_locate_option(struct cli_locate *locate, int letter, const char *argument, int *status);
/* -1; or, where one was given and is not `for_stacks` (--debuginfod) or `for_places`
 * (--source-map), the exit status after a message. `with`: what it goes with. */
int cli_locate_check(const struct cli_locate *locate, bool for_stacks, bool for_places,
                     const char *with);
void cli_locate_free(struct cli_locate *locate);

#endif
