/* SPDX-License-Identifier: MIT */
/* Calls that change the signal mask while they wait: ppoll, pselect, epoll_pwait, sigsuspend. The
 * signal that is let through ends them with EINTR, its handler sees the temporary mask, and the old
 * mask is back afterwards. sigtimedwait and signalfd take a signal without a handler. */
#include "storm.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <unistd.h>

static volatile sig_atomic_t seen, usr2_blocked_in_handler;

static void on_usr1(int signo)
{
    sigset_t now;

    (void)signo;
    seen = seen + 1;
    sigprocmask(SIG_BLOCK, NULL, &now);
    usr2_blocked_in_handler = sigismember(&now, SIGUSR2);
}

static void check(const char *name, int result, int expected, int error)
{
    sigset_t now;
    int saved = errno;

    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("%s: %d errno %d handlers %d usr1 %d usr2 %d inside %d\n", name, result,
           result < 0 ? saved : 0, (int)seen, sigismember(&now, SIGUSR1),
           sigismember(&now, SIGUSR2), (int)usr2_blocked_in_handler);
    if (result != expected || (result < 0 && saved != error))
        fail_test(name);
}

int main(void)
{
    struct timespec second = {1, 0}, now = {0, 0};
    struct signalfd_siginfo info;
    struct pollfd none = {-1, 0, 0};
    struct epoll_event event;
    sigset_t block, inside, usr1;
    fd_set set;
    int epoll = epoll_create1(0), sfd;

    handle_signal(SIGUSR1, on_usr1, SA_RESTART);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    usr1 = block;
    sigemptyset(&inside);
    sigaddset(&inside, SIGUSR2);
    sigprocmask(SIG_BLOCK, &block, NULL);

    raise(SIGUSR1);
    check("ppoll", ppoll(&none, 1, &second, &inside), -1, EINTR);
    raise(SIGUSR1);
    FD_ZERO(&set);
    check("pselect", pselect(1, &set, NULL, NULL, &second, &inside), -1, EINTR);
    raise(SIGUSR1);
    check("epoll_pwait", epoll_pwait(epoll, &event, 1, 1000, &inside), -1, EINTR);
    raise(SIGUSR1);
    check("sigsuspend", sigsuspend(&inside), -1, EINTR);
    check("ppoll, no signal", ppoll(&none, 1, &now, &inside), 0, 0);
    raise(SIGUSR1);
    check("sigtimedwait", sigtimedwait(&usr1, NULL, &second), SIGUSR1, 0);
    check("sigtimedwait, none", sigtimedwait(&usr1, NULL, &now), -1, EAGAIN);
    sfd = signalfd(-1, &usr1, 0);
    raise(SIGUSR1);
    check("signalfd", (int)read(sfd, &info, sizeof(info)), sizeof(info), 0);
    return seen != 4;
}
