/* SPDX-License-Identifier: MIT */
/* Options of commands that say where in the source something is: --source-map and --debuginfod. */
#include "cli_locate.h"

bool cli_locate_option(struct cli_locate *locate, int letter, const char *argument, int *status)
{
    if (letter == CLI_OPT_SOURCE_MAP) {
        if (!cli_source_map_add(&locate->maps, argument))
            *status = RN_EXIT_TROUBLE;
        locate->options.maps = locate->maps;
        return true;
    }
    if (letter != CLI_LOCATE_OPT_DEBUGINFOD)
        return false;
    if (!rn_symbols_read_files())
        cli_fail("this build reads no debug information, which --debuginfod is about");
    else if (!locate->client)
        locate->client = cli_debuginfod_open();
    locate->options.source = cli_debuginfod_source(locate->client);
    if (!locate->client)
        *status = RN_EXIT_TROUBLE;
    return true;
}

int cli_locate_check(const struct cli_locate *locate, bool for_stacks, bool for_places,
                     const char *with)
{
    if ((for_stacks || !locate->client) && (for_places || !locate->maps))
        return -1;
    return cli_usage("%s is about where in the source something is: it goes with %s",
                     for_stacks || !locate->client ? "--source-map" : "--debuginfod", with);
}

void cli_locate_free(struct cli_locate *locate)
{
    cli_debuginfod_free(locate->client);
    rn_source_maps_free(locate->maps);
}
