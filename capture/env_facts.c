/* SPDX-License-Identifier: MIT */
#include "env_facts.h"

#include "env_cache.h"
#include "proc_snapshot.h"

#include "formats/archive.h"
#include "formats/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_LIMIT_MS  10000
#define COMMAND_BYTES_MAX (4u << 20)
#define FINISH_LIMIT_S    5

extern char **environ;

enum fact { FACT_UNAME, FACT_CPU, FACT_HWLOC, FACT_GPU, FACT_COUNT };

static const char *const member_names[FACT_COUNT] = {RN_MEMBER_ENV "uname", RN_MEMBER_ENV "cpu",
                                                     RN_MEMBER_ENV "hwloc.xml",
                                                     RN_MEMBER_ENV "nvidia-smi.xml"};

struct rn_env_facts {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ready;
    unsigned references; /* the thread and the recorder: who comes last frees */
    bool complete[FACT_COUNT]; /* the thread leaves that text alone from now on */
    bool given_up; /* the recorder no longer waits: running commands are ended */
    struct rn_buf texts[FACT_COUNT];
};

static void collect_uname(struct rn_buf *out)
{
    struct utsname name;

    if (uname(&name) == 0)
        rn_buf_printf(out, "%s %s %s %s %s\n", name.sysname, name.nodename, name.release,
                      name.version, name.machine);
}

/* The first processor of /proc/cpuinfo: model and flags. */
static void collect_cpu(struct rn_buf *out)
{
    char text[16384];
    size_t length = rn_proc_read_path("/proc/cpuinfo", text, sizeof(text));
    const char *end = strstr(text, "\n\n");

    rn_buf_append(out, text, end ? (size_t)(end - text) + 1 : length);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_given_up(struct rn_env_facts *facts)
{
    bool given_up;

    pthread_mutex_lock(&facts->lock);
    given_up = facts->given_up;
    pthread_mutex_unlock(&facts->lock);
    return given_up;
}

/* Read until the end; false after the time limit, or when too much came. */
static bool read_output(struct rn_env_facts *facts, int fd, struct rn_buf *out)
{
    int64_t limit = now_ms() + COMMAND_LIMIT_MS;

    while (out->size < COMMAND_BYTES_MAX && now_ms() < limit && !is_given_up(facts)) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        uint8_t *to;
        ssize_t got;

        if (poll(&poll_fd, 1, 100) <= 0)
            continue;
        to = rn_buf_reserve(out, 65536);
        if (!to)
            return false;
        got = read(fd, to, 65536);
        if (got <= 0)
            return got == 0;
        out->size += (size_t)got;
    }
    return false;
}

static bool spawn(char *const *argv, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int failure;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failure = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure == 0;
}

/* The command's standard output; false where it is not there or failed. */
static bool run_command(struct rn_env_facts *facts, char *const *argv, struct rn_buf *out)
{
    int ends[2], status = 0;
    bool whole;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    if (!spawn(argv, ends[1], &pid)) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    close(ends[1]);
    whole = read_output(facts, ends[0], out);
    close(ends[0]);
    if (!whole)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (whole && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    rn_buf_clear(out);
    return false;
}

/* What a command prints, from the cache where it was run since the machine started. */
static void collect_command(struct rn_env_facts *facts, const char *cache, char *const *argv,
                            struct rn_buf *out)
{
    if (rn_env_cache_read(cache, out))
        return;
    run_command(facts, argv, out);
    if (!out->failed && !is_given_up(facts))
        rn_env_cache_write(cache, out);
}

static void release(struct rn_env_facts *facts)
{
    bool last;

    pthread_mutex_lock(&facts->lock);
    last = --facts->references == 0;
    pthread_mutex_unlock(&facts->lock);
    if (!last)
        return;
    for (int i = 0; i < FACT_COUNT; i++)
        rn_buf_free(&facts->texts[i]);
    pthread_cond_destroy(&facts->ready);
    pthread_mutex_destroy(&facts->lock);
    free(facts);
}

static void mark_complete(struct rn_env_facts *facts, enum fact fact)
{
    pthread_mutex_lock(&facts->lock);
    facts->complete[fact] = true;
    pthread_cond_signal(&facts->ready);
    pthread_mutex_unlock(&facts->lock);
}

static void *collect(void *argument)
{
    static char *hwloc[] = {"lstopo-no-graphics", "--of", "xml", NULL};
    static char *gpu[] = {"nvidia-smi", "-q", "-x", NULL};
    struct rn_env_facts *facts = argument;

    collect_uname(&facts->texts[FACT_UNAME]);
    mark_complete(facts, FACT_UNAME);
    collect_cpu(&facts->texts[FACT_CPU]);
    mark_complete(facts, FACT_CPU);
    collect_command(facts, "hwloc.xml", hwloc, &facts->texts[FACT_HWLOC]);
    mark_complete(facts, FACT_HWLOC);
    collect_command(facts, "nvidia-smi.xml", gpu, &facts->texts[FACT_GPU]);
    mark_complete(facts, FACT_GPU);
    release(facts);
    return NULL;
}

/* Signals are for the thread that traces. */
static bool start_thread(struct rn_env_facts *facts)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    bool started;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    started = pthread_create(&facts->thread, &attributes, collect, facts) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

struct rn_env_facts *rn_env_facts_start(void)
{
    struct rn_env_facts *facts = calloc(1, sizeof(*facts));
    pthread_condattr_t attributes;

    if (!facts)
        return NULL;
    facts->references = 2;
    pthread_mutex_init(&facts->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&facts->ready, &attributes);
    pthread_condattr_destroy(&attributes);
    if (start_thread(facts))
        return facts;
    facts->references = 1;
    release(facts);
    return NULL;
}

static void wait_for_thread(struct rn_env_facts *facts)
{
    struct timespec limit;
    int failure = 0;

    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += FINISH_LIMIT_S;
    pthread_mutex_lock(&facts->lock);
    while (!facts->complete[FACT_COUNT - 1] && failure == 0)
        failure = pthread_cond_timedwait(&facts->ready, &facts->lock, &limit);
    facts->given_up = true;
    pthread_mutex_unlock(&facts->lock);
}

static const struct rn_buf *complete_text(struct rn_env_facts *facts, int fact)
{
    const struct rn_buf *text = &facts->texts[fact];
    bool complete;

    pthread_mutex_lock(&facts->lock);
    complete = facts->complete[fact];
    pthread_mutex_unlock(&facts->lock);
    return complete && text->size > 0 && !text->failed ? text : NULL;
}

enum rn_status rn_env_facts_finish(struct rn_env_facts *facts, rn_env_fact_fn *function,
                                   void *context, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    wait_for_thread(facts);
    for (int i = 0; i < FACT_COUNT && status == RN_OK; i++) {
        const struct rn_buf *text = complete_text(facts, i);

        if (text)
            status = function(context, member_names[i], text->data, text->size, err);
    }
    release(facts);
    return status;
}

void rn_env_facts_abandon(struct rn_env_facts *facts)
{
    if (!facts)
        return;
    pthread_mutex_lock(&facts->lock);
    facts->given_up = true;
    pthread_mutex_unlock(&facts->lock);
    release(facts);
}
