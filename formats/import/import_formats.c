/* SPDX-License-Identifier: MIT */
#include "import_formats.h"

#include <string.h>

const struct rn_import_format *const rn_import_formats[] = {
    &rn_nsys_import,        &rn_strace_import,
    &rn_perf_script_import, &rn_perf_json_import,
    &rn_otlp_json_import,   &rn_otlp_proto_import,
    &rn_decision_import,    &rn_chrome_import,
    &rn_ctf_import,         NULL,
};

const struct rn_import_format *rn_import_format_named(const char *name)
{
    for (size_t i = 0; rn_import_formats[i]; i++)
        if (strcmp(rn_import_formats[i]->name, name) == 0)
            return rn_import_formats[i];
    return NULL;
}

const struct rn_import_format *rn_import_format_of(const uint8_t *head, size_t size)
{
    const struct rn_import_format *best = NULL;
    int surest = 0;

    for (size_t i = 0; rn_import_formats[i]; i++) {
        int sure =
            rn_import_formats[i]->recognise ? rn_import_formats[i]->recognise(head, size) : 0;

        if (sure > surest) {
            surest = sure;
            best = rn_import_formats[i];
        }
    }
    return best;
}

const struct rn_import_format *rn_import_format_of_path(const char *path)
{
    const struct rn_import_format *best = NULL;
    int surest = 0;

    for (size_t i = 0; rn_import_formats[i]; i++) {
        int sure =
            rn_import_formats[i]->recognise_path ? rn_import_formats[i]->recognise_path(path) : 0;

        if (sure > surest) {
            surest = sure;
            best = rn_import_formats[i];
        }
    }
    return best;
}
