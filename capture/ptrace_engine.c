/* SPDX-License-Identifier: MIT */
#include "inline.h"
#include "ptrace_engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* How long the recorder may sleep after it was interrupted or while the output is a pipe: a signal
 * that comes right before wait() begins would otherwise be seen at the next stop only. */
#define KICK_NS 20000000
#define TICK_S  1
/* How often the rings are looked after while a thread fills its own quickly, and how often in vain
 * until that is over. */
#define KEEP_UP_NS    1000000
#define KEEP_UP_TRIES 16
/* After that many waits that found one stop alone it is looked for others again. */
#define LONE_STOPS 8

static volatile sig_atomic_t interrupt_how, interrupt_signal;
static timer_t wake_timer;
static volatile sig_atomic_t has_wake_timer, woken;

static void on_wake(int signo)
{
    (void)signo;
    woken = 1; /* and wait() returns */
}

static void set_timer(time_t seconds, long nanoseconds)
{
    struct itimerspec period = {.it_interval = {seconds, nanoseconds},
                                .it_value = {seconds, nanoseconds}};

    if (has_wake_timer)
        timer_settime(wake_timer, 0, &period, NULL);
}

void rn_engine_interrupt(enum rn_interrupt how, int signo)
{
    if ((int)how > interrupt_how)
        interrupt_how = (sig_atomic_t)how;
    if (signo != 0)
        interrupt_signal = signo;
    set_timer(0, KICK_NS);
}

/* Its signal cannot go to another thread of the recorder: those have all signals blocked. */
static void make_wake_timer(struct rn_ptrace *engine)
{
    struct sigaction action = {.sa_handler = on_wake};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    sigset_t alarm;

    sigaction(SIGALRM, &action, &engine->program_alarm);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm, &engine->program_mask);
    has_wake_timer = timer_create(CLOCK_MONOTONIC, &event, &wake_timer) == 0;
    set_timer(TICK_S, 0);
}

void rn_ptrace_fail(struct rn_ptrace *engine, enum rn_status status)
{
    if (status == RN_OK || engine->status != RN_OK)
        return;
    engine->status = status;
    rn_ptrace_let_go(engine);
}

void rn_ptrace_emit(struct rn_ptrace *engine, const struct rn_event *event)
{
    if (engine->status != RN_OK)
        return;
    rn_ptrace_fail(engine, engine->snapshotting
                               ? rn_session_emit_snapshot(engine->session, event, &engine->err)
                               : rn_session_emit(engine->session, event, &engine->err));
}

void rn_ptrace_blind_spot(struct rn_ptrace *engine, int pid, const char *what)
{
    if (engine->status == RN_OK)
        rn_ptrace_fail(engine,
                       rn_session_notice(engine->session, RN_NOTICE_BLIND_SPOT, (uint64_t)pid,
                                         &engine->err, "process %d %s", pid, what));
}

