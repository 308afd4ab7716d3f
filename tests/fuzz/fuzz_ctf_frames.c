/* SPDX-License-Identifier: MIT */
/* What the process that decodes CTF could send, if a trace made it send anything: it becomes a
 * recording or a message. */
#include "formats/ctf_own.h"
#include "formats/import/ctf_import.h"
#include "formats/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void decode_attachments(const uint8_t *data, size_t size)
{
    struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];
    struct rn_buf crcs = RN_BUF_INIT, again = RN_BUF_INIT;
    unsigned count =
        rn_ctf_attachments_decode(data, size, attachments, RN_RECORD_MAX_ATTACHMENTS, &crcs);

    for (unsigned i = 0; i < count; i++)
        rn_ctf_attachment_encode(&again, &attachments[i]);
    if (!again.failed &&
        (again.size > size || (again.size && memcmp(again.data, data, again.size))))
        abort();
    rn_buf_free(&crcs);
    rn_buf_free(&again);
}

static void import(int fd, const char *path)
{
    const struct rn_import_options options = {
        .path = path, .creator = "fuzz", .tool = "ctf", .name = "frames", .keep_going = true};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_ctf_source *source = NULL;
    struct rn_import *import = NULL;

    if (rn_import_new(&options, &import, &err) == RN_OK &&
        rn_ctf_source_attach("frames", fd, &source, &err) == RN_OK &&
        rn_ctf_import_source(source, import, &err) == RN_OK &&
        rn_import_finish(import, &err) == RN_OK && access(path, F_OK) != 0)
        abort();
    rn_ctf_source_free(source);
    rn_import_free(import);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    int fd = memfd_create("frames", MFD_CLOEXEC);

    if (!*path)
        snprintf(path, sizeof path, "/dev/shm/rn-fuzz-ctf-%d.rna", (int)getpid());
    decode_attachments(data, size);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0)
        import(fd, path);
    close(fd);
    return 0;
}
