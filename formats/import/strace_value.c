/* SPDX-License-Identifier: MIT */
/* Arguments that are numbers: printed as such, or by the names that formats/xlat/ knows. */
#include "strace_private.h"

#include "formats/name_hash.h"

/* One name, or a number. */
static bool scan_part(struct strace_call *c, unsigned xlat, const char **at, uint64_t *value)
{
    const char *end = strace_scan_word(*at);
    size_t length = (size_t)(end - *at);

    if (strace_is_digit(**at))
        return strace_scan_number(at, value);
    if (length == 0 ||
        (!rn_xlat_names_find(c->reader->names, xlat, *at, length, value) &&
         (xlat != RN_XLAT_CLONE_FLAGS ||
          !rn_xlat_names_find(c->reader->names, RN_XLAT_SIGNAL, *at, length, value))))
        return false;
    *at = end;
    return true;
}

static bool scan_parts(struct strace_call *c, unsigned xlat, const char **at, uint64_t *value)
{
    uint64_t sum = 0, part;

    for (;;) {
        if (!scan_part(c, xlat, at, &part))
            return false;
        sum |= part;
        /* -X verbose: a number, its names in a comment. */
        if (**at == ' ' && strace_scan_comment(at, c->end))
            c->odd = true;
        if (**at != '|')
            break;
        ++*at;
    }
    *value = sum;
    return true;
}

struct strace_memo *strace_memo(struct strace_call *c, size_t length, unsigned xlat, bool *known)
{
    struct strace_memo *memo =
        &c->reader->memo[(rn_name_hash(c->p, length) + xlat * 31) % STRACE_MEMO_SLOTS];

    *known = memo->length == length && memo->xlat == xlat && memcmp(memo->text, c->p, length) == 0;
    return memo;
}

void strace_remember(struct strace_memo *memo, const char *text, size_t length, unsigned xlat,
                     uint64_t value)
{
    memcpy(memo->text, text, length);
    memo->length = (uint32_t)length;
    memo->xlat = xlat;
    memo->value = value;
}

/* O_RDONLY|O_CLOEXEC, RLIMIT_STACK. The same texts come again and again. */
bool strace_flags(struct strace_call *c, unsigned xlat, uint64_t *value)
{
    const char *end = c->p;
    struct strace_memo *memo;
    size_t length;
    bool known;

    if (*end == '-')
        return strace_scan_number(&c->p, value);
    if (strace_is_digit(*end))
        return scan_parts(c, xlat, &c->p, value);
    while (strace_is_word(*end) || *end == '|')
        end++;
    length = (size_t)(end - c->p);
    if (length == 0 || length > STRACE_MEMO_TEXT)
        return scan_parts(c, xlat, &c->p, value);
    memo = strace_memo(c, length, xlat, &known);
    if (!known) {
        const char *at = c->p;

        if (!scan_parts(c, xlat, &at, value) || at != end)
            return false;
        strace_remember(memo, c->p, length, xlat, *value);
    }
    *value = memo->value;
    c->p = end;
    return true;
}

bool strace_signal(const struct strace_reader *reader, const char **at, uint64_t *value)
{
    const char *end = strace_scan_word(*at);
    size_t length = (size_t)(end - *at);

    if (strace_is_digit(**at))
        return strace_scan_number(at, value);
    if (!rn_xlat_names_find(reader->names, RN_XLAT_SIGNAL, *at, length, value))
        *value = (uint64_t)rn_signal_from_name(*at, length);
    if (*value == 0)
        return false;
    *at = end;
    return true;
}

bool strace_fd(struct strace_call *c, bool result, uint64_t *value)
{
    const char *name;
    size_t length;

    if (*c->p == 'A') {
        if (!strace_eat(&c->p, "AT_FDCWD"))
            return false;
        *value = STRACE_AT_FDCWD;
        return *c->p != '<' || strace_scan_angle(&c->p, c->end, &name, &length);
    }
    if (!strace_scan_number(&c->p, value))
        return false;
    *value = (uint32_t)*value;
    if (*c->p != '<')
        return true;
    if (!strace_scan_angle(&c->p, c->end, &name, &length))
        return false;
    strace_eat(&c->p, "(deleted)");
    if (c->named_count < STRACE_NAMED_MAX)
        c->named[c->named_count++] = (struct strace_named_fd){*value, name, length, result};
    return true;
}

