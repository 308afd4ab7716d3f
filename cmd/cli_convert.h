/* SPDX-License-Identifier: MIT */
/* What rn-convert does: into a recording by formats/import/import.h, out of one by a format named
 * here. */
#ifndef RN_CLI_CONVERT_H
#define RN_CLI_CONVERT_H

#include "cli.h"

#include "formats/export/slice.h"
#include "formats/import/import.h"

struct cli_convert {
    const char *from, *to; /* names of formats, NULL: to be found out; "rna" is a recording */
    const char *output_path;
    const char *partition; /* --partition, NULL none */
    bool keep_going;
    struct rn_filter *filter; /* what of a recording is written */
};

/* A format that a recording is written as. */
struct cli_export_format {
    const char *name, *text; /* as in --to; what it is, for --list */
    const char *suffix;      /* of OUT that means it, ".json"; NULL none */
    bool partitions;         /* knows --partition */
    /* Exactly one of both. The function writes convert->output_path, or leaves nothing there, and
     * returns the exit status, after messages. */
    const struct rn_slice_format *slices;
    int (*write)(const struct cli_convert *convert, const char *path);
};
/* NULL-terminated: cmd/cli_convert_formats.c. */
extern const struct cli_export_format *const cli_export_formats[];
const struct cli_export_format *cli_export_format_named(const char *name); /* NULL none */
const struct cli_export_format *cli_export_format_of(const char *path);    /* by its end */

/* A file of another tool to a recording at `archive`. The exit status, after messages. */
int cli_convert_import(const struct cli_convert *convert, const char *path, const char *archive);
/* A recording to a file of another tool. */
int cli_convert_export(const struct cli_convert *convert, const char *path);
/* By slices. */
int cli_convert_slices(const struct cli_convert *convert, const struct rn_slice_format *format,
                       const char *path);

/* Formats that are not made of slices; as the function of struct cli_export_format. */
int cli_convert_csv(const struct cli_convert *convert, const char *path);
int cli_convert_ctf(const struct cli_convert *convert, const char *path);
int cli_convert_folded(const struct cli_convert *convert, const char *path);
int cli_convert_jsonl(const struct cli_convert *convert, const char *path);

/* What cannot be carried, summed by text, told at the end: "left out: 12 async instants". */
struct cli_convert_notes {
    struct {
        const char *what;
        uint64_t count;
    } items[64];
    size_t count;
};
void cli_convert_note(void *notes, const char *what, uint64_t count);
void cli_convert_tell_notes(const struct cli_convert_notes *notes, const char *name);

#endif
