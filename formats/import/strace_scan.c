/* SPDX-License-Identifier: MIT */
#include "strace_scan.h"

#include "formats/escape.h"

static bool scan_hex(const char **at, uint64_t *value)
{
    const char *p = *at;
    uint64_t sum = 0;
    int digit;

    while ((digit = rn_hex_digit(*p)) >= 0) {
        if (sum >> 60)
            return false;
        sum = sum << 4 | (uint64_t)digit;
        p++;
    }
    if (p == *at)
        return false;
    *at = p;
    *value = sum;
    return true;
}

static bool scan_octal(const char **at, uint64_t *value)
{
    const char *p = *at;
    uint64_t sum = 0;

    for (; *p >= '0' && *p <= '7'; p++) {
        if (sum >> 61)
            return false;
        sum = sum << 3 | (uint64_t)(*p - '0');
    }
    if (strace_is_digit(*p))
        return false;
    *at = p;
    *value = sum;
    return true;
}

bool strace_scan_decimal(const char **at, uint64_t *value)
{
    const char *p = *at;
    uint64_t sum = 0;

    for (; strace_is_digit(*p); p++) {
        /* 19 digits always fit. */
        if (p - *at >= 19 && (__builtin_mul_overflow(sum, 10, &sum) ||
                              __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum)))
            return false;
        else if (p - *at < 19)
            sum = sum * 10 + (uint64_t)(*p - '0');
    }
    if (p == *at)
        return false;
    *at = p;
    *value = sum;
    return true;
}

bool strace_scan_number(const char **at, uint64_t *value)
{
    const char *p = *at;
    bool negative = *p == '-', fine;

    if (*p == 'N' && strncmp(p, "NULL", 4) == 0 && !strace_is_word(p[4])) {
        *at = p + 4;
        *value = 0;
        return true;
    }
    p += negative;
    if (!strace_is_digit(*p))
        return false;
    if (*p == '0' && p[1] == 'x') {
        p += 2;
        fine = scan_hex(&p, value);
    } else if (*p == '0') {
        fine = scan_octal(&p, value);
    } else {
        fine = strace_scan_decimal(&p, value);
    }
    if (!fine || strace_is_word(*p))
        return false;
    if (negative)
        *value = -*value;
    *at = p;
    return true;
}

/* The character that an escape stands for; *at is behind the backslash. */
static uint8_t unescape(const char **at)
{
    static const char names[] = "n\nt\tr\rv\vf\fa\ab\b";
    const char *p = *at, *name;
    unsigned value = 0;
    int digit;

    if (*p >= '0' && *p <= '7') {
        for (int i = 0; i < 3 && *p >= '0' && *p <= '7'; i++)
            value = value << 3 | (unsigned)(*p++ - '0');
        *at = p;
        return (uint8_t)value;
    }
    if (*p == 'x' && rn_hex_digit(p[1]) >= 0) {
        p++;
        for (int i = 0; i < 2 && (digit = rn_hex_digit(*p)) >= 0; i++, p++)
            value = value << 4 | (unsigned)digit;
        *at = p;
        return (uint8_t)value;
    }
    *at = p + 1;
    for (name = names; *name; name += 2)
        if (*name == *p)
            return (uint8_t)name[1];
    return (uint8_t)*p;
}

/* The quote that ends a string which begins at `at`; NULL: none. *escapes: it has backslashes. The
 * quote is looked for again only where an escape hides it: a string is read once, not once for each
 * escape. */
static const char *string_end(const char *at, const char *end, bool *escapes)
{
    const char *quote = memchr(at, '"', (size_t)(end - at)), *slash;

    *escapes = false;
    while (quote && (slash = memchr(at, '\\', (size_t)(quote - at))) != NULL) {
        *escapes = true;
        at = slash + 2;
        if (at > end)
            return NULL;
        if (at > quote)
            quote = memchr(at, '"', (size_t)(end - at));
    }
    return quote;
}

