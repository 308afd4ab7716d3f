/* SPDX-License-Identifier: MIT */
/* How a function of Renacer says that it failed, and why. */
#ifndef RN_STATUS_H
#define RN_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RN_MUST_CHECK __attribute__((warn_unused_result))
#define RN_PRINTF(format_index, first_argument)                                                    \
    __attribute__((format(printf, format_index, first_argument)))

enum rn_status {
    RN_OK = 0,
    RN_EOF,       /* nothing more to read: an answer, not a failure; no struct rn_error is filled */
    RN_E_SYSTEM,  /* a system call failed: sys_errno says how */
    RN_E_FORMAT,  /* the input is damaged or is not what it claims to be */
    RN_E_VERSION, /* the input is of a version or uses a feature this build does not know */
    RN_E_LIMIT,   /* a length or count in the input is over a documented limit */
    RN_E_USAGE,   /* the caller or the user asked for something that makes no sense */
    RN_E_NOMEM,
};

/* One failure. Owned by the caller, usually on its stack; zero-initialise it with RN_ERROR_INIT.
 * Filled only where a function returns something other than RN_OK and RN_EOF. */
struct rn_error {
    enum rn_status status;
    int sys_errno; /* with RN_E_SYSTEM; else 0 */
    bool has_offset;
    uint64_t offset;  /* bytes from the start of `file` */
    char file[512];   /* what the failure is about; empty if nothing nameable */
    char what[512];   /* one sentence without a final period or newline */
};

#define RN_ERROR_INIT {.status = RN_OK}

/* Fill *err (which may be NULL) and return `status`, so that callers write
 * `return rn_fail(err, RN_E_FORMAT, "chunk of %u rows is over the limit", rows);`.
 * With RN_E_SYSTEM the present errno is taken. file and offset are left empty. */
enum rn_status rn_fail(struct rn_error *err, enum rn_status status, const char *format, ...)
    RN_PRINTF(3, 4);

/* Add the file (and the offset) to a failure that has none yet; returns err's status. A place that
 * a deeper function already named is kept. */
enum rn_status rn_fail_in(struct rn_error *err, const char *file);
enum rn_status rn_fail_at(struct rn_error *err, const char *file, uint64_t offset);

/* Write "FILE: offset N: WHAT: CAUSE" into out (always NUL-terminated, control characters
 * replaced), leaving out what is not known. Returns out. */
char *rn_error_text(const struct rn_error *err, char *out, unsigned long out_size);

#ifdef __cplusplus
}
#endif
#endif
