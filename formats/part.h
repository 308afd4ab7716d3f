/* SPDX-License-Identifier: MIT */
/* The directory of an unsealed recording, as writer and reader both see it (archive.h says what is
 * in it). */
#ifndef RN_PART_H
#define RN_PART_H

#include "status.h"

/* malloc'ed "part/name"; NULL: no memory. */
char *rn_part_file(const char *part, const char *name);
/* Open a file of such a directory. Whoever made the directory may have put a link or a FIFO there,
 * to have something else written over or to keep its reader waiting: RN_E_USAGE, as for a file that
 * has other names where it is opened for writing. RN_E_SYSTEM otherwise, with errno as open(2) left
 * it. `flags` of open(2) but for O_TRUNC; O_CLOEXEC is added. */
RN_MUST_CHECK enum rn_status rn_part_open(const char *path, int flags, int *fd,
                                          struct rn_error *err);
/* Paths of the files seg.N, in order of N; NULL-terminated, all malloc'ed. */
RN_MUST_CHECK enum rn_status rn_part_segments(const char *part, char ***out, struct rn_error *err);
void rn_part_free_segments(char **paths);
void rn_part_empty(const char *part); /* remove rings and segments */
/* Remove the directory and what Renacer puts into it. */
void rn_part_remove(const char *part);

#endif
