/* SPDX-License-Identifier: MIT */
/* blocks_odd HOW: compute blocks in odd places. Prints how many blocks the program and all of its
 * children have run. HOW: fork (marked before and after, in both), raw-fork (by the system call),
 * vfork, exec (twice, in the middle), exec-thread (by a thread that is not the first), die (a
 * thread that ends by the system call, with a full ring), signals (blocks in a handler that
 * interrupts blocks), jump (a handler leaves by siglongjmp), dlopen FILE (a marked library, loaded
 * and unloaded), kill (itself by SIGKILL), nested (deep), many (more operations and sizes than are
 * kept apart). */
#include "capture/inject/rn_simd.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOME 100
#define FEW  3

static volatile unsigned long ran; /* by this process, counted when the block is over */

static __attribute__((noinline)) void one_block(unsigned long elements)
{
    {
        RN_SIMD_BLOCK("odd", elements, 0, 0);
    }
    ran++;
}

static void some_blocks(int count)
{
    for (int i = 0; i < count; i++)
        one_block((unsigned long)i);
}

static int run_fork(bool raw)
{
    pid_t pid;

    some_blocks(SOME);
    pid = raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
    some_blocks(SOME);
    if (pid == 0) {
        pid = fork();
        some_blocks(SOME);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    some_blocks(SOME);
    /* Parent, child and grandchild: 300, 200, 100. */
    printf("%d\n", 6 * SOME);
    return 0;
}

static int run_vfork(void)
{
    pid_t pid;

    some_blocks(SOME);
    pid = vfork();
    if (pid == 0) {
        one_block(7);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    some_blocks(SOME);
    printf("%lu\n", ran);
    return 0;
}

static int run_exec(char **argv, const char *left)
{
    char number[12];
    int count = left ? atoi(left) : FEW;

    some_blocks(SOME);
    if (count == 0) {
        printf("%d\n", SOME * (FEW + 1));
        return 0;
    }
    snprintf(number, sizeof(number), "%d", count - 1);
    execl(argv[0], argv[0], argv[1], number, NULL);
    return 1;
}

static char **exec_argv;
static void *exec_from_here(void *argument)
{
    exit(run_exec(exec_argv, argument));
}

static int run_exec_thread(char **argv, char *left)
{
    pthread_t thread;

    exec_argv = argv;
    pthread_create(&thread, NULL, exec_from_here, left);
    pthread_join(thread, NULL);
    return 1;
}

static void *die(void *argument)
{
    (void)argument;
    some_blocks(20000);
    syscall(SYS_exit, 0);
    return NULL;
}

static int run_die(void)
{
    pthread_t threads[FEW];

    for (int i = 0; i < FEW; i++)
        pthread_create(&threads[i], NULL, die, NULL);
    some_blocks(SOME);
    for (int i = 0; i < FEW; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", FEW * 20000 + SOME);
    return 0;
}

static volatile unsigned long in_handler;
static void handle(int signo)
{
    (void)signo;
    for (int i = 0; i < FEW; i++) {
        RN_SIMD_BLOCK("handler", 1, 0, 0);
        in_handler++;
    }
}

static void start_timer(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    struct itimerval timer = {{0, 200}, {0, 200}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop_timer(void)
{
    struct itimerval none = {{0, 0}, {0, 0}};

    setitimer(ITIMER_REAL, &none, NULL);
}

static int run_signals(void)
{
    start_timer(handle);
    some_blocks(3000000);
    stop_timer();
    printf("%lu\n", ran + in_handler);
    return 0;
}

static sigjmp_buf back;
static volatile unsigned long jumps;
static void leave(int signo)
{
    (void)signo;
    jumps++;
    siglongjmp(back, 1);
}

/* A block that the jump cuts off may or may not be over; how many there are is printed as well. */
static int run_jump(void)
{
    if (sigsetjmp(back, 1) == 0)
        start_timer(leave);
    while (jumps < 2000)
        one_block(1);
    stop_timer();
    some_blocks(SOME);
    printf("%lu %lu\n", ran, jumps);
    return 0;
}

static int run_dlopen(const char *file)
{
    for (int i = 0; i < FEW; i++) {
        void *library = dlopen(file, RTLD_NOW), *found;
        void (*function)(int);

        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        found = dlsym(library, "blocks_of_library");
        memcpy(&function, &found, sizeof(function));
        function(SOME);
        dlclose(library);
    }
    printf("%d\n", FEW * SOME);
    return 0;
}

static int run_kill(void)
{
    some_blocks(200000);
    printf("%lu\n", ran);
    fflush(stdout);
    kill(getpid(), SIGKILL);
    return 1;
}

static void deeper(int levels)
{
    RN_SIMD_BLOCK("deep", 1, 0, 0);
    if (levels > 1)
        deeper(levels - 1);
}

static int run_nested(void)
{
    deeper(SOME);
    printf("%d\n", SOME);
    return 0;
}

#define ONE(n)                                                                                     \
    {                                                                                              \
        RN_SIMD_BLOCK("many-" #n, 1ul << (i % 40), 0, 0);                                          \
    }
#define TEN(n)                                                                                     \
    ONE(n##0)                                                                                      \
    ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                                                 \
    TEN(n##0)                                                                                      \
    TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

static int run_many(void)
{
    for (int i = 0; i < 20000; i++) {
        HUNDRED(1)
    }
    printf("%d\n", 20000 * 100);
    return 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    char *more = argc > 2 ? argv[2] : NULL;

    if (strcmp(how, "fork") == 0 || strcmp(how, "raw-fork") == 0)
        return run_fork(how[0] == 'r');
    if (strcmp(how, "vfork") == 0)
        return run_vfork();
    if (strcmp(how, "exec") == 0)
        return run_exec(argv, more);
    if (strcmp(how, "exec-thread") == 0)
        return run_exec_thread(argv, more);
    if (strcmp(how, "die") == 0)
        return run_die();
    if (strcmp(how, "signals") == 0)
        return run_signals();
    if (strcmp(how, "jump") == 0)
        return run_jump();
    if (strcmp(how, "dlopen") == 0 && more)
        return run_dlopen(more);
    if (strcmp(how, "kill") == 0)
        return run_kill();
    if (strcmp(how, "nested") == 0)
        return run_nested();
    if (strcmp(how, "many") == 0)
        return run_many();
    return 2;
}
