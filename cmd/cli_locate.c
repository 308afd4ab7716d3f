/* SPDX-License-Identifier: MIT */
#include "cli_locate.h"

bool cli_locate_option(struct cli_locate *locate, int letter, const char *argument, int *status)
{
    (void)argument;
    if (letter != CLI_LOCATE_OPT_DEBUGINFOD)
        return false;
    if (!locate->client)
        locate->client = cli_debuginfod_open();
    locate->options.source = cli_debuginfod_source(locate->client);
    if (!locate->client)
        *status = RN_EXIT_TROUBLE;
    return true;
}

int cli_locate_check(const struct cli_locate *locate, bool fit, const char *with)
{
    if (fit || !locate->client)
        return -1;
    return cli_usage("--debuginfod is about where in the source something is: it goes with %s",
                     with);
}

void cli_locate_free(struct cli_locate *locate)
{
    cli_debuginfod_free(locate->client);
}
