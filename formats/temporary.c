/* SPDX-License-Identifier: MIT */
#include "temporary.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *rn_temporary_directory(void)
{
    const char *directory = getenv("TMPDIR");

    return directory && *directory ? directory : "/tmp";
}

enum rn_status rn_temporary_file(int *fd, struct rn_error *err)
{
    const char *directory = rn_temporary_directory();
    char path[PATH_MAX];

    *fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return RN_OK;
    /* Not every file system can make one without a name (NFS, overlays of old kernels). */
    if ((size_t)snprintf(path, sizeof path, "%s/renacer.XXXXXX", directory) >= sizeof path)
        return rn_fail(err, RN_E_USAGE, "TMPDIR is too long");
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd >= 0) {
        unlink(path);
        return RN_OK;
    }
    rn_fail(err, RN_E_SYSTEM, "cannot make a temporary file (TMPDIR says where)");
    return rn_fail_in(err, directory);
}
