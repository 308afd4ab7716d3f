/* SPDX-License-Identifier: MIT */
/* What the first lines tell: that it is strace at all, which times there are, the thread of lines
 * without a number, the directory. */
#include "strace_private.h"

#include <stdlib.h>

#define SNIFF_LINES 40u
#define CWD_MAX     4096u
#define ARGV_ROOM   65536u /* bytes: more than the head has */
#define ARGV_MAX    64u
/* 1970-01-02, UTC: times of day stay what they are, and nobody takes it for a date. */
#define DAY_WITHOUT_DATE (INT64_C(86400) * 1000000000)
#define FIRST_TID        1u /* of whom the output never says it */

struct lines {
    char *at, *end; /* what is left; a NUL stands at its end */
};

/* The next one, with a NUL behind it. */
static bool next_line(struct lines *lines, const char **at, const char **end)
{
    char *newline, *stop;

    if (lines->at >= lines->end)
        return false;
    newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    stop = newline ? newline : lines->end;
    *at = lines->at;
    lines->at = stop + 1;
    if (stop > *at && stop[-1] == '\r')
        stop--;
    *stop = '\0';
    *end = stop;
    return true;
}

/* The head, with a NUL behind it. */
static char *copy_head(const uint8_t *head, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy) {
        memcpy(copy, head, size);
        copy[size] = '\0';
    }
    return copy;
}

/* Lines that read like strace's, of those that must (messages and what the program wrote may be
 * among them). */
int strace_recognise(const uint8_t *head, size_t size)
{
    char *copy = copy_head(head, size < 16384 ? size : 16384);
    struct lines lines;
    const char *at, *end;
    unsigned good = 0, bad = 0;

    if (!copy)
        return 0;
    lines = (struct lines){copy, copy + (size < 16384 ? size : 16384)};
    while (good + bad < SNIFF_LINES && next_line(&lines, &at, &end)) {
        struct strace_leader leader;

        /* The last one may be cut. */
        if (lines.at > lines.end && size >= 16384)
            break;
        if (end - at < 8 || strncmp(at, "strace: ", 8) == 0 || strncmp(at, " > ", 3) == 0 ||
            *at == ',')
            continue;
        if (strace_leader(&at, end, &leader) && end - at >= 8 && strace_line_is_call(at, end))
            good++;
        else if (!memmem(at, (size_t)(end - at), "strace: Process ", 16))
            bad++;
    }
    free(copy);
    if (good == 0 || bad > good)
        return 0;
    return good >= 3 && bad == 0 ? 95 : good >= 3 ? 70 : bad == 0 ? 60 : 20;
}

/* Calls whose result is the caller's number. */
static uint64_t own_number(const char *at, const char *end)
{
    static const char *const calls[] = {"set_tid_address(", "gettid(", "getpid("};
    uint64_t tid;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const char *p;

        if (strncmp(at, calls[i], strlen(calls[i])) != 0)
            continue;
        p = memmem(at, (size_t)(end - at), "= ", 2);
        if (p && (p += 2) && strace_scan_number(&p, &tid) && tid > 0 && tid < INT32_MAX)
            return tid;
    }
    return 0;
}

/* AT_FDCWD</tmp> of the first process. */
static void find_directory(struct strace_reader *reader, const char *at, const char *end)
{
    const char *p = memmem(at, (size_t)(end - at), "AT_FDCWD<", 9), *name;
    size_t length;

    if (!p || reader->cwd.size)
        return;
    p += 8;
    if (strace_scan_angle(&p, end, &name, &length) && length < CWD_MAX && *name == '/')
        rn_buf_append(&reader->cwd, name, length);
}

/* The arguments of the program: of the first execve. What was cut ends with dots. */
static void find_arguments(struct strace_reader *reader, const char *at, const char *end)
{
    struct strace_string string;
    struct strace_arena arena;
    struct rn_buf *out = &reader->argv;

    if (out->size || strncmp(at, "execve(\"", 8) != 0 || !rn_buf_reserve(&reader->arena, ARGV_ROOM))
        return;
    arena = (struct strace_arena){reader->arena.data, reader->arena.data + ARGV_ROOM};
    at += 7;
    if (!strace_scan_string(&at, end, &arena, &string) || !strace_eat(&at, ", ["))
        return;
    while (strace_scan_string(&at, end, &arena, &string)) {
        rn_buf_append(out, string.data, string.size);
        if (string.cut)
            rn_buf_text(out, "...");
        rn_buf_byte(out, '\0');
        if (!strace_eat(&at, ", "))
            break;
    }
}