static void interrupt_tracee(void *context, struct rn_tracee *tracee)
{
    (void)context;
    (void)ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

/* Orphans are stopped already and will not stop again. */
static void detach_orphans(struct rn_ptrace *engine)
{
    for (size_t i = 0; i < RN_TRACEE_BUCKETS && engine->tracees.orphans > 0; i++) {
        struct rn_tracee *next;

        for (struct rn_tracee *tracee = engine->tracees.buckets[i]; tracee; tracee = next) {
            next = tracee->next;
            if (!tracee->process && tracee->held_status)
                rn_ptrace_detach(engine, tracee, 0);
        }
    }
}

void rn_ptrace_let_go(struct rn_ptrace *engine)
{
    /* A program with a filter that needs a tracer cannot be let go: it is followed on. */
    if (engine->letting_go || engine->inline_state)
        return;
    engine->letting_go = true;
    rn_tracee_each(&engine->tracees, interrupt_tracee, NULL);
    detach_orphans(engine);
}

static void kill_process(void *context, struct rn_tracee *tracee)
{
    (void)context;
    if (tracee->process && !tracee->process->attached && tracee->tid == tracee->process->pid)
        kill(tracee->tid, SIGKILL);
}

static void kill_all(struct rn_ptrace *engine)
{
    rn_ptrace_fail(engine, rn_session_notice(engine->session, RN_NOTICE_INTERRUPTED, 0,
                                             &engine->err,
                                             "the recorder was interrupted twice and ended the program"));
    rn_tracee_each(&engine->tracees, kill_process, NULL);
}

static void follow_interrupt(struct rn_ptrace *engine)
{
    int how = interrupt_how, signo = interrupt_signal;

    if (how == 0 && signo == 0)
        return;
    interrupt_how = 0;
    interrupt_signal = 0;
    set_timer(TICK_S, 0);
    if (engine->launched && !engine->launched_ended && signo != 0)
        kill(engine->launched, signo);
    /* What the program has left behind cannot be let go where it has a filter that needs a tracer: the
     * first request is for waiting no longer, the second one for the end. */
    if (engine->launched_ended && engine->inline_state && engine->asked_to_end++ > 0)
        how = RN_INTERRUPT_KILL;
    if (how == RN_INTERRUPT_KILL && engine->launched)
        kill_all(engine);
    else if (!engine->launched || engine->launched_ended)
        rn_ptrace_let_go(engine);
}

/* Room for a stop of every tracee. */
static bool grow_queue(struct rn_stop_queue *queue, size_t needed)
{
    size_t capacity = queue->capacity ? queue->capacity * 2 : 64;
    struct rn_stop *stops;

    if (queue->capacity >= needed)
        return true;
    while (capacity < needed)
        capacity *= 2;
    stops = realloc(queue->stops, capacity * sizeof(*stops));
    if (!stops)
        return false;
    queue->stops = stops;
    queue->capacity = capacity;
    return true;
}

/* wait() always begins its search with the oldest tracee, and a few that stop often would starve all
 * others. So the stops of all tracees that have stopped are collected before any of them is resumed;
 * from time to time only where there was but one for a while, because each look is a system call. */
static bool look_for_more(struct rn_ptrace *engine)
{
    return engine->tracees.count > 1 && engine->lone_stops % LONE_STOPS == 0 &&
           grow_queue(&engine->queue, engine->queue.count + 1);
}

/* False where there is nothing to wait for. */
static bool collect_stops(struct rn_ptrace *engine)
{
    struct rn_stop_queue *queue = &engine->queue;
    int flags = __WALL | __WNOTHREAD; /* not the children of other threads */
    struct rn_stop stop;

    queue->count = 0;
    /* Without memory for a queue they are taken one by one. */
    while (queue->count == 0 || look_for_more(engine)) {
        stop.tid = waitpid(-1, &stop.status, queue->count == 0 ? flags : flags | WNOHANG);
        if (stop.tid <= 0 && queue->count == 0)
            return errno == EINTR;
        if (stop.tid <= 0)
            break;
        stop.time = rn_session_now(engine->session);
        queue->stops[queue->count++] = stop;
    }
    engine->lone_stops = queue->count > 1 ? 0 : engine->lone_stops + 1;
    return true;
}

void rn_ptrace_relieve(struct rn_ptrace *engine, const struct rn_ring_slot *slot)
{
    bool full = false;

    rn_ptrace_fail(engine, rn_session_relieve(engine->session, slot, &full, &engine->err));
    if (!full)
        return;
    engine->keep_up = KEEP_UP_TRIES;
    set_timer(0, KEEP_UP_NS);
}

static void set_rest_timer(const struct rn_ptrace *engine)
{
    if (engine->pace)
        set_timer(0, engine->pace);
    else
        set_timer(TICK_S, 0);
}

/* A thread whose ring is full is stopped until there is room again. So a ring that was full once is
 * emptied early from then on, while its thread runs. */
static void keep_up(struct rn_ptrace *engine)
{
    bool busy = false;

    if (!woken || engine->keep_up == 0 || engine->status != RN_OK)
        return;
    woken = 0;
    rn_stay_leave(&engine->stay);
    rn_ptrace_fail(engine, rn_session_keep_up(engine->session, &busy, &engine->err));
    engine->keep_up = busy ? KEEP_UP_TRIES : engine->keep_up - 1;
    if (engine->keep_up == 0)
        set_rest_timer(engine);
}

/* Libraries in the program fill rings without a stop. */
static void follow_producers(struct rn_ptrace *engine)
{
    long pace = rn_session_pace(engine->session);

    if (pace == engine->pace)
        return;
    engine->pace = pace;
    if (engine->keep_up == 0)
        set_rest_timer(engine);
}

static void handle_stop(struct rn_ptrace *engine, const struct rn_stop *stop)
{
    engine->now = stop->time;
    rn_stay_stopped(&engine->stay);
    rn_ptrace_handle(engine, stop->tid, stop->status);
    if (engine->status == RN_OK)
        rn_ptrace_fail(engine, rn_session_tick(engine->session, &engine->err));
}

bool rn_ptrace_step(struct rn_ptrace *engine)
{
    follow_interrupt(engine);
    if (engine->tracees.count == 0 || !collect_stops(engine))
        return false;
    for (size_t i = 0; i < engine->queue.count; i++)
        handle_stop(engine, &engine->queue.stops[i]);
    keep_up(engine);
    if (engine->status == RN_OK)
        rn_ptrace_fail(engine, rn_session_tick(engine->session, &engine->err));
    follow_producers(engine);
    return true;
}

/* What ties a recording to others, and what was asked for. */
static char **all_env_names(char *const *chosen)
{
    static char parent[] = "TRACEPARENT", state[] = "TRACESTATE", lamport[] = "RN_LAMPORT";
    char *const always[] = {parent, state, lamport};
    const size_t fixed = sizeof(always) / sizeof(always[0]);
    size_t count = 0;
    char **names;

    while (chosen && chosen[count])
        count++;
    names = calloc(count + fixed + 1, sizeof(*names));
    if (!names)
        return NULL;
    memcpy(names, always, sizeof(always));
    for (size_t i = 0; i < count; i++)
        names[fixed + i] = chosen[i];
    return names;
}

static void ptrace_free(void *state)
{
    struct rn_ptrace *engine = state;

    if (!engine)
        return;
    for (size_t i = 0; i < RN_TRACEE_BUCKETS; i++) {
        while (engine->tracees.buckets[i])
            rn_tracee_remove(&engine->tracees, engine->tracees.buckets[i]);
    }
    rn_side_thread_free(engine->side_thread);
    rn_stay_end(&engine->stay);
    rn_buf_free(&engine->modules);
    rn_buf_free(&engine->descriptors);
    rn_inline_free(engine->inline_state);
    rn_build_ids_free(engine->build_ids);
    free(engine->capture);
    free(engine->env_names);
    free(engine->queue.stops);
    free(engine);
}

static enum rn_status start(struct rn_session *session, const struct rn_engine_options *options,
                            bool use_inline, void **state, struct rn_error *err)
{
    struct rn_ptrace *engine = calloc(1, sizeof(*engine));
    enum rn_status status;

    *state = NULL;
    if (!engine)
        return rn_fail(err, RN_E_NOMEM, "no memory for the capture engine");
    engine->session = session;
    engine->options = options;
    engine->env_names = all_env_names(options->env_names);
    engine->capture = rn_capture_new(options->content_head, options->content_none);
    engine->build_ids = rn_build_ids_new();
    if (!engine->env_names || !engine->capture || !engine->build_ids ||
        !grow_queue(&engine->queue, 1)) {
        ptrace_free(engine);
        return rn_fail(err, RN_E_NOMEM, "no memory for the capture engine");
    }
    if (use_inline) {
        engine->inline_state = rn_inline_new(engine, err);
        if (!engine->inline_state) {
            ptrace_free(engine);
            return err->status;
        }
        if (!options->pin)
            engine->side_thread = rn_side_thread_new(rn_ptrace_exec_read, engine, false);
    }
    make_wake_timer(engine);
    rn_session_on_segment(session, rn_ptrace_snapshot, engine);
    status = options->argv ? rn_ptrace_launch(engine, err) : rn_ptrace_attach(engine, err);
    if (status != RN_OK) {
        ptrace_free(engine);
        return status;
    }
    *state = engine;
    return RN_OK;
}

/* A program that was let go because recording failed is still this process's child. */
static void wait_for_launched(struct rn_ptrace *engine)
{
    while (!engine->launched_ended) {
        pid_t pid = waitpid(engine->launched, &engine->launched_status, __WNOTHREAD);

        if (pid < 0 && errno != EINTR)
            return;
        engine->launched_ended = pid == engine->launched;
    }
}

static enum rn_status ptrace_run(void *state, int *status, struct rn_error *err)
{
    struct rn_ptrace *engine = state;

    if (engine->inline_state && rn_session_has_commit_thread(engine->session))
        rn_stay_begin(&engine->stay);
    while (rn_ptrace_step(engine))
        ;
    if (engine->launched)
        wait_for_launched(engine);
    *status = engine->launched_status;
    if (engine->status != RN_OK && err)
        *err = engine->err;
    return engine->status;
}

static enum rn_status ptrace_start(struct rn_session *session,
                                   const struct rn_engine_options *options, void **state,
                                   struct rn_error *err)
{
    return start(session, options, false, state, err);
}

static enum rn_status inline_start(struct rn_session *session,
                                   const struct rn_engine_options *options, void **state,
                                   struct rn_error *err)
{
    return start(session, options, true, state, err);
}

const struct rn_engine rn_engine_ptrace = {
    .name = "ptrace", .start = ptrace_start, .run = ptrace_run, .free = ptrace_free};
const struct rn_engine rn_engine_inline = {
    .name = "inline", .start = inline_start, .run = ptrace_run, .free = ptrace_free};
