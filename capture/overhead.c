/* SPDX-License-Identifier: MIT */
#include "overhead.h"

#include "proc_snapshot.h"
#include "session_private.h"

#include "formats/buf.h"

#include <sys/resource.h>

/* Beyond reading the clock twice, ns. */
#define BLOCK_NS   28.0
#define COUNTED_NS 14.0
#define CALL_NS    110.0

#define CLOCK_READS     1000u
#define LOOKS_A_SECOND  4u
#define THRESHOLD_FIRST 1000.0 /* ns */
#define THRESHOLD_MAX   1e9

void rn_overhead_begin(struct rn_overhead *overhead, const struct rn_session *session, double limit,
                       uint64_t threshold_ns)
{
    volatile uint64_t last = 0;
    uint64_t before = rn_session_now(session), after;
    double rate = (double)session->tick_rate;

    for (unsigned i = 0; i < CLOCK_READS; i++)
        last = rn_session_now(session);
    after = last;
    overhead->clock_ns = (double)(after - before) * 1e9 / rate / CLOCK_READS;
    overhead->limit = limit;
    overhead->threshold_ns = overhead->asked_ns = (double)threshold_ns;
}

void rn_overhead_note(struct rn_overhead *overhead, const struct rn_event *event, bool all_traced)
{
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        rn_overhead_note_call(overhead, event->flags, all_traced);
        return;
    case RN_KIND_BLOCK:
    case RN_KIND_DECISION:
        overhead->blocks++;
        return;
    case RN_KIND_AGGREGATE:
        if (event->u.aggregate.of == RN_KIND_BLOCK || event->u.aggregate.of == RN_KIND_DECISION)
            overhead->counted += event->u.aggregate.count;
        return;
    case RN_KIND_PROCESS:
        if (event->u.process.op == RN_PROCESS_EXIT)
            overhead->ended_cpu_ns += event->u.process.user_ns + event->u.process.system_ns;
        return;
    default:
        return;
    }
}

static double in_program_ns(const struct rn_overhead *overhead)
{
    double clock = 2 * overhead->clock_ns;

    return (double)overhead->blocks * (clock + BLOCK_NS) +
           (double)overhead->counted * (clock + COUNTED_NS) +
           (double)overhead->calls * (clock + CALL_NS);
}

static double recorder_ns(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return 1e9 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Of those that have ended and those that record blocks and are alive. */
static double program_cpu_ns(const struct rn_session *session)
{
    const struct rn_session_producers *producers = &session->producers;
    double sum = (double)session->overhead.ended_cpu_ns;

    for (size_t i = 0; i < producers->thread_count; i++) {
        uint64_t user, system;

        if (producers->threads[i].pid == producers->threads[i].tid &&
            rn_proc_cpu_time((pid_t)producers->threads[i].pid, &user, &system))
            sum += (double)(user + system);
    }
    return sum;
}

static enum rn_status set_threshold(struct rn_session *session, double threshold_ns, double share,
                                    struct rn_error *err)
{
    struct rn_overhead *overhead = &session->overhead;

    if (threshold_ns < overhead->asked_ns || threshold_ns < THRESHOLD_FIRST)
        threshold_ns = overhead->asked_ns;
    if (threshold_ns > THRESHOLD_MAX || threshold_ns == overhead->threshold_ns)
        return RN_OK;
    overhead->threshold_ns = threshold_ns;
    rn_session_producers_threshold(session, (uint64_t)threshold_ns);
    if (threshold_ns <= 0)
        return rn_session_notice(session, RN_NOTICE_SAMPLING, 0, err,
                                 "overhead was %.1f %%: compute blocks are recorded however short "
                                 "they are, from here on",
                                 100 * share);
    return rn_session_notice(session, RN_NOTICE_SAMPLING, (uint64_t)threshold_ns, err,
                             "overhead was %.1f %%: compute blocks shorter than %.0f us are "
                             "counted, not recorded, from here on",
                             100 * share, threshold_ns / 1000);
}

enum rn_status rn_overhead_steer(struct rn_session *session, struct rn_error *err)
{
    struct rn_overhead *overhead = &session->overhead;
    uint64_t now = rn_session_now(session);
    double cost, cpu, share, last_cost = overhead->last_cost_ns, last_cpu = overhead->last_cpu_ns;

    if (overhead->limit <= 0 || now - overhead->last_look < session->tick_rate / LOOKS_A_SECOND)
        return RN_OK;
    cost = in_program_ns(overhead) + recorder_ns();
    cpu = program_cpu_ns(session);
    overhead->last_look = now;
    overhead->last_cost_ns = cost;
    overhead->last_cpu_ns = cpu;
    /* The start of the program tells nothing about how it goes on. */
    if (last_cpu <= 0 || cpu <= last_cpu)
        return RN_OK;
    share = (cost - last_cost) / (cpu - last_cpu);
    if (share > overhead->limit)
        return set_threshold(session,
                             overhead->threshold_ns < THRESHOLD_FIRST ? THRESHOLD_FIRST
                                                                      : 2 * overhead->threshold_ns,
                             share, err);
    if (share < overhead->limit / 4)
        return set_threshold(session, overhead->threshold_ns / 2, share, err);
    return RN_OK;
}

/* ", N WHAT at T ns" where there were any. */
static void add_basis(struct rn_buf *text, uint64_t count, const char *what, double each_ns)
{
    if (count)
        rn_buf_printf(text, ", %llu %s at %.0f ns", (unsigned long long)count, what, each_ns);
}

enum rn_status rn_overhead_tell(struct rn_session *session, struct rn_error *err)
{
    const struct rn_overhead *overhead = &session->overhead;
    double cost = in_program_ns(overhead), recorder = recorder_ns();
    double cpu = program_cpu_ns(session);
    double clock = 2 * overhead->clock_ns;
    struct rn_buf text = RN_BUF_INIT;
    enum rn_status status;

    if (cpu <= 0)
        return RN_OK;
    rn_buf_printf(&text, "about %.1f %% of the program's %.3f s CPU time was recording",
                  100 * cost / cpu, cpu / 1e9);
    add_basis(&text, overhead->calls, "calls", clock + CALL_NS);
    add_basis(&text, overhead->blocks, "blocks and decisions", clock + BLOCK_NS);
    add_basis(&text, overhead->counted, "counted", clock + COUNTED_NS);
    rn_buf_printf(&text, "; the recorder used %.3f s beside it, and was waited for",
                  recorder / 1e9);
    if (overhead->traced)
        rn_buf_printf(&text, " in %llu calls, and", (unsigned long long)overhead->traced);
    rn_buf_text(&text, " whenever a program was executed");
    rn_buf_byte(&text, '\0');
    status =
        rn_session_notice(session, RN_NOTICE_OVERHEAD, (uint64_t)((cost + recorder) / cpu * 1e6),
                          err, "%s", text.data ? (const char *)text.data : "");
    rn_buf_free(&text);
    return status;
}
