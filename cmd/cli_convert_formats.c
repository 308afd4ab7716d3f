/* SPDX-License-Identifier: MIT */
#include "cli_convert.h"
#include "cli_convert_rows.h"

#include "formats/export/slice_formats.h"

#include "formats/export/speedscope_write.h"

#include <string.h>

static const struct cli_export_format to_chrome = {
    .name = "chrome",
    .text = "Trace Event Format (JSON): for ui.perfetto.dev, chrome://tracing, speedscope",
    .suffix = ".json",
    .slices = &rn_chrome_slices,
};
static const struct cli_export_format to_perfetto = {
    .name = "perfetto",
    .text = "Perfetto trace (protobuf): for ui.perfetto.dev, trace_processor",
    .suffix = ".pftrace",
    .slices = &rn_perfetto_slices,
};

static const struct cli_export_format to_ctf = {
    .name = "ctf",
    .suffix = ".ctf",
    .text = "Common Trace Format 1.8, a directory: babeltrace2, Trace Compass",
    .write = cli_convert_ctf,
};
static const struct cli_export_format to_speedscope = {
    .name = "speedscope",
    .text = "speedscope's own JSON: what takes time, a profile a thread",
    .suffix = ".speedscope.json",
    .slices = &rn_speedscope_format,
};
static const struct cli_export_format to_folded = {
    .name = "folded",
    .text = "a line a stack and its time in ns, for flame graphs: as rn-stat --folded",
    .suffix = ".folded",
    .write = cli_convert_folded,
};
static const struct cli_export_format to_jsonl = {
    .name = "jsonl",
    .text = "a JSON object a line and event: as rn-cat --json",
    .suffix = ".jsonl",
    .write = cli_convert_jsonl,
};
static const struct cli_export_format to_csv = {
    .name = "csv",
    .text = "comma-separated values, an event a line: as rn-cat --csv",
    .suffix = ".csv",
    .write = cli_convert_csv,
};

/* The end of a name is looked for in this order. */
const struct cli_export_format *const cli_export_formats[] = {
    &cli_avro_export, &to_ctf,        &to_csv,    &to_folded,         &to_jsonl,
    &to_perfetto,     &to_speedscope, &to_chrome, &cli_sqlite_export, NULL,
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
