/* SPDX-License-Identifier: MIT */
/* What stands behind the arguments of a call: its result, what strace says of it, how long it took.
 */
#include "strace_private.h"

#define NS_PER_S  UINT64_C(1000000000)
#define ERRNO_MAX 4095u

/* ENOENT (No such file or directory), or (errno 4000). */
static bool scan_error(struct strace_call *c)
{
    const char *end = strace_scan_word(c->p);
    uint64_t error = 0;

    if (strace_eat(&c->p, "(errno ")) {
        if (!strace_scan_decimal(&c->p, &error) || !strace_eat(&c->p, ")"))
            return false;
        end = c->p;
    } else if (!rn_xlat_names_find(c->reader->names, RN_XLAT_ERRNO, c->p, (size_t)(end - c->p),
                                   &error)) {
        return false;
    }
    if (error == 0 || error > ERRNO_MAX)
        return false;
    c->event.u.syscall.ret = -error;
    c->failed = true;
    c->returned = true;
    c->p = end;
    if (c->p[0] == ' ' && c->p[1] == '(') {
        end = memchr(c->p, ')', (size_t)(c->end - c->p));
        c->p = end ? end + 1 : c->end;
    }
    return true;
}

static bool scan_value(struct strace_call *c)
{
    uint64_t *ret = &c->event.u.syscall.ret;
    const char *name;
    size_t length;

    c->returned = true;
    if (c->info && c->info->return_type == RN_RETURN_FD)
        return strace_fd(c, true, ret);
    if (!strace_scan_number(&c->p, ret))
        return false;
    return *c->p != '<' || strace_scan_angle(&c->p, c->end, &name, &length);
}

bool strace_scan_result(struct strace_call *c)
{
    while (*c->p == ' ')
        c->p++;
    if (!strace_eat(&c->p, "= "))
        return false;
    if (*c->p == '?') {
        c->p++;
        if (c->p[0] == ' ' && c->p[1] == 'E') {
            c->p++;
            return scan_error(c);
        }
        c->event.flags |= RN_EVENT_UNFINISHED;
        return true;
    }
    if (c->p[0] == '-' && c->p[1] == '1' && c->p[2] == ' ' && (c->p[3] == 'E' || c->p[3] == '(')) {
        c->p += 3;
        return scan_error(c);
    }
    return scan_value(c);
}

bool strace_scan_seconds(const char **at, uint64_t *ns)
{
    const char *p = *at, *begin;
    uint64_t seconds, part = 0, scale = NS_PER_S;

    if (!strace_scan_decimal(&p, &seconds) || seconds > UINT32_MAX * UINT64_C(2))
        return false;
    if (*p == '.') {
        begin = ++p;
        if (!strace_scan_decimal(&p, &part) || p - begin > 9)
            return false;
        for (; begin < p; begin++)
            scale /= 10;
        part *= scale;
    }
    *ns = seconds * NS_PER_S + part;
    *at = p;
    return true;
}

/* <0.000012> at the end of the line. */
static const char *scan_duration(struct strace_call *c)
{
    const char *begin =
        c->end[-1] == '>' && c->end > c->p ? memrchr(c->p, '<', (size_t)(c->end - c->p)) : NULL;
    const char *at = begin ? begin + 1 : NULL;
    uint64_t ns;

    if (!begin || begin == c->p || begin[-1] != ' ' || !strace_scan_seconds(&at, &ns) ||
        at + 1 != c->end)
        return c->end;
    c->event.duration = ns;
    c->reader->has_durations = true;
    return begin - 1;
}

/* (Timeout), ([{fd=3, revents=POLLIN}]), (INJECTED): kept as printed. The flags of a descriptor are
 * the result itself. */
void strace_scan_note(struct strace_call *c)
{
    const char *end = scan_duration(c);

    while (c->p < end && *c->p == ' ')
        c->p++;
    if (c->p >= end || strncmp(c->p, "(flags ", 7) == 0)
        return;
    if (c->info && c->info->args[0].struct_type == RN_STRUCT_POLLFD && c->returned && !c->failed) {
        c->event.attachment_count = c->count;
        (void)strace_poll_note(c, c->p, end);
    }
    strace_printed(c, RN_ARG_RETURN, c->p, end);
}
