/* SPDX-License-Identifier: MIT */
/* A CTF trace: metadata, a NUL, and a file of events. libbabeltrace2 may end the process that
 * decodes it, not this one; and there is a recording or a message, and nothing else is left. */
#include "formats/import/import.h"
#include "formats/import/import_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], metadata[80], stream[80], recording[80];

static void make_directory(void)
{
    snprintf(directory, sizeof directory, "/dev/shm/rn-fuzz-trace-%d", (int)getpid());
    snprintf(metadata, sizeof metadata, "%s/metadata", directory);
    snprintf(stream, sizeof stream, "%s/stream", directory);
    snprintf(recording, sizeof recording, "%s/out.rna", directory);
    if (mkdir(directory, 0700) < 0)
        abort();
}

static void remove_all(void)
{
    unlink(metadata);
    unlink(stream);
    unlink(recording);
    rmdir(directory);
}

static void put(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "w");

    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void import(bool keep_going)
{
    const struct rn_import_options options = {.path = recording,
                                              .creator = "fuzz",
                                              .tool = "ctf",
                                              .name = directory,
                                              .keep_going = keep_going};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import = NULL;
    enum rn_status status = rn_import_new(&options, &import, &err);

    if (status == RN_OK && rn_ctf_import.recognise_path(directory))
        status = rn_ctf_import.read_path(directory, import, &err);
    if (status == RN_OK)
        status = rn_import_finish(import, &err);
    if (status == RN_OK ? access(recording, F_OK) != 0 : !*err.what)
        abort();
    rn_import_free(import);
    unlink(recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t text = nul ? (size_t)(nul - data) : size;

    if (!*directory) {
        make_directory();
        atexit(remove_all);
    }
    put(metadata, data, text);
    put(stream, data + text + (nul ? 1 : 0), nul ? size - text - 1 : 0);
    import(size & 1);
    return 0;
}
