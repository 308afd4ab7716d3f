/* SPDX-License-Identifier: MIT */
/* Stacks: a handler on an alternate stack that interrupts a blocked call; a thread with the smallest
 * stack there may be; calls with the stack pointer a few bytes above a guard page, and with a stack
 * pointer that points nowhere at all.
 * varies: futex */
#include "storm.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *alternate;
static volatile sig_atomic_t on_it;

static void on_alarm(int signo)
{
    char here;

    (void)signo;
    on_it = &here > alternate && &here < alternate + 65536;
    if (getppid() <= 0)
        fail_test("getppid");
}

static void alternate_stack(void)
{
    stack_t stack = {.ss_size = 65536};
    int fds[2];
    char byte;

    alternate = malloc(stack.ss_size);
    stack.ss_sp = alternate;
    if (!alternate || sigaltstack(&stack, NULL) != 0 || pipe(fds) != 0)
        fail_test("sigaltstack");
    handle_signal(SIGALRM, on_alarm, SA_ONSTACK);
    alarm(1);
    if (read(fds[0], &byte, 1) != -1)
        fail_test("read");
    printf("alternate stack: %d\n", (int)on_it);
}

static void *small_thread(void *argument)
{
    int *fds = argument;
    char byte = 'b';

    for (int i = 0; i < 1000; i++)
        if (write(fds[1], &byte, 1) != 1 || read(fds[0], &byte, 1) != 1)
            return NULL;
    return argument;
}

static void small_stack(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int fds[2];
    void *result;

    if (pipe(fds) != 0)
        fail_test("pipe");
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
    if (pthread_create(&thread, &attributes, small_thread, fds) != 0)
        fail_test("pthread_create");
    pthread_join(thread, &result);
    printf("small stack: %s\n", result == fds ? "good" : "FAIL");
}

/* getppid with another stack pointer. */
static long call_on(uint64_t stack_pointer)
{
    long result, after;

    __asm__ volatile("mov %%rsp, %%r12\n\tmov %3, %%rsp\n\tmov $110, %%eax\n\tsyscall\n\t"
                     "mov %%rsp, %1\n\tmov %%r12, %%rsp"
                     : "=&a"(result), "=&r"(after)
                     : "0"(0L), "r"(stack_pointer)
                     : "rcx", "r11", "r12", "memory", "cc");
    if ((uint64_t)after != stack_pointer)
        fail_test("the stack pointer changed");
    return result;
}

int main(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const uint64_t nowhere[] = {0, 8, 1, 0x7000000000000000, UINT64_MAX};

    if (page == MAP_FAILED || mprotect(page, 4096, PROT_NONE) != 0)
        return 2;
    alternate_stack();
    small_stack();
    for (unsigned i = 0; i < 16; i++)
        if (call_on((uint64_t)(uintptr_t)page + 4096 + i) != getppid())
            fail_test("a call at the end of a stack");
    for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
        if (call_on(nowhere[i]) != getppid())
            fail_test("a call without a stack");
    puts("no stack: good");
    return 0;
}
