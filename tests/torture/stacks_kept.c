/* SPDX-License-Identifier: MIT */
/* record: --stack=frame
 * record: --stack=dump:1000
 * record: --stack=dump:32768
 * varies: futex mmap munmap mprotect madvise brk
 * Stacks of all kinds, for a recorder that keeps them: frame pointers that point nowhere, into a
 * guard page, round in circles; stack pointers at the end of a mapping and nowhere at all; stacks
 * that shrink while SIGSEGV is handled, ignored or blocked; coroutines, alternate stacks, small
 * threads, recursion. The lengths of what is kept are compared as well. */
#include "storm.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 16

static char *stack; /* PAGES pages, between guards */

/* getppid with that stack and frame pointer. */
static long call_on(uint64_t rsp, uint64_t rbp)
{
    long result;

    __asm__ volatile("mov %%rsp, %%r12\n\t"
                     "mov %%rbp, %%r13\n\t"
                     "mov %1, %%rsp\n\t"
                     "mov %2, %%rbp\n\t"
                     "mov $110, %%eax\n\t"
                     "syscall\n\t"
                     "mov %%r12, %%rsp\n\t"
                     "mov %%r13, %%rbp"
                     : "=&a"(result)
                     : "r"(rsp), "r"(rbp)
                     : "rcx", "r11", "r12", "r13", "memory");
    return result;
}

static void expect(uint64_t rsp, uint64_t rbp)
{
    if (call_on(rsp, rbp) != getppid())
        fail_test("getppid");
}

static char *map_stack(void)
{
    char *mapped = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mapped == MAP_FAILED || mprotect(mapped + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE) != 0)
        fail_test("mmap");
    return mapped + PAGE;
}

static void wrong_pointers(void)
{
    uint64_t begin = (uint64_t)(uintptr_t)stack, end = begin + PAGES * PAGE;
    uint64_t frames[] = {
        0,       1,        8,       UINT64_MAX, UINT64_MAX - 7, 0x8000000000000000u, end,
        end - 8, end - 16, end + 8, begin - 8,  begin + 4,      begin + 12};
    uint64_t *circle = (uint64_t *)(void *)(stack + 4096);

    circle[0] = (uint64_t)(uintptr_t)circle;
    circle[1] = 42;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        expect(begin + 64, frames[i]);
        expect(end - 8, frames[i]);
        expect(end - 64, frames[i]);
    }
    expect(begin, (uint64_t)(uintptr_t)circle);
    for (int i = 0; i < 50; i++) {
        expect(end, end);             /* in the guard */
        expect(0, 0);                 /* nowhere */
        expect(UINT64_MAX - 15, end); /* nowhere in particular */
        expect(begin + 1, end - 3);   /* odd */
    }
}

static void on_fault(int signo)
{
    (void)signo;
    fail_test("a fault that is not the program's");
}

/* What was known of a stack is no longer true: the upper half is gone. */
static void shrink(void)
{
    char *mine = map_stack();
    uint64_t *chain = (uint64_t *)(void *)(mine + PAGES * PAGE / 2 - 16);
    uint64_t rsp = (uint64_t)(uintptr_t)chain - 64;

    chain[0] = (uint64_t)(uintptr_t)mine + PAGES * PAGE / 2; /* in what goes */
    chain[1] = 1;
    expect(rsp, (uint64_t)(uintptr_t)chain);
    munmap(mine + PAGES * PAGE / 2, PAGES * PAGE / 2);
    for (int i = 0; i < 20; i++)
        expect(rsp, (uint64_t)(uintptr_t)chain);
    munmap(mine, PAGES * PAGE / 2);
}

static void shrinking_stacks(void)
{
    struct sigaction now;
    sigset_t set;

    handle_signal(SIGSEGV, on_fault, 0);
    shrink();
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set, NULL);
    shrink();
    handle_signal(SIGSEGV, SIG_IGN, 0);
    shrink();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    shrink();
    if (sigaction(SIGSEGV, NULL, &now) != 0 || now.sa_handler != SIG_IGN)
        fail_test("the action of SIGSEGV has changed");
    handle_signal(SIGSEGV, SIG_DFL, 0);
    shrink();
}

#define COROUTINES 12
static ucontext_t contexts[COROUTINES], home;

static void coroutine(int number)
{
    for (int i = 0; i < 30; i++) {
        if (getppid() <= 0)
            fail_test("getppid in a coroutine");
        swapcontext(&contexts[number], &home);
    }
}

static void coroutines(void)
{
    for (int i = 0; i < COROUTINES; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = map_stack();
        contexts[i].uc_stack.ss_size = 2 * PAGE;
        contexts[i].uc_link = &home;
        makecontext(&contexts[i], (void (*)(void))coroutine, 1, i);
    }
    for (int turn = 0; turn < 31; turn++)
        for (int i = 0; i < COROUTINES; i++)
            swapcontext(&home, &contexts[i]);
}

static void on_user(int signo)
{
    (void)signo;
    if (getppid() <= 0)
        fail_test("getppid on the alternate stack");
}

static void alternate_stack(void)
{
    stack_t alternate = {.ss_sp = map_stack(), .ss_size = PAGES * PAGE};

    if (sigaltstack(&alternate, NULL) != 0)
        fail_test("sigaltstack");
    handle_signal(SIGUSR1, on_user, SA_ONSTACK);
    for (int i = 0; i < 30; i++)
        raise(SIGUSR1);
}

static void *small_thread(void *argument)
{
    for (int i = 0; i < 100; i++)
        if (getppid() <= 0)
            fail_test("getppid in a thread");
    return argument;
}

static void small_threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
    for (int i = 0; i < 10; i++) {
        if (pthread_create(&thread, &attributes, small_thread, NULL) != 0)
            fail_test("pthread_create");
        pthread_join(thread, NULL);
    }
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) static int recurse(int depth)
{
    char room[100];
    int result = depth == 0 ? getppid() > 0 : recurse(depth - 1);

    room[depth % 100] = (char)result;
    __asm__ volatile("" : : "r"(room) : "memory");
    return result;
}

int main(void)
{
    int status;

    stack = map_stack();
    wrong_pointers();
    shrinking_stacks();
    coroutines();
    alternate_stack();
    small_threads();
    for (int depth = 0; depth < 600; depth += 7)
        if (!recurse(depth))
            fail_test("getppid");
    fflush(stdout);
    if (fork() == 0)
        _exit(recurse(300) ? 3 : 4);
    wait(&status);
    printf("done, %d\n", WEXITSTATUS(status));
    return 0;
}
