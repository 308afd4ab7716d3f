/* SPDX-License-Identifier: MIT */
/* The output of strace, line by line. */
#include "import_formats.h"
#include "strace_private.h"

#include <stdlib.h>

#define NS_PER_S     UINT64_C(1000000000)
#define NS_PER_DAY   (86400 * NS_PER_S)
#define ORDER_NS     1000u    /* between lines without times */
#define STEP_NS      2u       /* at least, between others: room for a fork before its child */
#define BACKWARDS_NS 1000000u /* less is no step of the clock */
#define DETACHED     "<detached ...>"
#define MESSAGE      "strace: "
#define PROCESS      "Process "
#define ATTACHED     " attached"
#define PROBLEM_TEXT 60
#define PARTIAL_MAX  65536 /* bytes of a line that messages interrupt */

enum rn_status strace_problem(struct strace_reader *reader, const char *what, const char *at)
{
    return rn_import_problem(reader->import, reader->line, 0, reader->err, "%s: %.*s", what,
                             PROBLEM_TEXT, at);
}

/* ---- time ---- */

static uint64_t time_of_day(struct strace_reader *reader, uint64_t ns)
{
    /* Backwards by half a day: midnight has passed. */
    if (ns + NS_PER_DAY / 2 < reader->last_of_day)
        reader->day += NS_PER_DAY;
    reader->last_of_day = ns;
    return reader->day + ns;
}

/* The time of a line. Lines of one moment, as far as it is told, keep their order. */
static void tell_time(struct strace_reader *reader, const struct strace_leader *leader)
{
    uint64_t now = reader->now;

    if (reader->time == STRACE_TIME_NONE)
        now += ORDER_NS;
    else if (leader->time != reader->time)
        now += STEP_NS;
    else if (leader->time == STRACE_TIME_RELATIVE)
        now += leader->ns;
    else if (leader->time == STRACE_TIME_EPOCH)
        now = leader->ns;
    else
        now = time_of_day(reader, leader->ns);
    if (now < reader->now + STEP_NS && now + BACKWARDS_NS > reader->now)
        now = reader->now + STEP_NS;
    reader->now = now;
}

/* ---- calls in pieces ---- */

static bool ends_with(const char *at, const char *end, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(end - at) >= length && memcmp(end - length, text, length) == 0;
}

static enum rn_status keep_unfinished(struct strace_reader *reader, struct strace_thread *thread,
                                      const char *at, const char *end, uint64_t site)
{
    enum rn_status status = strace_abandon(reader, thread);
    uint64_t flags;

    if (status != RN_OK)
        return status;
    while (end > at && end[-1] == ' ')
        end--;
    if (reader->pending_bytes + (size_t)(end - at) > STRACE_PENDING_MAX)
        return rn_fail(reader->err, RN_E_LIMIT,
                       "the unfinished calls of all threads are over %u MiB",
                       STRACE_PENDING_MAX >> 20);
    rn_buf_clear(&thread->pending);
    rn_buf_append(&thread->pending, at, (size_t)(end - at));
    if (thread->pending.failed)
        return rn_fail(reader->err, RN_E_NOMEM, "no memory for an unfinished call");
    reader->pending_bytes += thread->pending.size;
    thread->has_pending = true;
    thread->pending_start = reader->now;
    thread->pending_site = site;
    if (strace_makes(reader, at, end, &flags))
        strace_begin_making(reader, thread, flags);
    return RN_OK;
}

/* strace left while the call was going on. */
static enum rn_status detach(struct strace_reader *reader, struct strace_thread *thread,
                             const char *at, const char *end, uint64_t site)
{
    enum rn_status status = keep_unfinished(reader, thread, at, end, site);

    if (status == RN_OK)
        status = strace_abandon(reader, thread);
    return status == RN_OK ? strace_add_process(reader, thread, RN_PROCESS_DETACH, 0, reader->now)
                           : status;
}

