/* SPDX-License-Identifier: MIT */
/* One system call: its name, its arguments by the table of calls, its result. */
#include "strace_private.h"

#include "formats/escape.h"
#include "formats/name_hash.h"

#include <stdlib.h>

#define NAME_MAX_LENGTH 64u
#define ARENA_MORE      16384u

/* ---- which call it is ---- */

static struct strace_plan *find_plan(const struct strace_reader *reader, const char *name,
                                     size_t length)
{
    size_t at = rn_name_hash(name, length) >> 20 & reader->plan_mask;

    while (reader->plans[at].name && (reader->plans[at].length != length ||
                                      memcmp(reader->plans[at].name, name, length) != 0))
        at = (at + 1) & reader->plan_mask;
    return &reader->plans[at];
}

const struct strace_plan *strace_plan(const struct strace_reader *reader, const char *name,
                                      size_t length)
{
    const struct strace_plan *plan = find_plan(reader, name, length);

    return plan->name ? plan : NULL;
}

bool strace_plans_new(struct strace_reader *reader)
{
    size_t size = 4096;

    reader->plans = calloc(size, sizeof(reader->plans[0]));
    if (!reader->plans)
        return false;
    reader->plan_mask = size - 1;
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        for (unsigned nr = 0; nr < rn_syscall_limit((enum rn_abi)abi); nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);
            struct strace_plan *plan;

            if (!info)
                continue;
            plan = find_plan(reader, info->name, strlen(info->name));
            if (!plan->name)
                *plan = (struct strace_plan){
                    info->name, (uint32_t)strlen(info->name), {-1, -1, -1, -1}};
            if (plan->nr[abi] < 0)
                plan->nr[abi] = (int16_t)nr;
        }
    }
    return true;
}

/* With -o, strace says on another stream that a program is one of 32 bits: its calls tell. */
static void notice_abi(struct strace_thread *thread, const struct strace_plan *plan)
{
    uint8_t other = thread->abi == RN_ABI_X86_64 ? RN_ABI_I386 : RN_ABI_X86_64;

    if (plan->nr[thread->abi] < 0 && plan->nr[other] >= 0)
        thread->abi = other;
}

/* Its number; false where no table has the name, or the ABI at hand has no such call. */
static bool find_number(struct strace_call *c)
{
    const struct strace_plan *plan = strace_plan(c->reader, c->name, c->name_length);
    struct rn_syscall *call = &c->event.u.syscall;
    const char *at = c->name;

    if (plan)
        notice_abi(c->thread, plan);
    call->abi = c->thread->abi;
    if (plan && plan->nr[call->abi] >= 0) {
        call->nr = (uint64_t)plan->nr[call->abi];
    } else if (!strace_eat(&at, "syscall_") || !strace_scan_number(&at, &call->nr) ||
               at != c->name + c->name_length) {
        return false;
    }
    c->info = rn_syscall_info(call->abi, call->nr);
    return true;
}

/* ---- arguments ---- */

static const struct rn_arg unknown_arg = {.type = RN_TYPE_HEX, .size_arg = RN_ARG_NONE};

static const struct rn_arg *argument_info(const struct strace_call *c, unsigned arg)
{
    if (!c->info)
        return &unknown_arg;
    return arg < c->info->arg_count ? &c->info->args[arg] : NULL;
}

/* What cannot be turned into numbers or bytes stays as it was printed. */
static void scan_argument(struct strace_call *c, unsigned arg)
{
    const struct rn_arg *info = argument_info(c, arg);
    uint32_t count = c->count, buffers = c->buffer_count, named = c->named_count;
    uint8_t *next = c->arena.next;
    const char *begin = c->p, *end;
    bool fine = false;

    c->odd = false;
    if (info && info->type < RN_TYPE_PATH)
        fine = strace_value(c, info, &c->args[arg]);
    else if (info)
        fine = strace_pointed(c, arg);
    if (*c->p == ' ' && strace_scan_comment(&c->p, c->end))
        c->odd = true;
    if (fine && (*c->p == ',' || *c->p == ')' || (c->p[0] == ' ' && c->p[1] == '<'))) {
        if (c->odd)
            strace_printed(c, arg, begin, c->p);
        return;
    }
    c->count = count;
    c->buffer_count = buffers;
    c->named_count = named;
    c->arena.next = next;
    c->args[arg] = 0;
    c->p = strace_scan_skip(begin, c->end);
    end = c->p;
    if (end - begin > 17 && memcmp(end - 17, " <unfinished ...>", 17) == 0)
        end -= 17;
    strace_printed(c, arg, begin, end);
}

