#!/bin/bash
# SPDX-License-Identifier: MIT
# Code that is mapped by the injected code is stated, whenever signals arrive; and what a program tells
# of mappings that are none does no harm.
set -u
verdict() {
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else echo "not ok - $name"; fi
}

gcc -O1 -o maps "$RN_TOP/tests/torture/storm_maps.c" || exit 1
all_stated() {
    rn-record -q -o maps.rna -- ./maps >out && grep -q 'while signals' out &&
        [ "$(rn-cat --json --kind module maps.rna | grep -c '"op":1,.*/maps"')" -ge 2000 ]
}
verdict "each of 2000 mappings, while signals arrive" all_stated

# The injected code, and how it tells: see capture/inject/blob_entry.S.
cat >lies.c <<'C'
#include "capture/inject/blob_layout.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned char tell[] = {0xb8, RN_TELL_MAPPED, 0, 0, 0, 0x0f, 0x05};

static struct rn_thread_area *own_area(void)
{
    struct rn_thread_area *area;

    __asm__("mov %%gs:0, %0" : "=r"(area));
    return area;
}

static void lie(unsigned long address, unsigned long length, int fd)
{
    struct rn_thread_area *area = own_area();
    unsigned char *at = memmem((void *)RN_BLOB_ADDRESS, 4096, tell, sizeof(tell));

    area->regs.rax = 9;
    area->regs.rdi = address;
    area->regs.rsi = length;
    area->regs.rdx = PROT_READ | PROT_EXEC;
    area->regs.r10 = MAP_PRIVATE | MAP_FIXED;
    area->regs.r8 = (unsigned long)fd;
    area->regs.r9 = 0x26000;
    area->result = address;
    area->phase = RN_PHASE_AFTER;
    __asm__ volatile("jmp *%0" : : "r"(at)); /* and out of it to anywhere */
}

int main(void)
{
    const unsigned long places[] = {(unsigned long)own_area(), RN_BLOB_ADDRESS, RN_ARENA_ADDRESS,
                                    0, 4096, 1ul << 46, ~0ul, ~0ul - 8191};
    const unsigned long lengths[] = {4096, 0x156000, ~0ul, 0};
    int files[] = {open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY), open("fifo", O_PATH),
                   open("/dev/ptmx", O_PATH), -1};

    for (unsigned i = 0; i < 8 * 4 * 4; i++) {
        if (fork() == 0)
            lie(places[i % 8], lengths[i / 8 % 4], files[i / 32]);
        wait(NULL);
    }
    puts("told");
    return 0;
}
C
mkfifo fifo
gcc -std=gnu11 -D_GNU_SOURCE -O1 -w -I"$RN_TOP" -o lies lies.c || exit 1
lies() {
    timeout 60 rn-record -q -o lies.rna -- ./lies >out && [ "$(cat out)" = told ] &&
        rn-info --verify -q lies.rna && rn-stat lies.rna >/dev/null &&
        ! rn-cat --json --kind module lies.rna | grep -qE '0xf{8}|fifo|ptmx'
}
verdict "lies about mappings" lies

# The memory that the engine works in goes, and then it has something to do there.
cat >gone.c <<'C'
#include "capture/inject/blob_layout.h"
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[256];
static unsigned long offset, length;

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
    for (int i = 0; strstr(info->dlpi_name, "libc.so") && i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
            offset = info->dlpi_phdr[i].p_offset;
            length = info->dlpi_phdr[i].p_filesz;
            strcpy(path, info->dlpi_name);
        }
    return 0;
}

int main(void)
{
    int file;

    dl_iterate_phdr(find_text, NULL);
    file = open(path, O_RDONLY);
    if (fork() == 0) {
        syscall(SYS_munmap, RN_ARENA_ADDRESS, RN_ARENA_MAX);
        syscall(SYS_mmap, 0, length, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, offset);
        _exit(0);
    }
    wait(NULL);
    puts("gone");
    return 0;
}
C
gcc -std=gnu11 -D_GNU_SOURCE -O1 -w -I"$RN_TOP" -o gone gone.c || exit 1
gone() {
    timeout 60 rn-record -q -o gone.rna -- ./gone >out && [ "$(cat out)" = gone ] &&
        rn-info --verify -q gone.rna
}
verdict "a program that takes away what the engine works in" gone

# A filter around the recorder, as containers have them: what it does not know it answers with an error.
cat >around.c <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 500, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        return 1;
    execvp(argv[1], argv + 1);
    return 2;
}
C
gcc -O1 -o around around.c || exit 1
around() {
    timeout -s KILL 60 ./around rn-record -q --engine=inline -o around.rna -- sh -c 'echo there' >out &&
        [ "$(cat out)" = there ] && rn-info around.rna | grep -q '^Engines *[0-9]* system calls inline'
}
verdict "a filter around the recorder" around
