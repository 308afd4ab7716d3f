/* SPDX-License-Identifier: MIT */
#include "cli_convert.h"

#include <string.h>

static const struct cli_export_format cli_convert_to_ctf = {
    .name = "ctf",
    .text = "Common Trace Format 1.8, a directory: babeltrace2, Trace Compass",
    .write = cli_convert_ctf,
};

const struct cli_export_format *const cli_export_formats[] = {
    &cli_convert_to_ctf,
    NULL,
};

const struct cli_export_format *cli_export_format_named(const char *name)
{
    for (size_t i = 0; cli_export_formats[i]; i++)
        if (strcmp(cli_export_formats[i]->name, name) == 0)
            return cli_export_formats[i];
    return NULL;
}

const struct cli_export_format *cli_export_format_of(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; cli_export_formats[i]; i++) {
        const char *suffix = cli_export_formats[i]->suffix;

        if (suffix && length > strlen(suffix) &&
            strcmp(path + length - strlen(suffix), suffix) == 0)
            return cli_export_formats[i];
    }
    return NULL;
}