/* The begin of the thread's call, and the rest of it. */
static enum rn_status join(struct strace_reader *reader, struct strace_thread *thread,
                           const char *rest, const char *end)
{
    struct rn_buf *joined = &reader->joined;
    uint64_t start = thread->pending_start, duration;

    thread->has_pending = false;
    reader->pending_bytes -= thread->pending.size;
    strace_end_making(reader, thread);
    rn_buf_clear(joined);
    rn_buf_append(joined, thread->pending.data, thread->pending.size);
    /* What follows a comma follows a space, too: that was cut off. */
    if (joined->size && joined->data[joined->size - 1] == ',')
        rn_buf_byte(joined, ' ');
    rn_buf_append(joined, rest, (size_t)(end - rest));
    rn_buf_byte(joined, '\0');
    if (joined->failed)
        return rn_fail(reader->err, RN_E_NOMEM, "no memory for a line");
    rn_buf_clear(&thread->pending);
    duration = reader->now > start ? reader->now - start : 0;
    return strace_call(reader, thread, (const char *)joined->data,
                       (const char *)joined->data + joined->size - 1, start, duration,
                       thread->pending_site);
}

static enum rn_status resume(struct strace_reader *reader, struct strace_thread *thread,
                             const char *at, const char *end)
{
    const char *rest = memmem(at, (size_t)(end - at), "resumed>", 8);

    if (!rest)
        return strace_problem(reader, "no line of strace", at);
    if (thread->has_pending)
        return join(reader, thread, rest + 8, end);
    rn_import_note(reader->import, "calls whose begin is not in the input", 1);
    return RN_OK;
}

enum rn_status strace_body(struct strace_reader *reader, struct strace_thread *thread,
                           const char *at, const char *end, uint64_t when, uint64_t site)
{
    enum rn_status status = RN_OK;
    const char *stops;

    reader->now = when;
    if (!thread->told && (reader->any_call || strncmp(at, "execve", 6) != 0) && *at != '[') {
        thread->told = true;
        reader->any_call = true;
        status = strace_add_process(reader, thread, RN_PROCESS_ATTACH, 0, when);
    }
    if (status != RN_OK)
        return status;
    if (*at == '<')
        return resume(reader, thread, at, end);
    /* -z leaves out that the call was resumed. */
    if ((*at == ')' || *at == ',') && thread->has_pending)
        return join(reader, thread, at, end);
    if (*at == '-' || *at == '+' || *at == '[')
        return strace_other(reader, thread, at, end);
    if (*at == '?') {
        /* ???( <unfinished ...>: strace came in the middle of it. */
        rn_import_note(reader->import, "calls whose begin is not in the input", 1);
        return RN_OK;
    }
    stops = end[-1] == '>' ? strace_line_stops(at, end) : NULL;
    if (stops)
        return keep_unfinished(reader, thread, at, stops, site);
    if (end[-1] == '>' && ends_with(at, end, DETACHED))
        return detach(reader, thread, at, end - strlen(DETACHED), site);
    return strace_call(reader, thread, at, end, when, 0, site);
}

/* ---- lines ---- */

static enum rn_status find_thread(struct strace_reader *reader, const struct strace_leader *leader,
                                  struct strace_thread **thread)
{
    if (leader->has_tid) {
        if (reader->last && reader->last->tid == leader->tid) {
            *thread = reader->last;
            return RN_OK;
        }
        return strace_thread_of(reader, leader->tid, thread);
    }
    /* Where only one thread is left, strace leaves its number out. */
    if (reader->last) {
        *thread = reader->last;
        return RN_OK;
    }
    *thread = reader->first_thread;
    return *thread ? RN_OK : strace_thread_of(reader, reader->main_tid, thread);
}

static enum rn_status whole_line(struct strace_reader *reader, const char *at, const char *end)
{
    struct strace_leader leader;
    struct strace_thread *thread;
    enum rn_status status;

    if (!strace_leader(&at, end, &leader))
        return strace_problem(reader, "no line of strace", at);
    if (at >= end)
        return RN_OK;
    tell_time(reader, &leader);
    status = find_thread(reader, &leader, &thread);
    if (status != RN_OK || !thread)
        return status;
    reader->last = thread;
    if (thread->waiting)
        return strace_hold(reader, thread, at, end, reader->now, leader.site);
    return strace_body(reader, thread, at, end, reader->now, leader.site);
}

