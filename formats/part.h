/* SPDX-License-Identifier: MIT */
/* The directory of an unsealed recording, as writer and reader both see it (archive.h says what is
 * in it). */
#ifndef RN_PART_H
#define RN_PART_H

#include "status.h"

/* malloc'ed "part/name"; NULL: no memory. */
char *rn_part_file(const char *part, const char *name);
/* Paths of the files seg.N, in order of N; NULL-terminated, all malloc'ed. */
RN_MUST_CHECK enum rn_status rn_part_segments(const char *part, char ***out, struct rn_error *err);
void rn_part_free_segments(char **paths);
void rn_part_empty(const char *part); /* remove rings and segments */
/* Remove the directory and what Renacer puts into it. */
void rn_part_remove(const char *part);

#endif
