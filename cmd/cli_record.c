/* SPDX-License-Identifier: MIT */
#include "cli_record.h"

#include "cli.h"
#include "cli_record_compute.h"
#include "cli_record_decisions.h"
#include "cli_record_device.h"

#include "formats/archive.h"
#include "libanalysis/effect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) and the like signal both the process and its group: that counts once. */
enum { SECOND_INTERRUPT_MS = 100 };

struct cli_inherited cli_record_inherited(void)
{
    struct cli_inherited inherited = {.sigpipe_ignored = false};
    struct sigaction action;

    if (sigaction(SIGPIPE, NULL, &action) == 0)
        inherited.sigpipe_ignored = action.sa_handler == SIG_IGN;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        inherited.closed[fd] = fcntl(fd, F_GETFD) < 0;
    return inherited;
}

void cli_record_hide(const struct cli_inherited *inherited)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (inherited->closed[fd])
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The terminal sends its signals to the program too; what somebody sent to the recorder alone is
 * passed on. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    static int64_t first_ms;
    int failure = errno;
    enum rn_interrupt how = RN_INTERRUPT_ONCE;

    (void)context;
    if (signo == SIGINT && first_ms != 0 && now_ms() - first_ms > SECOND_INTERRUPT_MS)
        how = RN_INTERRUPT_KILL;
    if (signo == SIGINT && first_ms == 0)
        first_ms = now_ms();
    rn_engine_interrupt(how, info->si_code == SI_KERNEL ? 0 : signo);
    errno = failure;
}

/* A signal that was ignored stays so, for the program too; not SIGINT where there is none: a shell that
 * runs rn-record in the background ignores it. */
static void catch_signals(bool attached)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct sigaction old;

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], NULL, &old) == 0 &&
            (old.sa_handler != SIG_IGN || (attached && signals[i] == SIGINT)))
            sigaction(signals[i], &action, NULL);
    }
    /* A reader of the archive that goes away must not take the program with it. */
    signal(SIGPIPE, SIG_IGN);
}

static int start_failure(const struct cli_recording *recording, const struct rn_error *err)
{
    if (!recording->engine.argv || err->status != RN_E_SYSTEM)
        return CLI_EXIT_RECORDER;
    switch (err->sys_errno) {
    case ENOENT:
    case ENOTDIR:
        return CLI_EXIT_NOT_FOUND;
    case EACCES:
    case ENOEXEC:
    case EISDIR:
    case E2BIG:
        return CLI_EXIT_NOT_EXECUTABLE;
    default:
        return CLI_EXIT_RECORDER;
    }
}

static struct rn_session *open_session(const struct cli_recording *recording, struct rn_error *err)
{
    struct rn_manifest manifest;
    struct rn_session *session = NULL;

    cli_record_manifest(recording, &manifest);
    if (rn_session_new(&recording->session, &manifest, &session, err) != RN_OK)
        session = NULL;
    rn_manifest_clear(&manifest);
    return session;
}

/* An archive that could not be finished is still there, except in a pipe. */
static void report_unsealed(const char *output, const struct rn_error *err)
{
    char text[2048];

    if (strcmp(output, "-") == 0)
        cli_error(err);
    else
        cli_fail("%s; what was recorded is in %s" RN_PART_SUFFIX ", see rn-info --seal",
                 rn_error_text(err, text, sizeof(text)), output);
}

static bool finish(const struct cli_recording *recording, struct rn_session *session,
                   int wait_status)
{
    struct rn_error err = RN_ERROR_INIT;
    uint64_t lost;

    cli_record_compute_missed(session, recording->session.output);
    if (recording->devices)
        cli_record_device_missed(recording->devices, session, recording->session.output);
    if (rn_session_finish(session, recording->engine.argv != NULL, wait_status, &lost, &err) !=
        RN_OK) {
        report_unsealed(recording->session.output, &err);
        return false;
    }
    if (cli_verbose > 0)
        cli_warn("%s: recorded by the %s engine", recording->session.output, recording->how->name);
    if (lost > 0 && recording->session.writer.keep_last == 0)
        cli_warn("%s: %" PRIu64 " events could not be stored", recording->session.output, lost);
    return true;
}

/* A session with the engine that will record: the manifest names it. */
static struct rn_session *prepare(struct cli_recording *recording, const char **reason,
                                  struct rn_error *err)
{
    recording->how = rn_engine_resolve(recording->how, &recording->engine, reason, err);
    recording->session.all_traced = recording->how == &rn_engine_ptrace;
    return recording->how ? open_session(recording, err) : NULL;
}

/* Whoever reads the archive must know why the program was so slow. */
static void note_fallback(struct rn_session *session, const char *reason)
{
    struct rn_error err = RN_ERROR_INIT;

    if (reason && rn_session_notice(session, RN_NOTICE_ENGINE, 0, &err, "recorded by ptrace: %s",
                                    reason) != RN_OK)
        cli_error(&err);
}

bool cli_record(const struct cli_recording *wanted, int *wait_status, int *exit_status)
{
    struct rn_error err = RN_ERROR_INIT;
    struct cli_recording chosen = *wanted, *recording = &chosen;
    const char *reason = NULL;
    struct rn_session *session = prepare(recording, &reason, &err);
    struct rn_effects_watch *watch = NULL;
    void *engine = NULL;
    bool fine;

    *exit_status = CLI_EXIT_RECORDER;
    *wait_status = 0;
    if (!session) {
        cli_error(&err);
        return false;
    }
    if (recording->rings_variable)
        snprintf(recording->rings_variable, CLI_RINGS_SIZE, CLI_RINGS_VARIABLE "%s",
                 rn_session_rings_path(session));
    if (recording->files)
        watch = cli_record_watch(session);
    if (recording->devices)
        cli_record_device_watch(recording->devices, session);
    catch_signals(recording->engine.argv == NULL);
    if (recording->how->start(session, &recording->engine, &engine, &err) != RN_OK) {
        *exit_status = start_failure(recording, &err);
        rn_session_discard(session);
        rn_session_free(session);
        rn_effects_watch_free(watch);
        cli_error(&err);
        return false;
    }
    note_fallback(session, reason);
    cli_decisions_follow(recording->decisions, session);
    rn_session_collect_facts(session);
    fine = recording->how->run(engine, wait_status, &err) == RN_OK;
    if (!fine)
        cli_error(&err);
    recording->how->free(engine);
    cli_decisions_finish(recording->decisions, session);
    if (recording->files)
        cli_record_files(session, recording->session.output, watch);
    fine = finish(recording, session, *wait_status) && fine;
    rn_session_free(session);
    /* Whoever waits for the program gets its status, whatever has become of the recording. */
    return fine || recording->engine.argv != NULL;
}

int cli_record_end_as(int wait_status)
{
    struct rlimit none = {0, 0};
    int signo = WTERMSIG(wait_status);
    sigset_t set;

    if (!WIFSIGNALED(wait_status))
        return WEXITSTATUS(wait_status);
    /* The program has dumped its core; a second one, of the recorder, would replace it. */
    (void)setrlimit(RLIMIT_CORE, &none);
    signal(signo, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signo);
    return 128 + signo;
}
