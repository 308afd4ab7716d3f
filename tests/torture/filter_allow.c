/* SPDX-License-Identifier: MIT */
/* notice: has a seccomp filter of its own
 * flags: -pthread
 * engines: apart
 * A filter that ends the process for each call that it does not know, as libseccomp makes them: all
 * threads get it while one of them maps code again and again; and a program that is executed has it
 * from its beginning. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST_KNOWN 500 /* more than Linux has */

static int file, go_on = 1;
static unsigned long mapped;

static void *map(void *unused)
{
    while (__atomic_load_n(&go_on, __ATOMIC_RELAXED)) {
        void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);

        if (code == MAP_FAILED)
            return unused;
        munmap(code, 4096);
        __atomic_add_fetch(&mapped, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void wait_for(unsigned long count)
{
    unsigned long until = __atomic_load_n(&mapped, __ATOMIC_RELAXED) + count;

    while (__atomic_load_n(&mapped, __ATOMIC_RELAXED) < until)
        usleep(100);
}

static int install(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc > 1) {
        puts("executed behind the filter");
        return 0;
    }
    file = open("/proc/self/exe", O_RDONLY);
    if (file < 0 || pthread_create(&thread, NULL, map, &file) != 0)
        return 1;
    wait_for(20);
    if (install() != 0)
        return 2;
    wait_for(20);
    __atomic_store_n(&go_on, 0, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    puts("mapped before and behind it");
    fflush(stdout);
    execl("/proc/self/exe", argv[0], "again", NULL);
    return 3;
}
