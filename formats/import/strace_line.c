/* SPDX-License-Identifier: MIT */
/* What stands before the call in a line: the thread, the time, the place in the code. */
#include "strace_private.h"

#include "formats/escape.h"

#define NS_PER_S  UINT64_C(1000000000)
#define PID_MAX   4194304u /* larger numbers are times: --timestamps=unix,s */
#define NAMES_MAX 64

static const char *skip_spaces(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* 123 or, with --decode-pids=comm, 123<bash>. */
static bool scan_tid(const char **at, const char *end, struct strace_leader *leader)
{
    const char *p = *at, *name;
    uint64_t tid;
    size_t length;

    if (!strace_scan_decimal(&p, &tid) || tid == 0 || tid > PID_MAX ||
        (*p == '<' && !strace_scan_angle(&p, end, &name, &length)) || (*p != ' ' && *p != ']'))
        return false;
    leader->has_tid = true;
    leader->tid = tid;
    *at = p;
    return true;
}

/* [pid  2177] */
static bool scan_bracketed(const char **at, const char *end, struct strace_leader *leader)
{
    const char *p = *at;

    if (!strace_eat(&p, "[pid "))
        return false;
    p = skip_spaces(p);
    if (!scan_tid(&p, end, leader) || !strace_eat(&p, "]"))
        return false;
    *at = skip_spaces(p);
    return true;
}

static bool scan_two(const char **at, uint64_t limit, uint64_t *value)
{
    const char *p = *at;

    if (!strace_is_digit(p[0]) || !strace_is_digit(p[1]))
        return false;
    *value = (uint64_t)(p[0] - '0') * 10 + (uint64_t)(p[1] - '0');
    *at = p + 2;
    return *value <= limit;
}

/* 12:34:56, 12:34:56.123456 */
static bool scan_clock(const char **at, uint64_t *ns)
{
    const char *p = *at;
    uint64_t hours, minutes, seconds;

    if (!scan_two(&p, 23, &hours) || *p++ != ':' || !scan_two(&p, 59, &minutes) || *p++ != ':' ||
        !strace_is_digit(p[0]) || !strace_is_digit(p[1]) || strace_is_digit(p[2]) ||
        !strace_scan_seconds(&p, &seconds) || seconds >= 61 * NS_PER_S || *p != ' ')
        return false;
    *ns = (hours * 3600 + minutes * 60) * NS_PER_S + seconds;
    *at = p;
    return true;
}

static bool scan_time(const char **at, struct strace_leader *leader)
{
    const char *p = *at;

    if (strace_is_digit(p[0]) && strace_is_digit(p[1]) && p[2] == ':') {
        if (!scan_clock(&p, &leader->ns))
            return false;
        leader->time = STRACE_TIME_OF_DAY;
    } else {
        if (!strace_scan_seconds(&p, &leader->ns) || *p != ' ')
            return false;
        leader->time = leader->ns < PID_MAX * NS_PER_S ? STRACE_TIME_RELATIVE : STRACE_TIME_EPOCH;
    }
    p = skip_spaces(p);
    /* -r beside another time says nothing new: (+     0.000123) */
    if (p[0] == '(' && p[1] == '+') {
        const char *end = strchr(p, ')');

        p = end ? skip_spaces(end + 1) : p;
    }
    *at = p;
    return true;
}

/* -i: [00007f0123456789], [????????????????]; -n: [  59] */
static bool scan_place(const char **at, struct strace_leader *leader)
{
    const char *p = *at + 1, *begin;
    uint64_t address = 0;
    int digit;

    p = begin = skip_spaces(p);
    while ((digit = rn_hex_digit(*p)) >= 0 && p - begin < 17) {
        address = address << 4 | (uint64_t)digit;
        p++;
    }
    while (*p == '?')
        p++;
    if (p == begin || p[0] != ']' || p[1] != ' ')
        return false;
    if (p - begin == 16 || p - begin == 8)
        leader->site = address;
    *at = skip_spaces(p + 1);
    return true;
}

bool strace_leader(const char **at, const char *end, struct strace_leader *leader)
{
    const char *p = *at;

    *leader = (struct strace_leader){.has_tid = false};
    if (*p == '[' && !scan_bracketed(&p, end, leader) && p[1] == 'p')
        return false;
    if (strace_is_digit(*p)) {
        const char *number = p;

        while (strace_is_digit(*number))
            number++;
        if ((*number == ' ' || *number == '<') && scan_tid(&p, end, leader))
            p = skip_spaces(p);
    }
    if (strace_is_digit(*skip_spaces(p))) {
        p = skip_spaces(p);
        (void)scan_time(&p, leader);
    }
    while (*p == '[' && scan_place(&p, leader))
        ;
    *at = p;
    return true;
}

/* Where the end of a line begins that tells that the call goes on in a later line, else NULL. A
 * thread that executes a program goes on under the number of its leader: "<pid changed to N ...>",
 * where no other thread wrote in between. */
const char *strace_line_stops(const char *at, const char *end)
{
    static const char unfinished[] = "<unfinished ...>", changed[] = "<pid changed to ",
                      dots[] = " ...>";
    const char *p;

    if ((size_t)(end - at) < strlen(unfinished))
        return NULL;
    p = end - strlen(dots);
    if (memcmp(p, dots, strlen(dots)) != 0)
        return NULL;
    if (memcmp(end - strlen(unfinished), unfinished, strlen(unfinished)) == 0)
        return end - strlen(unfinished);
    while (p > at && strace_is_digit(p[-1]))
        p--;
    if ((size_t)(p - at) < strlen(changed) ||
        memcmp(p - strlen(changed), changed, strlen(changed)) != 0)
        return NULL;
    return p - strlen(changed);
}

/* Does it read like a call, or like what else strace writes? Stricter than the reader is. */
bool strace_line_is_call(const char *at, const char *end)
{
    const char *word = strace_scan_word(at), *p = word;

    if (strncmp(at, "--- SIG", 7) == 0 || strncmp(at, "+++ ", 4) == 0)
        return memcmp(end - 4, *at == '-' ? " ---" : " +++", 4) == 0;
    if (strncmp(at, "<... ", 5) == 0)
        return memmem(at, (size_t)(end - at), " resumed>", 9) != NULL;
    if (word == at || word - at > NAMES_MAX || *word != '(' || strace_is_digit(*at))
        return false;
    if (strace_line_stops(at, end) ||
        (end - at > 14 && memcmp(end - 14, "<detached ...>", 14) == 0))
        return true;
    p = strace_scan_skip(word + 1, end);
    while (p < end && *p == ',')
        p = strace_scan_skip(p + 1, end);
    if (p >= end || *p++ != ')')
        return false;
    while (*p == ' ')
        p++;
    return p[0] == '=' && p[1] == ' ' && (p[2] == '-' || p[2] == '?' || strace_is_digit(p[2]));
}