/* S_IFIFO|0600 */
static bool scan_mode(struct strace_call *c, uint64_t *value)
{
    return strace_flags(c, RN_XLAT_FILE_TYPE, value);
}

/* _IOC(_IOC_READ|_IOC_WRITE, 0x4b, 0x2, 0x8) */
static bool scan_ioc(const char **at, uint64_t *value)
{
    uint64_t direction = 0, part[3];

    do {
        if (strace_eat(at, "_IOC_READ"))
            direction |= 2;
        else if (strace_eat(at, "_IOC_WRITE"))
            direction |= 1;
        else if (!strace_eat(at, "_IOC_NONE"))
            return false;
    } while (strace_eat(at, "|"));
    for (unsigned i = 0; i < 3; i++)
        if (!strace_eat(at, ", ") || !strace_scan_number(at, &part[i]))
            return false;
    *value = direction << 30 | (part[2] & 0x3fff) << 16 | (part[0] & 0xff) << 8 | (part[1] & 0xff);
    return strace_eat(at, ")");
}

/* Several requests have the same number: "TCSETSW or SNDCTL_TMR_START". */
static bool scan_ioctl(struct strace_call *c, uint64_t *value)
{
    bool known = false;
    uint64_t number;

    if (strace_is_digit(*c->p))
        return strace_scan_number(&c->p, value);
    if (strace_eat(&c->p, "_IOC("))
        return scan_ioc(&c->p, value);
    for (;;) {
        const char *end = strace_scan_word(c->p);
        size_t length = (size_t)(end - c->p);

        if (length == 0)
            return false;
        if (rn_xlat_names_find(c->reader->names, RN_XLAT_IOCTL, c->p, length, &number)) {
            *value = number;
            known = true;
        }
        c->p = end;
        if (strncmp(c->p, " or ", 4) != 0)
            return known;
        c->odd = true;
        c->p += 4;
    }
}

/* makedev(0x1, 0x3), as glibc and the kernel encode it. */
static bool scan_device(struct strace_call *c, uint64_t *value)
{
    uint64_t major, minor;

    if (!strace_eat(&c->p, "makedev("))
        return strace_scan_number(&c->p, value);
    if (!strace_scan_number(&c->p, &major) || !strace_eat(&c->p, ", ") ||
        !strace_scan_number(&c->p, &minor) || !strace_eat(&c->p, ")"))
        return false;
    *value = (major & 0xfff) << 8 | (major & 0xfffff000u) << 32 | (minor & 0xff) |
             (minor & 0xffffff00u) << 12;
    return true;
}

/* A number of 32 bits, as a register has it after a 32-bit move. 123<comm> with --decode-pids. */
static bool scan_int(struct strace_call *c, uint64_t *value)
{
    const char *name;
    size_t length;

    if (!strace_scan_number(&c->p, value))
        return false;
    *value = (uint32_t)*value;
    if (*c->p == '<') {
        c->odd = true;
        return strace_scan_angle(&c->p, c->end, &name, &length);
    }
    return true;
}

bool strace_value(struct strace_call *c, const struct rn_arg *arg, uint64_t *value)
{
    switch (arg->type) {
    case RN_TYPE_FD:
    case RN_TYPE_DIRFD:
        return strace_fd(c, false, value);
    case RN_TYPE_INT:
    case RN_TYPE_PID:
    case RN_TYPE_ID:
    case RN_TYPE_UINT:
        return scan_int(c, value);
    case RN_TYPE_FLAGS:
    case RN_TYPE_ENUM:
        return strace_flags(c, arg->xlat, value);
    case RN_TYPE_SIGNAL:
        return strace_signal(c->reader, &c->p, value);
    case RN_TYPE_MODE:
        return scan_mode(c, value);
    case RN_TYPE_IOCTL:
        return scan_ioctl(c, value);
    case RN_TYPE_DEVICE:
        return scan_device(c, value);
    case RN_TYPE_CLOCKID:
        return strace_flags(c, RN_XLAT_CLOCKID, value);
    default:
        return strace_scan_number(&c->p, value);
    }
}
