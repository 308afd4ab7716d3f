/* SPDX-License-Identifier: MIT */
/* Structs that strace prints in a way of their own: sets, statuses, lists of numbers. */
#include "strace_private.h"

#define SIGNALS      64u
#define CPUS_MAX     8192u
#define OPTION_FLAGS 4u

/* [INT CHLD], ~[RTMIN RT_1], [] */
static bool scan_sigset(struct strace_call *c, uint64_t *mask)
{
    bool inverted = strace_eat(&c->p, "~");
    uint64_t sum = 0;

    if (*c->p++ != '[')
        return false;
    while (*c->p != ']') {
        const char *end = strace_scan_word(c->p);
        int signo = rn_signal_from_name(c->p, (size_t)(end - c->p));
        uint64_t number;

        if (strace_is_digit(*c->p) && strace_scan_number(&c->p, &number) && number <= SIGNALS)
            signo = (int)number;
        else
            c->p = end;
        if (signo <= 0)
            return false;
        sum |= UINT64_C(1) << (signo - 1);
        if (*c->p == ' ')
            c->p++;
    }
    c->p++;
    *mask = inverted ? ~sum : sum;
    return true;
}

bool strace_sigset(struct strace_call *c, uint64_t *mask)
{
    const char *begin = c->p, *end;
    struct strace_memo *memo;
    size_t length;
    bool known;

    end = *begin == '[' || *begin == '~' ? memchr(begin, ']', (size_t)(c->end - begin)) : NULL;
    if (!end)
        return false;
    length = (size_t)(end + 1 - begin);
    if (length > STRACE_MEMO_TEXT)
        return scan_sigset(c, mask);
    memo = strace_memo(c, length, STRACE_MEMO_SIGSET, &known);
    if (!known) {
        if (!scan_sigset(c, mask))
            return false;
        strace_remember(memo, begin, length, STRACE_MEMO_SIGSET, *mask);
    }
    *mask = memo->value;
    c->p = end + 1;
    return true;
}

