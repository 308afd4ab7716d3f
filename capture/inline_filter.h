/* SPDX-License-Identifier: MIT */
/* The seccomp filter of the inline engine: system calls of the injected code pass, all others stop
 * for the engine. It is constant, installed once before the program starts, and kept by the kernel
 * across fork and exec. */
#ifndef RN_INLINE_FILTER_H
#define RN_INLINE_FILTER_H

#include "formats/status.h"

/* For the calling thread (the child that will exec the program). Sets no_new_privs only where the
 * caller may not install a filter without it. Uses only async-signal-safe calls. */
RN_MUST_CHECK enum rn_status rn_inline_filter_install(struct rn_error *err);

#endif
