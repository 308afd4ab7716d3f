/* SPDX-License-Identifier: MIT */
#include "ptrace_engine.h"

#include "inline_filter.h"
#include "proc_snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACE_OPTIONS                                                                              \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |      \
     PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP)
#define ATTACH_PASSES 100

extern char **environ;

/* Is it a program? If not, errno says why. */
static bool is_program(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return false;
    if (S_ISREG(info.st_mode) && access(path, X_OK) == 0)
        return true;
    errno = EACCES;
    return false;
}

/* As a shell looks for a command. */
static bool find_program(const char *name, char *path, size_t size)
{
    const char *at = getenv("PATH");
    int failure = ENOENT;

    if (strchr(name, '/') || name[0] == '\0') {
        snprintf(path, size, "%s", name);
        return is_program(path);
    }
    for (at = at ? at : "/bin:/usr/bin"; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int length = (int)strcspn(at, ":");

        if (snprintf(path, size, "%.*s%s%s", length, at, length ? "/" : "./", name) >= (int)size)
            continue;
        if (is_program(path))
            return true;
        if (errno == EACCES)
            failure = EACCES;
    }
    errno = failure;
    return false;
}

/* The way from recorder to child and back: the child waits for a byte, and sends errno if it cannot
 * execute the program. Both ends vanish with the exec. */
struct child_pipes {
    int go[2], failure[2];
};

/* The signal handling that the program would have without a recorder. */
static void restore_signals(const struct rn_ptrace *engine)
{
    struct sigaction action;

    for (int signo = 1; signo < NSIG; signo++) {
        if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
            action.sa_handler != SIG_IGN)
            signal(signo, SIG_DFL);
    }
    signal(SIGPIPE, engine->options->sigpipe_ignored ? SIG_IGN : SIG_DFL);
    if (engine->program_alarm.sa_handler == SIG_IGN)
        signal(SIGALRM, SIG_IGN);
    sigprocmask(SIG_SETMASK, &engine->program_mask, NULL);
}

static _Noreturn void give_up(const struct child_pipes *pipes)
{
    int failure = errno;

    if (write(pipes->failure[1], &failure, sizeof(failure)) < 0)
        _exit(126);
    _exit(127);
}

static _Noreturn void run_child(const struct rn_ptrace *engine, const struct child_pipes *pipes,
                                const char *path)
{
    char *const *argv = engine->options->argv;
    char *const *environment =
        engine->options->environment ? engine->options->environment : environ;
    char *shell[3] = {(char *)"sh", (char *)path, NULL};
    char byte;

    close(pipes->go[1]);
    if (engine->options->stdout_to_stderr)
        dup2(STDERR_FILENO, STDOUT_FILENO);
    restore_signals(engine);
    if (read(pipes->go[0], &byte, 1) != 1)
        _exit(127); /* the recorder is gone */
    if (engine->inline_state && rn_inline_filter_install(NULL) != RN_OK)
        give_up(pipes);
    execve(path, argv, environment);
    /* A script without a first line that names its interpreter: what execvp(3) does. Its further
     * arguments are rare enough to be passed by nobody but a shell. */
    if (errno == ENOEXEC && !argv[1])
        execve("/bin/sh", shell, environment);
    give_up(pipes);
}

static enum rn_status seize(pid_t tid, unsigned long options, struct rn_error *err)
{
    if (ptrace(PTRACE_SEIZE, tid, NULL, options) == 0)
        return RN_OK;
    if (errno == EPERM)
        return rn_fail(err, RN_E_SYSTEM,
                       "cannot trace process %d (is it traced already, or another user's? see "
                       "/proc/sys/kernel/yama/ptrace_scope)",
                       (int)tid);
    return rn_fail(err, RN_E_SYSTEM, "cannot trace process %d", (int)tid);
}

static struct rn_tracee *add_thread(struct rn_ptrace *engine, pid_t tid,
                                    struct rn_tracee_process *process, struct rn_error *err)
{
    struct rn_tracee *tracee = rn_tracee_add(&engine->tracees, tid);

    if (!tracee) {
        (void)rn_fail(err, RN_E_NOMEM, "no memory for a thread");
        return NULL;
    }
    if (!rn_ptrace_adopt(engine, tracee, process, 0)) {
        *err = engine->err;
        return NULL;
    }
    return tracee;
}

/* Trace the child, which waits for its byte, and let it run into its exec. */
static enum rn_status trace_child(struct rn_ptrace *engine, const struct child_pipes *pipes,
                                  struct rn_error *err)
{
    enum rn_status status = seize(engine->launched, TRACE_OPTIONS | PTRACE_O_EXITKILL, err);
    struct rn_tracee *tracee;

    if (status != RN_OK)
        return status;
    tracee = add_thread(engine, engine->launched, rn_tracee_process_new(engine->launched), err);
    if (!tracee)
        return err->status;
    tracee->before_exec = true;
    engine->now = rn_session_now(engine->session);
    rn_ptrace_process_facts(engine, tracee, RN_PROCESS_START);
    if (ptrace(PTRACE_INTERRUPT, engine->launched, NULL, NULL) != 0 ||
        write(pipes->go[1], "", 1) != 1)
        return rn_fail(err, RN_E_SYSTEM, "cannot start the program");
    while (!engine->exec_seen && rn_ptrace_step(engine))
        ;
    if (engine->status != RN_OK)
        *err = engine->err;
    return engine->status;
}

