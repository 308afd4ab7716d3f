/* SPDX-License-Identifier: MIT */
/* libFuzzer target: text of strace. The first byte says whether malformed lines end it. */
#include "formats/import/import_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/fuzz-strace.XXXXXX";
static char archive[sizeof(directory) + 16];

static void remove_directory(void)
{
    unlink(archive);
    rmdir(directory);
}

static void prepare(void)
{
    if (archive[0])
        return;
    if (!mkdtemp(directory))
        abort();
    snprintf(archive, sizeof(archive), "%s/out.rna", directory);
    atexit(remove_directory);
}

static void read_text(const char *path, bool keep_going)
{
    const struct rn_import_options options = {.path = archive,
                                              .creator = "fuzz",
                                              .tool = "strace",
                                              .name = "input",
                                              .keep_going = keep_going};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import = NULL;
    struct rn_input *input = NULL;
    enum rn_status status;

    if (rn_import_new(&options, &import, &err) != RN_OK)
        return;
    if (rn_input_open(path, &input, &err) == RN_OK) {
        status = rn_strace_import.read(input, import, &err);
        if (status == RN_OK)
            status = rn_import_finish(import, &err);
        if (status != RN_OK && !err.what[0])
            abort();
    }
    rn_input_free(input);
    rn_import_free(import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd;

    if (size == 0)
        return 0;
    prepare();
    (void)rn_strace_import.recognise(data + 1, size - 1);
    fd = memfd_create("strace", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_text(path, data[0] & 1);
    close(fd);
    return 0;
}
