/* SPDX-License-Identifier: MIT */
/* Signals to single threads, from other threads, while all make calls: eight threads pass bytes
 * through pipes and wait on a condition, one sends SIGUSR1 to each in turn.
 * storm: yes
 * varies: rt_sigprocmask futex tgkill getpid lseek clock_nanosleep */
#include "storm.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS  4000

static pthread_t threads[THREADS];
static atomic_int running = THREADS, handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void on_usr1(int signo)
{
    int saved = errno;

    (void)signo;
    if (lseek(-1, 0, SEEK_SET) != -1 || errno != EBADF)
        fail_test("lseek in a handler");
    atomic_fetch_add(&handled, 1);
    errno = saved;
}

static void *worker(void *argument)
{
    unsigned char out[200], in[200];
    int fds[2];

    if (pipe(fds) != 0)
        fail_test("pipe");
    for (int i = 0; i < ROUNDS; i++) {
        memset(out, i, sizeof(out));
        if (write(fds[1], out, sizeof(out)) != sizeof(out) ||
            read(fds[0], in, sizeof(in)) != sizeof(in) || memcmp(in, out, sizeof(in)) != 0)
            fail_test("a pipe");
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
    }
    atomic_fetch_sub(&running, 1);
    while (atomic_load(&running) > 0)
        usleep(1000);
    return argument;
}

int main(void)
{
    int sent = 0;

    setvbuf(stdout, NULL, _IONBF, 0);
    handle_signal(SIGUSR1, on_usr1, SA_RESTART);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    while (atomic_load(&running) > 0) {
        for (int i = 0; i < THREADS && atomic_load(&running) > 0; i++, sent++)
            pthread_kill(threads[i], SIGUSR1);
        usleep(300);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&handled) == 0 || atomic_load(&handled) > sent)
        fail_test("handlers");
    puts("done");
    return 0;
}
