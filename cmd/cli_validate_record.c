/* SPDX-License-Identifier: MIT */
/* Each run is recorded by a process of its own: the engine keeps state for one recording. */
#include "cli_record.h"
#include "cli_validate.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHELL_NOT_FOUND = 127, SHELL_NOT_EXECUTABLE = 126 };
enum { WALK_DEPTH = 32 };

/* ---- directories ---- */

bool cli_validate_prepare(char *directory, size_t size)
{
    const char *top = getenv("TMPDIR");

    snprintf(directory, size, "%s/rn-validate.XXXXXX", top && *top ? top : "/tmp");
    if (mkdtemp(directory))
        return true;
    cli_fail("%s: cannot make a directory: %s", directory, strerror(errno));
    return false;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    (void)remove(path);
    return 0;
}

void cli_validate_clean(const char *directory)
{
    (void)nftw(directory, remove_one, WALK_DEPTH, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool is_directory(const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    cli_fail("%s: there is no such directory to copy", path);
    return false;
}

/* With modes, links and times, as only cp(1) knows them all. */
static bool copy_tree(const char *from, const char *to)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        execlp("cp", "cp", "-a", "--", from, to, (char *)NULL);
        _exit(SHELL_NOT_FOUND);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    cli_fail("%s: cannot be copied to %s", from, to);
    return false;
}

/* ---- in the process that records ---- */

struct drain {
    int fd;
    pthread_t thread;
};

static void *drop_output(void *argument)
{
    const struct drain *drain = argument;
    char buffer[65536];
    ssize_t got;

    do
        got = read(drain->fd, buffer, sizeof(buffer));
    while (got > 0 || (got < 0 && errno == EINTR));
    return NULL;
}

/* A pipe in the place of standard output or error, as most programs meet it in earnest. */
static bool redirect(struct drain *drain, int fd)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[1], fd) < 0)
        return false;
    close(ends[1]);
    drain->fd = ends[0];
    return true;
}

/* Ends the program when its time is up, unless the recording has ended before. */
struct watch {
    int ends[2];
    int timeout_ms;
    bool timed_out;
    pthread_t thread;
};

static void *watch_time(void *argument)
{
    struct watch *watch = argument;
    struct pollfd end = {.fd = watch->ends[0], .events = POLLIN};

    if (poll(&end, 1, watch->timeout_ms) == 0) {
        watch->timed_out = true;
        rn_engine_interrupt(RN_INTERRUPT_KILL, 0);
    }
    return NULL;
}

/* The engine's signals are for the thread that records. */
static bool start_thread(pthread_t *thread, void *(*function)(void *), void *argument)
{
    sigset_t all, before;
    bool fine;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    fine = pthread_create(thread, NULL, function, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine;
}

static bool set_up(const struct cli_validate_setup *setup, const char *directory)
{
    int input = open(setup->input ? setup->input : "/dev/null", O_RDONLY);

    if (input < 0 || dup2(input, STDIN_FILENO) < 0) {
        cli_fail("%s: cannot read: %s", setup->input, strerror(errno));
        return false;
    }
    if (input > STDERR_FILENO)
        close(input);
    if (directory && chdir(directory) < 0) {
        cli_fail("%s: cannot enter: %s", directory, strerror(errno));
        return false;
    }
    return true;
}

static const struct rn_engine *engine_of(const char *name)
{
    if (name && strcmp(name, "ptrace") == 0)
        return &rn_engine_ptrace;
    return name && strcmp(name, "inline") == 0 ? &rn_engine_inline : &rn_engine_auto;
}

/* The recorder's own messages must not go where the program's standard error does. */
static int save_messages(void)
{
    return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
}

static int record(const struct cli_validate_setup *setup, const char *command, const char *archive,
                  int *wait_status)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    char *no_names[] = {NULL};
    struct cli_recording recording = {
        .session = {.output = archive},
        .engine = {.argv = argv, .content_head = setup->content, .env_names = no_names},
        .how = engine_of(setup->engine),
        .files = true};
    struct drain drains[2];
    struct watch watch = {.timeout_ms = setup->timeout_ms ? setup->timeout_ms : -1};
    int messages = save_messages(), exit_status = 0;
    bool fine;

    memset(recording.engine.selected, 0xff, sizeof(recording.engine.selected));
    if (messages < 0 || pipe2(watch.ends, O_CLOEXEC) < 0 || !redirect(&drains[0], STDOUT_FILENO) ||
        !redirect(&drains[1], STDERR_FILENO) ||
        !start_thread(&drains[0].thread, drop_output, &drains[0]) ||
        !start_thread(&drains[1].thread, drop_output, &drains[1]) ||
        !start_thread(&watch.thread, watch_time, &watch))
        return CLI_RUN_FAILED;
    cli_messages_to(messages);
    fine = cli_record(&recording, wait_status, &exit_status);
    close(watch.ends[1]);
    pthread_join(watch.thread, NULL);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    pthread_join(drains[0].thread, NULL);
    pthread_join(drains[1].thread, NULL);
    if (watch.timed_out)
        return CLI_RUN_TIMED_OUT;
    return fine ? CLI_RUN_FINE : CLI_RUN_FAILED;
}

/* ---- in rn-validate ---- */

static enum cli_validate_outcome outcome_of(int status)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) > CLI_RUN_FAILED) {
        cli_fail("the recorder ended unexpectedly");
        return CLI_RUN_FAILED;
    }
    return (enum cli_validate_outcome)WEXITSTATUS(status);
}

static int child(const struct cli_validate_setup *setup, const char *command, const char *archive,
                 const char *directory)
{
    int wait_status = 0, outcome;

    if (!set_up(setup, directory))
        return CLI_RUN_FAILED;
    outcome = record(setup, command, archive, &wait_status);
    if (outcome == CLI_RUN_FINE && WIFEXITED(wait_status) &&
        (WEXITSTATUS(wait_status) == SHELL_NOT_FOUND ||
         WEXITSTATUS(wait_status) == SHELL_NOT_EXECUTABLE))
        return CLI_RUN_NOT_STARTED;
    return outcome;
}

enum cli_validate_outcome cli_validate_record(const struct cli_validate_setup *setup,
                                              const char *command, const char *archive)
{
    char directory[4096];
    int status = 0;
    pid_t pid;

    /* The same path for every run: what programs say about where they are is equal then. */
    snprintf(directory, sizeof(directory), "%s/work", setup->scratch);
    if (setup->directory &&
        (!is_directory(setup->directory) || !copy_tree(setup->directory, directory)))
        return CLI_RUN_FAILED;
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(child(setup, command, archive, setup->directory ? directory : NULL));
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (setup->directory)
        cli_validate_clean(directory);
    if (pid < 0) {
        cli_fail("cannot start a process: %s", strerror(errno));
        return CLI_RUN_FAILED;
    }
    return outcome_of(status);
}
