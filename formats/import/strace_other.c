/* SPDX-License-Identifier: MIT */
/* Signals, ends, and other lines that are no calls. */
#include "strace_private.h"

#include <stdlib.h>

#define CHILD_TICK_NS UINT64_C(10000000) /* the kernel counts hundredths of a second */
#define SIGNAL_CHLD   17u

/* The value of one field of siginfo; false: it has no place in a recording. */
static bool set_field(const struct strace_reader *reader, struct rn_signal *signal,
                      const char *name, size_t length, const char *value)
{
    uint64_t number = 0;
    const char *at = value;
    bool known = strace_scan_number(&at, &number);

    if (!known)
        known = strace_signal(reader, &at, &number);
    if (length == 6 && memcmp(name, "si_pid", 6) == 0)
        signal->sender_pid = number;
    else if (length == 6 && memcmp(name, "si_uid", 6) == 0)
        signal->sender_uid = number;
    else if (length == 7 && memcmp(name, "si_addr", 7) == 0)
        signal->address = number;
    else if (length == 9 && memcmp(name, "si_status", 9) == 0)
        signal->child_status = number;
    else if (length == 8 && memcmp(name, "si_utime", 8) == 0)
        signal->child_user_ns = number * CHILD_TICK_NS;
    else if (length == 8 && memcmp(name, "si_stime", 8) == 0)
        signal->child_system_ns = number * CHILD_TICK_NS;
    else
        return length == 8 && memcmp(name, "si_signo", 8) == 0;
    return known;
}

/* SI_USER, CLD_EXITED, SEGV_MAPERR... */
static bool set_code(const struct strace_reader *reader, struct rn_signal *signal,
                     const char *value)
{
    static const uint8_t tables[] = {
        RN_XLAT_SI_CODE,      RN_XLAT_SI_CODE_CHLD, RN_XLAT_SI_CODE_SEGV,
        RN_XLAT_SI_CODE_BUS,  RN_XLAT_SI_CODE_ILL,  RN_XLAT_SI_CODE_FPE,
        RN_XLAT_SI_CODE_TRAP, RN_XLAT_SI_CODE_POLL, RN_XLAT_SI_CODE_SYS,
    };
    size_t length = (size_t)(strace_scan_word(value) - value);

    for (size_t i = 0; i < sizeof(tables); i++)
        if (rn_xlat_names_find(reader->names, tables[i], value, length, &signal->code)) {
            signal->code = (uint64_t)(int32_t)signal->code;
            return true;
        }
    return strace_scan_number(&value, &signal->code);
}

/* {si_signo=SIGCHLD, ...}; false: something in it has no place in a recording. */
static bool scan_siginfo(const struct strace_reader *reader, struct rn_signal *signal,
                         const char *at, const char *end)
{
    const char *p = at + 2;
    bool all = true;

    while (p < end && *p != '}') {
        const char *word = strace_scan_word(p), *next;
        size_t length = (size_t)(word - p);

        if (*word != '=' || length == 0)
            return false;
        next = strace_scan_skip(word + 1, end);
        if (length == 7 && memcmp(p, "si_code", 7) == 0)
            all = set_code(reader, signal, word + 1) && all;
        else
            all = set_field(reader, signal, p, length, word + 1) && all;
        p = next;
        if (*p == ',')
            p += 1 + (p[1] == ' ');
    }
    return all;
}

/* --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, ...} --- */
static enum rn_status add_signal(struct strace_reader *reader, const struct strace_thread *thread,
                                 const char *at, const char *end)
{
    struct rn_event event = {
        .kind = RN_KIND_SIGNAL, .stream = thread->stream, .start = reader->now};
    struct rn_signal *signal = &event.u.signal;
    struct rn_attachment printed = {.type = RN_ATT_PRINTED, .arg = RN_ARG_NONE};
    const char *p = at;

    if (!strace_eat(&p, "--- ") || !strace_signal(reader, &p, &signal->signo))
        return strace_problem(reader, "a signal of no name that is known", at);
    if (p[0] == ' ' && p[1] == '{' && !scan_siginfo(reader, signal, p, end)) {
        /* Less than there is: the text is kept. */
        printed.data = (const uint8_t *)p + 1;
        printed.size = (uint32_t)(strace_scan_skip(p + 1, end) - (p + 1));
        if (printed.size > 4 && memcmp(printed.data + printed.size - 4, " ---", 4) == 0)
            printed.size -= 4;
        if (printed.size > STRACE_ITEM_BYTES) {
            printed.size = STRACE_ITEM_BYTES;
            printed.flags = RN_ATT_CUT;
        }
        event.attachments = &printed;
        event.attachment_count = 1;
    }
    return rn_import_add(reader->import, &event, reader->err);
}

/* +++ exited with 0 +++, +++ killed by SIGKILL (core dumped) +++, +++ superseded by... +++ */
static enum rn_status add_end(struct strace_reader *reader, struct strace_thread *thread,
                              const char *at)
{
    const char *p = at;
    uint64_t value;

    if (strace_eat(&p, "+++ exited with ") && strace_scan_number(&p, &value))
        return strace_exited(reader, thread, (value & 0xff) << 8);
    if (strace_eat(&p, "+++ killed by ") && strace_signal(reader, &p, &value))
        return strace_exited(reader, thread,
                             (value & 0x7f) | (strace_eat(&p, " (core dumped)") ? 0x80 : 0));
    if (strace_eat(&p, "+++ superseded by execve in pid ") && strace_scan_number(&p, &value))
        return strace_superseded(reader, thread, value);
    return strace_problem(reader, "an end of a thread that is not understood", at);
}

/* [ Process PID=123 runs in 32 bit mode. ] */
static void set_mode(struct strace_reader *reader, const char *at)
{
    struct strace_thread *thread;
    uint64_t tid;

    if (!strace_eat(&at, "[ Process PID=") || !strace_scan_number(&at, &tid) ||
        !(thread = strace_find_thread(reader, tid)))
        return;
    if (strace_eat(&at, " runs in 32 bit mode"))
        thread->abi = RN_ABI_I386;
    else if (strace_eat(&at, " runs in x32 mode"))
        thread->abi = RN_ABI_X32;
    else if (strace_eat(&at, " runs in 64 bit mode"))
        thread->abi = RN_ABI_X86_64;
}

enum rn_status strace_other(struct strace_reader *reader, struct strace_thread *thread,
                            const char *at, const char *end)
{
    const char *p = at;
    uint64_t signo;

    if (strace_eat(&p, "--- stopped by ") && strace_signal(reader, &p, &signo))
        return strace_add_process(reader, thread, RN_PROCESS_STOP, signo, reader->now);
    if (*at == '-')
        return add_signal(reader, thread, at, end);
    if (*at == '+')
        return add_end(reader, thread, at);
    if (*at == '[') {
        set_mode(reader, at);
        return RN_OK;
    }
    return strace_problem(reader, "no line of strace", at);
}