/* Arguments that strace does not print: what a 64-bit machine has no use for, and addresses that an
 * operation ignores. */
static bool is_left_out(const struct rn_syscall_info *info, unsigned arg)
{
    return (info->args[arg].type == RN_TYPE_POINTER && arg > 0 &&
            info->args[info->arg_count - 1].xlat == RN_XLAT_FUTEX_BITSET) ||
           (info->args[arg].type == RN_TYPE_HEX && strcmp(info->args[arg].name, "pos_h") == 0);
}

/* 32-bit ABIs pass 64-bit numbers in two registers: name_low, name_high. */
static bool is_split(const struct strace_call *c, unsigned arg)
{
    const char *name;
    size_t length;

    if (c->event.u.syscall.abi != RN_ABI_I386 || !c->info || arg + 1u >= c->info->arg_count)
        return false;
    name = c->info->args[arg].name;
    length = strlen(name);
    return length > 4 && strcmp(name + length - 4, "_low") == 0;
}

/* clone(child_stack=NULL, flags=..., child_tidptr=...): by name. */
static unsigned named_argument(struct strace_call *c, unsigned arg)
{
    const char *end = strace_scan_word(c->p);
    size_t length = (size_t)(end - c->p);

    if (*end != '=' || *c->p < 'a' || !c->info || c->info->args[0].xlat != RN_XLAT_CLONE_FLAGS)
        return arg;
    for (unsigned i = 0; i < c->info->arg_count; i++) {
        const char *known = c->info->args[i].name;

        /* child_tid is called child_tidptr there. */
        if (strncmp(known, c->p, strlen(known)) == 0 && length - strlen(known) <= 3) {
            c->p = end + 1;
            return i;
        }
    }
    return arg;
}

static void scan_arguments(struct strace_call *c)
{
    bool any = false;

    for (unsigned next = 0; *c->p != ')' && c->p < c->end; next++) {
        unsigned arg;

        while (*c->p == ' ')
            c->p++;
        if (any && *c->p == ')')
            return;
        while (c->info && next < c->info->arg_count && is_left_out(c->info, next))
            next++;
        if (strncmp(c->p, "<unfinished", 11) == 0) {
            c->event.flags |= RN_EVENT_UNFINISHED;
            c->p = strace_scan_skip(c->p, c->end);
            return;
        }
        arg = named_argument(c, next < 6 ? next : 5);
        if (next >= 6)
            rn_import_note(c->reader->import, "arguments beyond the sixth", 1);
        scan_argument(c, arg);
        if (is_split(c, arg)) {
            c->args[arg + 1] = c->args[arg] >> 32;
            c->args[arg] = (uint32_t)c->args[arg];
            next++;
        }
        if (c->info && c->info->variants && c->info[1].select_arg == arg)
            c->info = rn_syscall_info_for(&c->event.u.syscall);
        any = true;
        if (*c->p == ',')
            c->p++;
        else if (*c->p != ' ')
            return;
    }
}

/* ---- the whole ---- */

/* The arena holds whatever the line can become. */
static bool begin(struct strace_call *c, struct strace_reader *reader, struct strace_thread *thread,
                  const char *at, const char *end)
{
    size_t room = (size_t)(end - at) * 4 + ARENA_MORE;

    rn_buf_clear(&reader->arena);
    c->arena.next = rn_buf_reserve(&reader->arena, room);
    if (!c->arena.next)
        return false;
    c->arena.end = c->arena.next + room;
    c->reader = reader;
    c->thread = thread;
    c->end = end;
    c->info = NULL;
    c->name = at;
    c->p = strace_scan_word(at);
    c->name_length = (size_t)(c->p - at);
    c->event = (struct rn_event){
        .kind = RN_KIND_SYSCALL, .stream = thread->stream, .attachments = c->items};
    c->args = c->event.u.syscall.args;
    c->count = c->buffer_count = c->named_count = 0;
    c->odd = c->returned = c->failed = false;
    return true;
}

/* A call of another kernel or another architecture: by name, with its arguments as text. */
static enum rn_status add_unknown(struct strace_call *c)
{
    const char *arguments = c->p, *after = strace_scan_skip(c->p, c->end);
    const char *result;
    struct rn_buf text = RN_BUF_INIT;
    struct rn_attachment items[2];
    enum rn_status status;

