/* SPDX-License-Identifier: MIT */
/* From a recording to a file of another tool. */
#include "cli_convert.h"

#include <string.h>

void cli_convert_note(void *context, const char *what, uint64_t count)
{
    struct cli_convert_notes *notes = context;
    size_t i = 0;

    while (i < notes->count && strcmp(notes->items[i].what, what) != 0)
        i++;
    if (i == sizeof notes->items / sizeof *notes->items)
        return;
    if (i == notes->count) {
        notes->items[i].what = what;
        notes->items[i].count = 0;
        notes->count++;
    }
    notes->items[i].count += count;
}

void cli_convert_tell_notes(const struct cli_convert_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->count; i++)
        cli_warn("%s: %s: %llu", name, notes->items[i].what,
                 (unsigned long long)notes->items[i].count);
}

int cli_convert_export(const struct cli_convert *convert, const char *path)
{
    const struct cli_export_format *format = cli_export_format_named(convert->to);

    if (format->slices)
        return cli_convert_slices(convert, format->slices, path);
    return format->write(convert, path);
}