/* "strace: Process 123 attached" (older: without "strace: "), alone or in the middle of a call,
 * which goes on in the next line. *message: where that begins. */
static bool is_attached(const char *at, const char *end, const char **message, uint64_t *tid)
{
    const char *p = end - strlen(ATTACHED), *begin;

    while (p > at && strace_is_digit(p[-1]))
        p--;
    begin = p - strlen(PROCESS);
    if (begin < at || memcmp(begin, PROCESS, strlen(PROCESS)) != 0 ||
        !strace_scan_decimal(&p, tid) || *p != ' ')
        return false;
    if (ends_with(at, begin, MESSAGE))
        begin -= strlen(MESSAGE);
    *message = begin;
    return true;
}

/* The call that it interrupts made the thread, if it is one that does. */
static enum rn_status attached(struct strace_reader *reader, const char *at, const char *message,
                               uint64_t tid)
{
    struct strace_leader leader;
    struct strace_thread *thread = NULL, *child;
    enum rn_status status = RN_OK;
    uint64_t flags;

    if (message == at)
        return strace_find_thread(reader, tid) ? RN_OK : strace_thread_of(reader, tid, &child);
    if (!strace_leader(&at, message, &leader))
        return RN_OK;
    status = find_thread(reader, &leader, &thread);
    if (status != RN_OK || !thread)
        return status;
    if (strace_find_thread(reader, tid))
        return RN_OK;
    if (!thread->waiting && strace_makes(reader, at, message, &flags))
        return strace_made(reader, thread, tid, flags, reader->now + 1, false);
    return strace_thread_of(reader, tid, &child);
}

static enum rn_status interrupted_line(struct strace_reader *reader, const char *at,
                                       const char *message, uint64_t tid)
{
    enum rn_status status = attached(reader, at, message, tid);

    if (message - at > PARTIAL_MAX)
        return strace_problem(reader, "a line goes on and on", at);
    if (status == RN_OK && message > at) {
        rn_buf_append(&reader->partial, at, (size_t)(message - at));
        if (reader->partial.failed)
            return rn_fail(reader->err, RN_E_NOMEM, "no memory for a line");
    }
    return status;
}

/* The table of -c and -C. */
static bool is_summary(struct strace_reader *reader, const char *at, const char *end)
{
    if (reader->in_summary) {
        reader->in_summary = !ends_with(at, end, " total");
    } else if (strncmp(at, "% time ", 7) == 0 ||
               strncmp(at, "System call usage summary", 25) == 0) {
        reader->in_summary = true;
    } else {
        return false;
    }
    rn_import_note(reader->import, "lines of a summary (-c, -C)", 1);
    return true;
}

static bool is_message(const char *at)
{
    return (*at == 's' && strncmp(at, MESSAGE, strlen(MESSAGE)) == 0) ||
           (*at == 'P' && strncmp(at, PROCESS, strlen(PROCESS)) == 0);
}

static enum rn_status one_line(struct strace_reader *reader, const char *at, const char *end)
{
    const char *message;
    uint64_t tid;

    if (at == end)
        return RN_OK;
    if (*at == ' ' && strncmp(at, " > ", 3) == 0) {
        rn_import_note(reader->import, "lines of stacks (-k)", 1);
        return RN_OK;
    }
    if (end[-1] == 'd' && ends_with(at, end, ATTACHED) && is_attached(at, end, &message, &tid))
        return interrupted_line(reader, at, message, tid);
    if (reader->in_summary || *at == '%' || *at == 'S')
        if (is_summary(reader, at, end))
            return RN_OK;
    if (is_message(at)) {
        /* strace: [ Process PID=123 runs in 32 bit mode. ] */
        if (at[strlen(MESSAGE)] == '[')
            return strace_other(reader, NULL, at + strlen(MESSAGE), end);
        rn_import_note(reader->import, "messages of strace itself", 1);
        return RN_OK;
    }
    return whole_line(reader, at, end);
}