static enum rn_status exec_failure(struct rn_ptrace *engine, int fd, struct rn_error *err)
{
    int failure = 0;

    if (engine->exec_seen)
        return RN_OK;
    if (read(fd, &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
        failure = EINTR; /* it was killed before it could be executed */
    errno = failure;
    (void)rn_fail(err, RN_E_SYSTEM, "cannot run the program");
    return rn_fail_in(err, engine->options->argv[0]);
}

/* A signal that comes between fork and exec is for the program: it stays pending until the child
 * has the program's signal handling. */
static pid_t fork_child(struct rn_ptrace *engine, const struct child_pipes *pipes,
                        const char *path)
{
    sigset_t all, old;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0)
        run_child(engine, pipes, path);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return pid;
}

static void close_pair(int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static void pin_to_cpu(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof(one), &one);
}

enum rn_status rn_ptrace_launch(struct rn_ptrace *engine, struct rn_error *err)
{
    struct child_pipes pipes;
    char path[4096];
    enum rn_status status;

    if (!find_program(engine->options->argv[0], path, sizeof(path))) {
        (void)rn_fail(err, RN_E_SYSTEM, "cannot run the program");
        return rn_fail_in(err, engine->options->argv[0]);
    }
    if (engine->options->pin)
        pin_to_cpu();
    if (pipe2(pipes.go, O_CLOEXEC) != 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot make a pipe");
    if (pipe2(pipes.failure, O_CLOEXEC | O_NONBLOCK) != 0) {
        close_pair(pipes.go);
        return rn_fail(err, RN_E_SYSTEM, "cannot make a pipe");
    }
    engine->launched = fork_child(engine, &pipes, path);
    if (engine->launched < 0)
        status = rn_fail(err, RN_E_SYSTEM, "cannot make a process for the program");
    else
        status = trace_child(engine, &pipes, err);
    if (status == RN_OK)
        status = exec_failure(engine, pipes.failure[0], err);
    close_pair(pipes.go);
    close_pair(pipes.failure);
    return status;
}

struct attach_pass {
    struct rn_ptrace *engine;
    struct rn_tracee_process *process;
    size_t found; /* threads that were not traced before this pass */
    enum rn_status status;
    struct rn_error *err;
};

static void attach_thread(void *context, int tid)
{
    struct attach_pass *pass = context;
    struct rn_tracee *tracee;

    if (pass->status != RN_OK || rn_tracee_find(&pass->engine->tracees, tid))
        return;
    pass->status = seize(tid, TRACE_OPTIONS, pass->err);
    if (pass->status != RN_OK) {
        /* A thread that ended meanwhile, or one that is traced already because its parent was. */
        if (tid != pass->process->pid)
            pass->status = RN_OK;
        return;
    }
    pass->found++;
    tracee = add_thread(pass->engine, tid, pass->process, pass->err);
    pass->status = tracee ? RN_OK : pass->err->status;
    (void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
}

static void emit_name(void *context, struct rn_tracee *tracee)
{
    struct attach_pass *pass = context;

    if (tracee->process == pass->process)
        rn_ptrace_thread_name(pass->engine, tracee);
}

static enum rn_status attach_process(struct rn_ptrace *engine, pid_t pid, struct rn_error *err)
{
    struct attach_pass pass = {.engine = engine, .err = err, .found = 1};
    struct rn_proc_status facts;
    struct rn_tracee *leader;

    if (!rn_proc_status(pid, &facts)) {
        errno = ESRCH;
        return rn_fail(err, RN_E_SYSTEM, "cannot trace process %d", (int)pid);
    }
    pid = facts.tgid;
    if (rn_tracee_find(&engine->tracees, pid))
        return RN_OK;
    pass.process = rn_tracee_process_new(pid);
    if (!pass.process)
        return rn_fail(err, RN_E_NOMEM, "no memory for a process");
    pass.process->attached = true;
    attach_thread(&pass, pid);
    leader = rn_tracee_find(&engine->tracees, pid);
    if (!leader) {
        free(pass.process);
        return pass.status;
    }
    engine->now = rn_session_now(engine->session);
    rn_ptrace_process_facts(engine, leader, RN_PROCESS_ATTACH);
    /* Threads that are made by one that is already traced are traced too; so this comes to an
     * end. */
    for (int i = 0; i < ATTACH_PASSES && pass.found > 0 && pass.status == RN_OK; i++) {
        pass.found = 0;
        rn_proc_numbers(pid, "task", attach_thread, &pass);
    }
    rn_tracee_each(&engine->tracees, emit_name, &pass);
    rn_ptrace_modules(engine, leader);
    rn_ptrace_descriptors(engine, leader);
    return pass.status == RN_OK ? engine->status : pass.status;
}

enum rn_status rn_ptrace_attach(struct rn_ptrace *engine, struct rn_error *err)
{
    for (size_t i = 0; i < engine->options->attach_count; i++) {
        enum rn_status status = attach_process(engine, engine->options->attach_pids[i], err);

        if (status != RN_OK)
            return status; /* what is traced already is let go when this process ends */
    }
    return RN_OK;
}