    while (*after == ',')
        after = strace_scan_skip(after + 1, c->end);
    result = after + (*after == ')');
    while (*result == ' ')
        result++;
    c->p = result;
    (void)strace_scan_result(c);
    rn_buf_text(&text, "{\"arguments\":");
    rn_escape_json(&text, (const uint8_t *)arguments, (size_t)(after - arguments));
    rn_buf_text(&text, ",\"result\":");
    rn_escape_json(&text, (const uint8_t *)result, (size_t)(c->end - result));
    rn_buf_byte(&text, '}');
    items[0] = (struct rn_attachment){.type = RN_ATT_NAME,
                                      .arg = RN_ARG_NONE,
                                      .size = (uint32_t)c->name_length,
                                      .data = (const uint8_t *)c->name};
    items[1] = (struct rn_attachment){
        .type = RN_ATT_TEXT, .arg = RN_ARG_NONE, .size = (uint32_t)text.size, .data = text.data};
    memset(&c->event.u, 0, sizeof(c->event.u));
    c->event.kind = RN_KIND_SPAN;
    c->event.flags = 0;
    c->event.attachments = items;
    c->event.attachment_count = 2;
    rn_import_note(c->reader->import, "calls of a name that is in no table", 1);
    status = text.failed ? rn_fail(c->reader->err, RN_E_NOMEM, "no memory for a call")
                         : rn_import_add(c->reader->import, &c->event, c->reader->err);
    rn_buf_free(&text);
    return status;
}

/* What else a call means: a thread it made, the image that it runs. */
static enum rn_status tell_before(struct strace_call *c)
{
    struct strace_reader *reader = c->reader;
    enum rn_status status = RN_OK;
    uint64_t flags;

    if (c->named_count)
        status = strace_tell_descriptors(c, false);
    if (status == RN_OK && !reader->any_call && c->event.u.syscall.nr != 0 &&
        strncmp(c->name, "execve", 6) == 0)
        status = strace_image(c, RN_PROCESS_START);
    reader->any_call = true;
    if (status == RN_OK && c->returned && !c->failed && (int64_t)c->event.u.syscall.ret > 0 &&
        strace_makes(reader, c->name, c->end, &flags))
        status =
            strace_made(reader, c->thread, c->event.u.syscall.ret, flags, c->event.start, true);
    return status;
}

static enum rn_status tell_after(struct strace_call *c)
{
    enum rn_status status = RN_OK;

    if (c->named_count)
        status = strace_tell_descriptors(c, true);
    if (status == RN_OK && c->returned && !c->failed && c->name_length >= 6 &&
        strncmp(c->name, "execve", 6) == 0)
        status = strace_image(c, RN_PROCESS_EXEC);
    if (c->returned && c->name_length == 5 && memcmp(c->name, "umask", 5) == 0)
        c->thread->process->umask = (uint32_t)c->args[0] & 0777;
    return status;
}

enum rn_status strace_call(struct strace_reader *reader, struct strace_thread *thread,
                           const char *at, const char *end, uint64_t start, uint64_t duration,
                           uint64_t site)
{
    struct strace_call *c = &reader->call;
    enum rn_status status;

    if (!begin(c, reader, thread, at, end))
        return rn_fail(reader->err, RN_E_NOMEM, "no memory for a line of %zu bytes",
                       (size_t)(end - at));
    if (c->name_length == 0 || c->name_length > NAME_MAX_LENGTH || *c->p++ != '(')
        return strace_problem(reader, "no line of strace", at);
    c->event.start = start;
    c->event.duration = duration;
    if (!find_number(c))
        return add_unknown(c);
    scan_arguments(c);
    if (*c->p != ')')
        return strace_problem(reader, "the arguments of a call do not end", at);
    c->p++;
    if (!strace_scan_result(c))
        return strace_problem(reader, "a call without a result", at);
    if (c->buffer_count)
        strace_finish_buffers(c);
    strace_scan_note(c);
    strace_identities(c);
    c->event.u.syscall.site = site;
    c->event.attachment_count = c->count;
    status = tell_before(c);
    if (status == RN_OK)
        status = rn_import_add(reader->import, &c->event, reader->err);
    if (status == RN_OK)
        status = tell_after(c);
    return status;
}
