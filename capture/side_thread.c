/* SPDX-License-Identifier: MIT */
#include "side_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is woken while the thread runs waits for the end of its slice at most: for several ms, where
 * that is the common one. It must not be the last in the queue either: the program waits for it
 * where a ring is full. */
#define NICE     5
#define SLICE_NS 100000u

enum progress { DONE, ASKED, TO_END };

struct rn_side_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    enum progress progress; /* written under the lock */
    rn_side_work *work;
    void *context;
    bool yields;
    cpu_set_t cpus; /* where it may run... */
    int avoided;    /* ...but for this one; -1 none */
};

static enum progress wait_for_work(struct rn_side_thread *thread)
{
    enum progress progress;

    pthread_mutex_lock(&thread->lock);
    while (thread->progress == DONE)
        pthread_cond_wait(&thread->asked, &thread->lock);
    progress = thread->progress;
    pthread_mutex_unlock(&thread->lock);
    return progress;
}

static void advance(struct rn_side_thread *thread, enum progress progress, pthread_cond_t *told)
{
    pthread_mutex_lock(&thread->lock);
    __atomic_store_n(&thread->progress, progress, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&thread->lock);
    pthread_cond_signal(told);
}

/* Linux since 6.12 lets others in after `runtime`; before, by the nice value alone. glibc 2.36 has
 * no name for any of this. */
static void yield_to_others(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period; /* ns */
    } attributes = {
        .size = sizeof(attributes), .policy = SCHED_OTHER, .nice = NICE, .runtime = SLICE_NS};

    (void)syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

static void *run(void *context)
{
    struct rn_side_thread *thread = context;

    if (thread->yields)
        yield_to_others();
    while (wait_for_work(thread) != TO_END) {
        thread->work(thread->context);
        advance(thread, DONE, &thread->answered);
    }
    return NULL;
}

static bool have_two_cpus(cpu_set_t *set)
{
    return sched_getaffinity(0, sizeof(*set), set) == 0 && CPU_COUNT(set) > 1;
}

/* Signals are for the thread that traces. */
static bool start(struct rn_side_thread *thread)
{
    sigset_t all, old;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    started = pthread_create(&thread->thread, NULL, run, thread) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

struct rn_side_thread *rn_side_thread_new(rn_side_work *work, void *context, bool yields)
{
    cpu_set_t cpus;
    struct rn_side_thread *thread = have_two_cpus(&cpus) ? calloc(1, sizeof(*thread)) : NULL;

    if (!thread)
        return NULL;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->asked, NULL);
    pthread_cond_init(&thread->answered, NULL);
    thread->work = work;
    thread->context = context;
    thread->yields = yields;
    thread->cpus = cpus;
    thread->avoided = -1;
    if (start(thread))
        return thread;
    free(thread);
    return NULL;
}

void rn_side_thread_free(struct rn_side_thread *thread)
{
    if (!thread)
        return;
    rn_side_thread_wait(thread);
    advance(thread, TO_END, &thread->asked);
    pthread_join(thread->thread, NULL);
    free(thread);
}

void rn_side_thread_begin(struct rn_side_thread *thread)
{
    advance(thread, ASKED, &thread->asked);
}

bool rn_side_thread_busy(const struct rn_side_thread *thread)
{
    return __atomic_load_n(&thread->progress, __ATOMIC_ACQUIRE) != DONE;
}

void rn_side_thread_wait(struct rn_side_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    while (thread->progress == ASKED)
        pthread_cond_wait(&thread->answered, &thread->lock);
    pthread_mutex_unlock(&thread->lock);
}

void rn_side_thread_keep_away(struct rn_side_thread *thread)
{
    int cpu = sched_getcpu();
    cpu_set_t others = thread->cpus;

    if (cpu < 0 || cpu >= CPU_SETSIZE || cpu == thread->avoided)
        return;
    CPU_CLR((size_t)cpu, &others);
    if (pthread_setaffinity_np(thread->thread, sizeof(others), &others) == 0)
        thread->avoided = cpu;
}
