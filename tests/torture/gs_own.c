/* SPDX-License-Identifier: MIT */
/* notice: uses %gs itself
 * A program with data of its own behind %gs, in threads and in children. */
#include <asm/prctl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t own[2] = {0x1122334455667788, 0};

static int gs_is_own(void)
{
    uint64_t value;

    __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
    return value == own[0];
}

static void *thread(void *unused)
{
    (void)unused;
    syscall(SYS_arch_prctl, ARCH_SET_GS, own);
    for (int i = 0; i < 100; i++)
        if (getppid() < 0 || !gs_is_own())
            puts("FAIL: lost in a thread");
    return NULL;
}

int main(void)
{
    pthread_t id;
    uint64_t base = 0;
    int lost = 0;

    printf("set: %ld\n", syscall(SYS_arch_prctl, ARCH_SET_GS, own));
    for (int i = 0; i < 100; i++) {
        lost += !gs_is_own();
        lost += access("/", F_OK) != 0;
    }
    printf("get: %ld %d\n", syscall(SYS_arch_prctl, ARCH_GET_GS, &base), base == (uint64_t)(uintptr_t)own);
    printf("lost: %d\n", lost);
    fflush(stdout);
    if (fork() == 0) {
        printf("child: %d\n", gs_is_own());
        return 0;
    }
    wait(NULL);
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
    printf("still: %d\n", gs_is_own());
    return 0;
}
