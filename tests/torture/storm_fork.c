/* SPDX-License-Identifier: MIT */
/* fork, vfork and exec, and new threads while signals come at 2 kHz; children inherit a handler but
 * no timer.
 * storm: yes
 * varies: futex wait4 rt_sigprocmask mmap mprotect munmap madvise brk */
#include "storm.h"

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void on_alarm(int signo)
{
    int saved = errno;

    (void)signo;
    signals = signals + 1;
    errno = saved;
}

static void *thread(void *argument)
{
    return getppid() > 0 ? argument : NULL;
}

static void ended(pid_t child, int code)
{
    int status;
    pid_t got;

    do
        got = waitpid(child, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got != child || !WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_test("a child");
}

int main(void)
{
    char *argv[] = {"true", NULL};

    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(500);
    for (int i = 0; i < 60; i++) {
        pthread_t made;
        void *result;
        pid_t child = fork();

        if (child == 0)
            _exit(getppid() > 0 ? 5 : 6);
        ended(child, 5);
        child = vfork();
        if (child == 0) {
            execv("/bin/true", argv);
            _exit(99);
        }
        ended(child, 0);
        if (pthread_create(&made, NULL, thread, argv) != 0)
            fail_test("pthread_create");
        pthread_join(made, &result);
        if (result != argv)
            fail_test("a thread");
    }
    end_storm();
    puts(signals > 10 ? "done" : "FAIL");
    return 0;
}
