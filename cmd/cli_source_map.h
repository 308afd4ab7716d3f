/* SPDX-License-Identifier: MIT */
/* --source-map FILE. */
#ifndef RN_CLI_SOURCE_MAP_H
#define RN_CLI_SOURCE_MAP_H

#include "cli.h"

#include "libanalysis/source_place.h"

enum { CLI_OPT_SOURCE_MAP = 0x181 };
#define CLI_SOURCE_MAP_LONG                                                                        \
    {                                                                                              \
        "source-map", required_argument, NULL, CLI_OPT_SOURCE_MAP                                  \
    }

/* Read a file and add it to *maps, which is made where it is NULL. False after a message. */
bool cli_source_map_add(struct rn_source_maps **maps, const char *path);

#endif
