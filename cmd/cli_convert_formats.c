/* SPDX-License-Identifier: MIT */
#include "cli_convert.h"
#include "cli_convert_rows.h"

#include "formats/slice_formats.h"

#include <string.h>

static const struct cli_export_format chrome = {
    .name = "chrome",
    .text = "Trace Event Format (JSON): for ui.perfetto.dev, chrome://tracing, speedscope",
    .suffix = ".json",
    .slices = &rn_chrome_slices,
};
static const struct cli_export_format perfetto = {
    .name = "perfetto",
    .text = "Perfetto trace (protobuf): for ui.perfetto.dev, trace_processor",
    .suffix = ".pftrace",
    .slices = &rn_perfetto_slices,
};

const struct cli_export_format *const cli_export_formats[] = {
    &cli_sqlite_export,
    &cli_avro_export,
    &chrome,
    &perfetto,
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
