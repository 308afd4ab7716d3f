/* SPDX-License-Identifier: MIT */
/* Numbers to names: flags, enumerations, errno, signals, ioctl requests. Made at build time from
 * the lists in formats/xlat/. */
#ifndef RN_XLAT_H
#define RN_XLAT_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One for each file formats/xlat/NAME.in, as RN_XLAT_NAME; RN_XLAT_NONE is 0. */
#include "xlat_ids.gen.h"

/* "ENOENT" for 2; NULL unknown. Linux numbers (asm-generic), not the host's. */
const char *rn_errno_name(int error);
const char *rn_errno_text(int error); /* "No such file or directory"; NULL unknown */
int rn_errno_from_name(const char *name, size_t length); /* 0 unknown */
/* "SIGCHLD" for 17, "SIGRT_3"...; into a static table: never NULL. */
const char *rn_signal_name(unsigned signo);
int rn_signal_from_name(const char *name, size_t length); /* with or without SIG; 0 unknown */
const char *rn_ioctl_name(uint64_t request);              /* NULL unknown */

/* The name of exactly this value in a table; NULL unknown. */
const char *rn_xlat_name(unsigned xlat, uint64_t value);

/* Append "O_RDONLY|O_CLOEXEC|0x1000000" style text: named bits, then what is left in hexadecimal
 * (or, for an enumeration without that value, the number). */
void rn_xlat_flags(struct rn_buf *out, unsigned xlat, uint64_t value);
void rn_xlat_enum(struct rn_buf *out, unsigned xlat, uint64_t value);

/* All names of all tables, to be looked up fast; some 200 KiB. NULL without memory. Looking up is
 * thread-safe. */
struct rn_xlat_names;
struct rn_xlat_names *rn_xlat_names_new(void);
void rn_xlat_names_free(struct rn_xlat_names *names); /* accepts NULL */
/* The number of a name in a table; false: not in it. */
bool rn_xlat_names_find(const struct rn_xlat_names *names, unsigned xlat, const char *name,
                        size_t length, uint64_t *value);

#ifdef __cplusplus
}
#endif
#endif
