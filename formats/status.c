/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum rn_status rn_fail(struct rn_error *err, enum rn_status status, const char *format, ...)
{
    int saved_errno = errno;
    va_list arguments;

    if (!err)
        return status;
    err->status = status;
    err->sys_errno = status == RN_E_SYSTEM ? saved_errno : 0;
    err->has_offset = false;
    err->offset = 0;
    err->file[0] = '\0';
    va_start(arguments, format);
    vsnprintf(err->what, sizeof err->what, format, arguments);
    va_end(arguments);
    errno = saved_errno;
    return status;
}

static bool name_place(struct rn_error *err, const char *file)
{
    if (!err || err->file[0])
        return false;
    snprintf(err->file, sizeof err->file, "%s", file);
    return true;
}

/* Without an rn_error the deeper status is not known here; that it failed still is. */
static enum rn_status status_of(const struct rn_error *err)
{
    return err ? err->status : RN_E_FORMAT;
}

enum rn_status rn_fail_in(struct rn_error *err, const char *file)
{
    name_place(err, file);
    return status_of(err);
}

enum rn_status rn_fail_at(struct rn_error *err, const char *file, uint64_t offset)
{
    if (name_place(err, file) && !err->has_offset) {
        err->has_offset = true;
        err->offset = offset;
    }
    return status_of(err);
}

/* C0, DEL, and C1 in its UTF-8 form: all that moves a cursor or starts an escape sequence. */
static void replace_controls(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            at[0] = at[1] = '?';
    }
}

char *rn_error_text(const struct rn_error *err, char *out, unsigned long out_size)
{
    char offset[40] = "", reason[128];
    const char *cause = "";

    if (out_size == 0)
        return out;
    if (err->has_offset)
        snprintf(offset, sizeof offset, "offset %" PRIu64 ": ", err->offset);
    if (err->sys_errno)
        cause = strerror_r(err->sys_errno, reason, sizeof reason);
    snprintf(out, out_size, "%s%s%s%s%s%s", err->file, err->file[0] ? ": " : "", offset, err->what,
             err->what[0] && cause[0] ? ": " : "", cause);
    replace_controls(out);
    return out;
}
