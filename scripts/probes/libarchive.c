/* SPDX-License-Identifier: MIT */
/* Refers to what the archive files use, so that linking it shows whether they will link. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

int main(void)
{
    struct archive *writer = archive_write_new(), *reader = archive_read_new();
    struct archive_entry *entry = archive_entry_new();

    if (!writer || !reader || !entry || archive_write_set_format_pax_restricted(writer) != ARCHIVE_OK ||
        archive_read_support_format_tar(reader) != ARCHIVE_OK)
        return 1;
    archive_entry_free(entry);
    archive_write_free(writer);
    archive_read_free(reader);
    return puts(archive_version_string() + sizeof "libarchive") < 0;
}
