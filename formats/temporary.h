/* SPDX-License-Identifier: MIT */
/* A file for what is too much for memory. */
#ifndef RN_TEMPORARY_H
#define RN_TEMPORARY_H

#include "status.h"

/* TMPDIR, or /tmp where it says nothing. Borrowed from the environment. */
const char *rn_temporary_directory(void);

/* A new file there without a name: whatever ends the process, nothing is left. *fd is open to be
 * read and written, closed on exec; the caller closes it. Thread-safe as getenv() is. */
RN_MUST_CHECK enum rn_status rn_temporary_file(int *fd, struct rn_error *err);

#endif
