/* SPDX-License-Identifier: MIT */
/* Chrome's trace format: whatever a file holds, it is read or refused; and what is made strict JSON
 * stays as it is when that is done again. */
#include "formats/import/import_formats.h"
#include "formats/json_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_trace(const char *name, bool keep_going)
{
    const struct rn_import_options options = {.path = "/dev/shm/rn-fuzz-chrome.rna",
                                              .creator = "fuzz",
                                              .tool = "chrome",
                                              .name = "input",
                                              .keep_going = keep_going};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import = NULL;
    struct rn_input *input = NULL;
    enum rn_status status = rn_input_open(name, &input, &err);

    if (status == RN_OK)
        status = rn_import_new(&options, &import, &err);
    if (status == RN_OK) {
        status = rn_chrome_import.read(input, import, &err);
        if (status != RN_OK && !err.what[0])
            abort();
        if (keep_going && status == RN_E_FORMAT && rn_import_account(import)->problems)
            abort();
    }
    rn_import_free(import);
    rn_input_free(input);
}

static void make_strict(const uint8_t *data, size_t size)
{
    struct rn_scan_text text = {.at = (const char *)data, .end = (const char *)data + size};
    struct rn_scan_changes changes = {0, 0, false};
    struct rn_buf once = RN_BUF_INIT, twice = RN_BUF_INIT;
    struct rn_scan_value value;

    if (rn_scan_value(&text, &value) && rn_scan_compact(&once, &value, SIZE_MAX / 2, &changes)) {
        rn_buf_byte(&once, ' ');
        text = (struct rn_scan_text){.at = (const char *)once.data,
                                     .end = (const char *)once.data + once.size};
        memset(&changes, 0, sizeof changes);
        if (!rn_scan_value(&text, &value) ||
            !rn_scan_compact(&twice, &value, SIZE_MAX / 2, &changes) || changes.numbers ||
            changes.bytes || twice.size != once.size - 1 ||
            memcmp(once.data, twice.data, twice.size) != 0)
            abort();
    }
    rn_buf_free(&once);
    rn_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    char name[64];

    make_strict(data, size);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    read_trace(name, false);
    read_trace(name, true);
    close(fd);
    return 0;
}