/* -s: how long a string is that was cut. */
static void find_limit(struct strace_reader *reader, const char *at, const char *end)
{
    struct strace_string string;
    struct strace_arena arena;

    if (reader->string_limit != UINT64_MAX || !memmem(at, (size_t)(end - at), "\"...", 4) ||
        !rn_buf_reserve(&reader->arena, ARGV_ROOM))
        return;
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        arena = (struct strace_arena){reader->arena.data, reader->arena.data + ARGV_ROOM};
        if (!strace_scan_string(&at, end, &arena, &string))
            return;
        if (string.cut) {
            reader->string_limit = string.size;
            return;
        }
    }
}

static void list_arguments(const struct rn_buf *text, const char **list)
{
    size_t count = 0, at = 0;

    while (at < text->size && count < ARGV_MAX) {
        list[count++] = (const char *)text->data + at;
        at += strlen(list[count - 1]) + 1;
    }
    list[count] = NULL;
}

static void look(struct strace_reader *reader, struct lines *lines)
{
    uint64_t named = 0, first = 0, own = 0;
    const char *at, *end;

    while (next_line(lines, &at, &end)) {
        struct strace_leader leader;

        if (!strace_leader(&at, end, &leader))
            continue;
        if (reader->time == STRACE_TIME_NONE)
            reader->time = leader.time;
        if (leader.has_tid && !named)
            named = leader.tid;
        if (!first)
            first = leader.tid;
        find_arguments(reader, at, end);
        find_limit(reader, at, end);
        if (!leader.has_tid && !own)
            own = own_number(at, end);
        if (!leader.has_tid || leader.tid == first)
            find_directory(reader, at, end);
    }
    reader->main_tid = own ? own : named ? named : FIRST_TID;
}

enum rn_status strace_sniff(struct strace_reader *reader, struct rn_input *input)
{
    static const enum rn_import_clock clocks[] = {
        [STRACE_TIME_NONE] = RN_IMPORT_ORDER,
        [STRACE_TIME_OF_DAY] = RN_IMPORT_RELATIVE,
        [STRACE_TIME_EPOCH] = RN_IMPORT_REALTIME,
        [STRACE_TIME_RELATIVE] = RN_IMPORT_RELATIVE,
    };
    struct rn_import_facts facts = {.abi = RN_ABI_X86_64};
    const char *arguments[ARGV_MAX + 1];
    const uint8_t *head;
    struct lines lines;
    enum rn_status status;
    size_t size;
    char *copy;

    status = rn_input_peek(input, &head, &size, reader->err);
    if (status == RN_EOF)
        return RN_OK;
    if (status != RN_OK)
        return status;
    copy = copy_head(head, size);
    if (!copy)
        return rn_fail(reader->err, RN_E_NOMEM, "no memory to read the output of strace");
    lines = (struct lines){copy, copy + size};
    reader->string_limit = UINT64_MAX;
    look(reader, &lines);
    free(copy);
    list_arguments(&reader->argv, arguments);
    facts.content_head = reader->string_limit;
    if (arguments[0])
        facts.argv = arguments;
    rn_buf_byte(&reader->cwd, '\0');
    if (reader->cwd.failed || reader->argv.failed)
        return rn_fail(reader->err, RN_E_NOMEM, "no memory to read the output of strace");
    reader->cwd.size--;
    facts.clock = clocks[reader->time];
    if (reader->time == STRACE_TIME_OF_DAY)
        facts.realtime_of_zero = DAY_WITHOUT_DATE;
    facts.cwd = reader->cwd.size ? (const char *)reader->cwd.data : NULL;
    return rn_import_facts(reader->import, &facts, reader->err);
}