/* What is printed of a child's end: with macros, as wait(2) explains them. */
static bool scan_status(struct strace_call *c, uint32_t *status)
{
    uint64_t value = 0;

    if (strace_eat(&c->p, "[{WIFEXITED(s) && WEXITSTATUS(s) == ")) {
        if (!strace_scan_number(&c->p, &value) || value > 0xff)
            return false;
        *status = (uint32_t)value << 8;
    } else if (strace_eat(&c->p, "[{WIFSIGNALED(s) && WTERMSIG(s) == ")) {
        if (!strace_signal(c->reader, &c->p, &value))
            return false;
        *status = (uint32_t)value & 0x7f;
        if (strace_eat(&c->p, " && WCOREDUMP(s)"))
            *status |= 0x80;
    } else if (strace_eat(&c->p, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ")) {
        if (!strace_signal(c->reader, &c->p, &value))
            return false;
        *status = ((uint32_t)value & 0xff) << 8 | 0x7f;
    } else if (strace_eat(&c->p, "[{WIFCONTINUED(s)")) {
        *status = 0xffff;
    } else {
        return false;
    }
    return strace_eat(&c->p, "}]");
}

/* [3 4]: bits of a set of `size` bytes. */
static bool scan_members(struct strace_call *c, bool descriptors, uint8_t *set, size_t size)
{
    uint64_t bit;

    if (*c->p++ != '[')
        return false;
    while (*c->p != ']') {
        if (!(descriptors ? strace_fd(c, false, &bit) : strace_scan_number(&c->p, &bit)) ||
            bit / 8 >= size)
            return false;
        set[bit / 8] |= (uint8_t)(1u << bit % 8);
        if (*c->p == ' ')
            c->p++;
        else if (*c->p == ',')
            c->p += 1 + (c->p[1] == ' ');
        else if (*c->p != ']')
            return false;
    }
    c->p++;
    return true;
}

/* [1], [0, 4, 24]: each of `width` bytes; at most `limit` of them, 0: any number. */
static bool scan_list(struct strace_call *c, size_t width, size_t limit,
                      struct rn_attachment *bytes)
{
    uint64_t value;

    bytes->data = strace_arena_take(&c->arena, 0);
    if (*c->p++ != '[' || !bytes->data)
        return false;
    do {
        if (!strace_scan_number(&c->p, &value) || (size_t)(c->arena.end - c->arena.next) < width)
            return false;
        memcpy(c->arena.next, &value, width);
        c->arena.next += width;
        bytes->size += (uint32_t)width;
    } while (strace_eat(&c->p, ", "));
    return strace_eat(&c->p, "]") && (limit == 0 || bytes->size == limit);
}

/* The value of a socket option: its length is the next argument. */
static bool scan_option(struct strace_call *c, struct rn_attachment *bytes)
{
    struct strace_string string;
    const char *at;
    uint64_t length;

    if (*c->p == '[') {
        if (!scan_list(c, OPTION_FLAGS, 0, bytes))
            return false;
    } else {
        if (!strace_scan_string(&c->p, c->end, &c->arena, &string) || string.cut)
            return false;
        bytes->data = string.data;
        bytes->size = (uint32_t)string.size;
    }
    at = c->p;
    return strace_eat(&at, ", ") && strace_scan_number(&at, &length) && length == bytes->size;
}

/* A set of CPUs: as long as the result, or the argument before it, says. */
static bool scan_cpus(struct strace_call *c, struct rn_attachment *bytes)
{
    size_t size = c->args[1] <= CPUS_MAX / 8 ? (size_t)c->args[1] : 0;
    uint8_t *set = strace_arena_take(&c->arena, size);

    bytes->data = set;
    bytes->size = (uint32_t)size;
    return size && set && scan_members(c, false, set, size);
}

bool strace_special(struct strace_call *c, const struct rn_arg *arg, struct rn_attachment *bytes)
{
    uint8_t *out;
    uint64_t mask = 0;
    uint32_t status = 0;

    switch (arg->struct_type) {
    case RN_STRUCT_INT:
        return scan_list(c, 4, arg->size_arg == RN_ARG_NONE ? arg->bytes : 0, bytes);
    case RN_STRUCT_OFFSET:
        return scan_list(c, 8, 8, bytes);
    case RN_STRUCT_BYTES:
        return scan_option(c, bytes);
    case RN_STRUCT_CPU_SET:
        return scan_cpus(c, bytes);
    case RN_STRUCT_FD_SET:
        out = strace_arena_take(&c->arena, arg->bytes);
        bytes->size = arg->bytes;
        bytes->data = out;
        return out && scan_members(c, true, out, arg->bytes);
    case RN_STRUCT_SIGSET:
        out = strace_arena_take(&c->arena, sizeof(mask));
        if (!out || !strace_sigset(c, &mask))
            return false;
        memcpy(out, &mask, sizeof(mask));
        bytes->size = sizeof(mask);
        bytes->data = out;
        return true;
    case RN_STRUCT_WAIT_STATUS:
        out = strace_arena_take(&c->arena, sizeof(status));
        if (!out || !scan_status(c, &status))
            return false;
        memcpy(out, &status, sizeof(status));
        bytes->size = sizeof(status);
        bytes->data = out;
        return true;
    default:
        return false;
    }
}

/* ([{fd=3, revents=POLLIN}]) behind the result: the same array, as it was after the call. */
bool strace_poll_note(struct strace_call *c, const char *at, const char *end)
{
    const struct rn_attachment *entry = rn_event_attachment(&c->event, RN_ATT_STRUCT, 0);
    struct strace_call note = *c;
    uint8_t *fds;
    size_t next = 0;

    if (!entry || !(fds = strace_arena_take(&c->arena, entry->size)))
        return false;
    memcpy(fds, entry->data, entry->size);
    note.p = at;
    note.end = end;
    if (!strace_eat(&note.p, "(["))
        return false;
    do {
        uint64_t fd, events;
        uint32_t known = 0;

        if (!strace_eat(&note.p, "{fd=") || !strace_fd(&note, false, &fd) ||
            !strace_eat(&note.p, ", revents=") ||
            !strace_flags(&note, RN_XLAT_POLL_EVENTS, &events) || !strace_eat(&note.p, "}"))
            return false;
        for (; next + 8 <= entry->size; next += 8) {
            memcpy(&known, fds + next, 4);
            if (known == (uint32_t)fd)
                break;
        }
        if (next + 8 > entry->size)
            return false;
        memcpy(fds + next + 6, &events, 2);
        next += 8;
    } while (strace_eat(&note.p, ", "));
    if (*note.p != ']')
        return false;
    strace_attach(c, RN_ATT_STRUCT, 0, fds, entry->size);
    return true;
}
