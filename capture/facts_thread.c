/* SPDX-License-Identifier: MIT */
#include "process_facts.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum progress { DONE, ASKED, DESCRIPTORS_READ, TO_END };

struct rn_facts_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    enum progress progress; /* under the lock */
    cpu_set_t cpus;         /* where it may run... */
    int avoided;            /* ...but for this one; -1 none */
    pid_t pid;
    char *const *env_names;
    struct rn_buf descriptors;
    struct rn_process_facts facts;
};

static void advance(struct rn_facts_thread *thread, enum progress progress)
{
    pthread_mutex_lock(&thread->lock);
    thread->progress = progress;
    pthread_cond_signal(&thread->answered);
    pthread_mutex_unlock(&thread->lock);
}

static enum progress wait_for_question(struct rn_facts_thread *thread)
{
    enum progress progress;

    pthread_mutex_lock(&thread->lock);
    while (thread->progress != ASKED && thread->progress != TO_END)
        pthread_cond_wait(&thread->asked, &thread->lock);
    progress = thread->progress;
    pthread_mutex_unlock(&thread->lock);
    return progress;
}

static void *gather(void *context)
{
    struct rn_facts_thread *thread = context;

    while (wait_for_question(thread) != TO_END) {
        rn_descriptor_list_read(thread->pid, true, &thread->descriptors);
        advance(thread, DESCRIPTORS_READ);
        rn_process_facts_read(thread->pid, thread->env_names, &thread->facts);
        advance(thread, DONE);
    }
    return NULL;
}

static bool have_two_cpus(cpu_set_t *set)
{
    return sched_getaffinity(0, sizeof(*set), set) == 0 && CPU_COUNT(set) > 1;
}

/* The new program is kept on the caller's CPU meanwhile (see inline_remote.c), and a thread that is
 * woken tends to begin on the waker's: there the two would not run at the same time at all. */
static void keep_away(struct rn_facts_thread *thread)
{
    int cpu = sched_getcpu();
    cpu_set_t others = thread->cpus;

    if (cpu < 0 || cpu >= CPU_SETSIZE || cpu == thread->avoided)
        return;
    CPU_CLR((size_t)cpu, &others);
    if (pthread_setaffinity_np(thread->thread, sizeof(others), &others) == 0)
        thread->avoided = cpu;
}

/* Signals are for the thread that traces. */
static bool start(struct rn_facts_thread *thread)
{
    sigset_t all, old;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    started = pthread_create(&thread->thread, NULL, gather, thread) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

struct rn_facts_thread *rn_facts_thread_new(char *const *env_names)
{
    cpu_set_t cpus;
    struct rn_facts_thread *thread = have_two_cpus(&cpus) ? calloc(1, sizeof(*thread)) : NULL;

    if (!thread)
        return NULL;
    thread->cpus = cpus;
    thread->avoided = -1;
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->asked, NULL);
    pthread_cond_init(&thread->answered, NULL);
    thread->env_names = env_names;
    if (start(thread))
        return thread;
    free(thread);
    return NULL;
}

void rn_facts_thread_free(struct rn_facts_thread *thread)
{
    if (!thread)
        return;
    (void)rn_facts_thread_process(thread);
    pthread_mutex_lock(&thread->lock);
    thread->progress = TO_END;
    pthread_cond_signal(&thread->asked);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->thread, NULL);
    rn_buf_free(&thread->descriptors);
    free(thread);
}

void rn_facts_thread_begin(struct rn_facts_thread *thread, pid_t pid)
{
    keep_away(thread);
    pthread_mutex_lock(&thread->lock);
    thread->pid = pid;
    thread->progress = ASKED;
    pthread_cond_signal(&thread->asked);
    pthread_mutex_unlock(&thread->lock);
}

void rn_facts_thread_descriptors(struct rn_facts_thread *thread, struct rn_buf *list)
{
    struct rn_buf old = *list;

    pthread_mutex_lock(&thread->lock);
    while (thread->progress == ASKED)
        pthread_cond_wait(&thread->answered, &thread->lock);
    *list = thread->descriptors;
    thread->descriptors = old;
    pthread_mutex_unlock(&thread->lock);
}

const struct rn_process_facts *rn_facts_thread_process(struct rn_facts_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    while (thread->progress != DONE)
        pthread_cond_wait(&thread->answered, &thread->lock);
    pthread_mutex_unlock(&thread->lock);
    return &thread->facts;
}
