/* SPDX-License-Identifier: MIT */
/* Signals at known points of one thread: handlers, interrupted and restarted calls, an alternate
 * stack, masks, siglongjmp, a stop, and a fatal one at the end. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigjmp_buf escape;
static int write_end;

static void note(int signo)
{
    (void)signo;
    getppid();
}

static void feed(int signo)
{
    (void)signo;
    if (write(write_end, "x", 1) != 1)
        abort();
}

static void leave(int signo)
{
    siglongjmp(escape, signo);
}

static void install(int signo, void (*handler)(int), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    if (sigaction(signo, &action, NULL) != 0)
        abort();
}

static void alarm_in_ms(long ms)
{
    struct itimerval timer = {.it_value = {.tv_usec = ms * 1000}};
    if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
        abort();
}

static void interrupted_read(int fd)
{
    char byte;
    install(SIGALRM, note, 0);
    alarm_in_ms(100);
    if (read(fd, &byte, 1) != -1 || errno != EINTR)
        abort();
    install(SIGALRM, feed, SA_RESTART);
    alarm_in_ms(100);
    if (read(fd, &byte, 1) != 1)
        abort();
}

static void interrupted_sleep(void)
{
    struct timespec request = {.tv_sec = 5}, left;
    install(SIGALRM, note, SA_RESTART);
    alarm_in_ms(100);
    if (nanosleep(&request, &left) != -1 || errno != EINTR)
        abort();
}

static void masked_and_escaped(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    install(SIGUSR2, note, SA_ONSTACK);
    kill(getpid(), SIGUSR2);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    install(SIGUSR1, leave, 0);
    if (sigsetjmp(escape, 1) == 0)
        raise(SIGUSR1);
    install(SIGSEGV, leave, SA_ONSTACK);
    if (sigsetjmp(escape, 1) == 0)
        *(volatile int *)(uintptr_t)8 = 1;
}

/* It ends only when its parent has seen it go on: while one SIGCHLD waits, a second one is lost. That
 * it goes on can be waited for before the signal is sent, so the signal is waited for first. */
static void stopped_child(void)
{
    sigset_t child_signal;
    int status, go_on[2];
    char byte = 0;
    pid_t child;
    if (pipe(go_on) != 0)
        abort();
    child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(read(go_on[0], &byte, 1) == 1 ? 7 : 8);
    }
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status))
        abort();
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    kill(child, SIGCONT);
    if (sigwaitinfo(&child_signal, NULL) != SIGCHLD)
        abort();
    sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
    if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status))
        abort();
    if (write(go_on[1], &byte, 1) != 1)
        abort();
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
        abort();
    close(go_on[0]);
    close(go_on[1]);
}

int main(void)
{
    int pipes[2];
    static char stack_memory[65536];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
    if (pipe(pipes) != 0 || sigaltstack(&stack, NULL) != 0)
        return 2;
    write_end = pipes[1];
    interrupted_read(pipes[0]);
    interrupted_sleep();
    masked_and_escaped();
    stopped_child();
    signal(SIGSEGV, SIG_DFL);
    kill(getpid(), SIGTERM);
    return 0;
}
