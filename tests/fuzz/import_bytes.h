/* SPDX-License-Identifier: MIT */
/* Bytes read as a file of a foreign format, twice: so that the first thing that is wrong ends it,
 * and so that it is left out. */
#ifndef RN_FUZZ_IMPORT_BYTES_H
#define RN_FUZZ_IMPORT_BYTES_H

#include "formats/import/import_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void import_bytes_once(const struct rn_import_format *format, const char *name,
                              bool keep_going, bool write_it)
{
    char path[64];
    const struct rn_import_options options = {.path = path,
                                              .creator = "fuzz",
                                              .tool = format->name,
                                              .name = "input",
                                              .keep_going = keep_going};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import = NULL;
    struct rn_input *input = NULL;
    enum rn_status status = rn_input_open(name, &input, &err);

    snprintf(path, sizeof path, "/dev/shm/rn-fuzz-%ld.rna", (long)getpid());
    if (status == RN_OK)
        status = rn_import_new(&options, &import, &err);
    if (status == RN_OK)
        status = format->read(input, import, &err);
    /* To write all of a recording takes longer than to read the bytes. */
    if (status == RN_OK && write_it && rn_import_account(import)->events)
        status = rn_import_finish(import, &err);
    if (status != RN_OK && !err.what[0])
        abort();
    if (!keep_going && status == RN_OK && import && rn_import_account(import)->problems)
        abort();
    rn_import_free(import);
    rn_input_free(input);
    unlink(path);
}

static inline void import_bytes(const struct rn_import_format *format, const uint8_t *data,
                                size_t size)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    char name[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    (void)format->recognise(data, size);
    import_bytes_once(format, name, false, false);
    import_bytes_once(format, name, true, size % 8 == 0);
    close(fd);
}

#endif
