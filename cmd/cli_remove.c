/* SPDX-License-Identifier: MIT */
#include "cli_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES 8u
#define DEPTH   8u
/* A process that is about to end with this one may still put something into a directory. Once that
 * has been removed nothing can be put there. */
#define TRIES 100u

static struct {
    volatile sig_atomic_t used; /* set after the rest, cleared before it changes */
    enum cli_remove what;
    char path[PATH_MAX];
} entries[ENTRIES];

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t deferred, noted;
static pid_t owner;

/* ---- async-signal-safe ---- */

static void remove_at(int at, const char *name, unsigned depth);

static void remove_content(int directory, unsigned depth)
{
    alignas(struct dirent64) char buffer[4096];
    ssize_t count;

    while ((count = getdents64(directory, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < count;) {
            const struct dirent64 *entry = (const void *)(buffer + i);

            i += entry->d_reclen;
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                remove_at(directory, entry->d_name, depth);
        }
}

/* depth: of directories that may be emptied. */
static void remove_at(int at, const char *name, unsigned depth)
{
    if (unlinkat(at, name, 0) == 0 || errno != EISDIR)
        return;
    for (unsigned i = 0; i < TRIES; i++) {
        int fd;

        if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno != ENOTEMPTY || depth == 0)
            return;
        fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return;
        remove_content(fd, depth - 1);
        close(fd);
    }
}

static void remove_entry(size_t i)
{
    remove_at(AT_FDCWD, entries[i].path, entries[i].what == CLI_REMOVE_TREE ? DEPTH : 0);
}

static void remove_and_end(int signo)
{
    if (deferred && getpid() == owner) {
        noted = signo;
        return;
    }
    /* Twice: a directory may stand before what is in it. */
    for (unsigned pass = 0; pass < 2 && getpid() == owner; pass++)
        for (size_t i = 0; i < ENTRIES; i++)
            if (entries[i].used)
                remove_entry(i);
    signal(signo, SIG_DFL);
    raise(signo);
}

/* ---- */

static void catch_signals(void)
{
    struct sigaction old, action = {.sa_handler = remove_and_end, .sa_flags = SA_RESTART};

    if (owner == getpid())
        return;
    owner = getpid();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
}

void cli_remove_on_signal(const char *path, enum cli_remove what)
{
    size_t i = 0, size = strlen(path) + 1;

    catch_signals();
    while (i < ENTRIES && entries[i].used)
        i++;
    if (i == ENTRIES || size > sizeof entries[i].path)
        return;
    memcpy(entries[i].path, path, size);
    entries[i].what = what;
    atomic_signal_fence(memory_order_release);
    entries[i].used = 1;
}

static size_t find(const char *path)
{
    size_t i = 0;

    while (i < ENTRIES && !(entries[i].used && strcmp(entries[i].path, path) == 0))
        i++;
    return i;
}

void cli_remove_forget(const char *path)
{
    size_t i = find(path);

    if (i < ENTRIES)
        entries[i].used = 0;
}

void cli_remove_now(const char *path)
{
    size_t i = find(path);

    if (i == ENTRIES)
        return;
    remove_entry(i);
    entries[i].used = 0;
}

void cli_remove_defer(void)
{
    catch_signals();
    deferred++;
}

bool cli_remove_is_asked(void)
{
    return noted;
}

void cli_remove_resume(void)
{
    if (--deferred == 0 && noted)
        remove_and_end(noted);
}