static bool decode(const char *at, const char *quote, struct strace_arena *arena,
                   struct strace_string *string)
{
    uint8_t *out = arena->next;

    if ((size_t)(arena->end - out) < (size_t)(quote - at))
        return false;
    string->data = out;
    while (at < quote) {
        const char *slash = memchr(at, '\\', (size_t)(quote - at));
        size_t plain = (size_t)((slash ? slash : quote) - at);

        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (slash) {
            at++;
            *out++ = unescape(&at);
        }
    }
    string->size = (size_t)(out - string->data);
    arena->next = out;
    return true;
}

bool strace_scan_string(const char **at, const char *end, struct strace_arena *arena,
                        struct strace_string *string)
{
    const char *p = *at, *quote;
    bool escapes;

    if (*p != '"' || !(quote = string_end(++p, end, &escapes)))
        return false;
    if (!escapes) {
        string->data = (const uint8_t *)p;
        string->size = (size_t)(quote - p);
    } else if (!decode(p, quote, arena, string)) {
        return false;
    }
    *at = quote + 1;
    string->cut = strace_eat(at, "...");
    return true;
}

bool strace_scan_angle(const char **at, const char *end, const char **name, size_t *length)
{
    const char *p = *at + 1, *word = p;
    int depth = 1;

    while (strace_is_word(*word) || *word == '-')
        word++;
    *name = p;
    if (word[0] == ':' && word[1] == '[') {
        p = memmem(word, (size_t)(end - word), "]>", 2);
        if (!p)
            return false;
        *length = (size_t)(p + 1 - *name);
        *at = p + 2;
        return true;
    }
    for (; p < end && *p; p++) {
        depth += (*p == '<') - (*p == '>');
        if (depth == 0)
            break;
    }
    if (p == end || !*p)
        return false;
    *length = (size_t)(p - *name);
    *at = p + 1;
    return true;
}

bool strace_scan_comment(const char **at, const char *end)
{
    const char *p = *at;

    while (*p == ' ')
        p++;
    if (p[0] != '/' || p[1] != '*')
        return false;
    p = memmem(p, (size_t)(end - p), "*/", 2);
    if (!p)
        return false;
    *at = p + 2;
    return true;
}

/* What is taken as a whole within an argument: a string, a comment, what a descriptor is. */
static const char *skip_piece(const char *at, const char *begin, const char *end)
{
    const char *name;
    size_t length;
    bool escapes;

    switch (*at) {
    case '"': {
        const char *quote = string_end(at + 1, end, &escapes);

        return quote ? quote + 1 : end;
    }
    case '/':
        return strace_scan_comment(&at, end) ? at : at + 1;
    case '<':
        /* A shift is none. */
        if (at[1] == '<')
            return at + 2;
        if (at == begin || strace_is_word(at[-1]) || at[1] == '.')
            return strace_scan_angle(&at, end, &name, &length) ? at : end;
        return at + 1;
    default:
        return at + 1;
    }
}

const char *strace_scan_skip(const char *at, const char *end)
{
    const char *begin = at;
    int depth = 0;

    while (at < end) {
        switch (*at) {
        case '(':
        case '[':
        case '{':
            depth++;
            at++;
            break;
        case ')':
        case ']':
        case '}':
            if (depth-- == 0)
                return at;
            at++;
            break;
        case ',':
            if (depth == 0)
                return at;
            at++;
            break;
        default:
            at = skip_piece(at, begin, end);
        }
    }
    return end;
}

uint8_t *strace_arena_take(struct strace_arena *arena, size_t size)
{
    size_t gap = -(uintptr_t)arena->next & 7;
    uint8_t *bytes;

    if ((size_t)(arena->end - arena->next) < gap || (size_t)(arena->end - arena->next) - gap < size)
        return NULL;
    bytes = arena->next + gap;
    memset(bytes, 0, size);
    arena->next = bytes + size;
    return bytes;
}
