/* SPDX-License-Identifier: MIT */
/* Between the assembly and the C part of the injected code. */
#ifndef RN_BLOB_RECORD_H
#define RN_BLOB_RECORD_H

#include "blob_layout.h"

#include <stdint.h>

/* Before the call: RN_BEFORE_... says who makes it. After it: finish the record; 1: RN_TELL_MAPPED is
 * to be said. */
int rn_blob_before(struct rn_thread_area *area);
int rn_blob_after(struct rn_thread_area *area);

/* A system call of the recorder's own, let pass by the seccomp filter. */
long rn_blob_own_call(long nr, long a, long b, long c, long d);

#endif