static enum rn_status feed(struct strace_reader *reader, const char *at, const char *end)
{
    enum rn_status status;

    if (!reader->partial.size)
        return one_line(reader, at, end);
    /* The line before was interrupted: this one goes on with it. */
    rn_buf_clear(&reader->split);
    rn_buf_append(&reader->split, reader->partial.data, reader->partial.size);
    rn_buf_append(&reader->split, at, (size_t)(end - at));
    rn_buf_byte(&reader->split, '\0');
    rn_buf_clear(&reader->partial);
    if (reader->split.failed)
        return rn_fail(reader->err, RN_E_NOMEM, "no memory for a line");
    status = one_line(reader, (const char *)reader->split.data,
                      (const char *)reader->split.data + reader->split.size - 1);
    return status;
}

static enum rn_status feed_all(struct strace_reader *reader, struct rn_input *input)
{
    enum rn_status status = RN_OK;
    char *line;
    size_t size;

    while (status == RN_OK) {
        status = rn_input_line(input, &line, &size, reader->err);
        reader->line = rn_input_line_number(input);
        if (status == RN_E_LIMIT) {
            status = strace_problem(reader, "a line is too long", "");
            continue;
        }
        if (status == RN_OK)
            status = feed(reader, line, line + size);
        if (status == RN_OK)
            status = strace_release(reader);
    }
    return status == RN_EOF ? RN_OK : status;
}

static enum rn_status add_notices(struct strace_reader *reader)
{
    static const char *const times[] = {
        [STRACE_TIME_NONE] = "imported from strace without times: they are made up, one "
                             "microsecond a line",
        [STRACE_TIME_OF_DAY] = "imported from strace with times of day: the date is not "
                               "known, 1970-01-02 stands for it",
        [STRACE_TIME_EPOCH] = NULL,
        [STRACE_TIME_RELATIVE] = "imported from strace with relative times: when it began is not "
                                 "known",
    };
    enum rn_status status = RN_OK;

    if (times[reader->time])
        status =
            rn_import_notice(reader->import, RN_NOTICE_OTHER, times[reader->time], reader->err);
    if (status == RN_OK && !reader->has_durations && reader->time != STRACE_TIME_NONE)
        status = rn_import_notice(
            reader->import, RN_NOTICE_BLIND_SPOT,
            "strace ran without -T: only calls that it printed in two pieces have durations",
            reader->err);
    return status;
}

static enum rn_status read_strace(struct rn_input *input, struct rn_import *import,
                                  struct rn_error *err)
{
    struct strace_reader *reader = calloc(1, sizeof(*reader));
    enum rn_status status = RN_OK;

    if (!reader)
        return rn_fail(err, RN_E_NOMEM, "no memory to read the output of strace");
    reader->import = import;
    reader->err = err;
    reader->names = rn_xlat_names_new();
    reader->memo = calloc(STRACE_MEMO_SLOTS, sizeof(*reader->memo));
    if (!reader->names || !reader->memo || !strace_plans_new(reader))
        status = rn_fail(err, RN_E_NOMEM, "no memory to read the output of strace");
    if (status == RN_OK)
        status = strace_sniff(reader, input);
    if (status == RN_OK)
        status = feed_all(reader, input);
    if (status == RN_OK)
        status = strace_finish_threads(reader);
    if (status == RN_OK)
        status = add_notices(reader);
    strace_threads_free(reader);
    rn_xlat_names_free(reader->names);
    rn_buf_free(&reader->arena);
    rn_buf_free(&reader->joined);
    rn_buf_free(&reader->split);
    rn_buf_free(&reader->partial);
    rn_buf_free(&reader->cwd);
    rn_buf_free(&reader->argv);
    rn_buf_free(&reader->released);
    free(reader->memo);
    free(reader->plans);
    free(reader);
    return status;
}

const struct rn_import_format rn_strace_import = {
    .name = "strace",
    .text = "output of strace, with any of its options",
    .recognise = strace_recognise,
    .read = read_strace,
};
