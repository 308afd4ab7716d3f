/* SPDX-License-Identifier: MIT */
/* Code that is made, changed, moved and covered at run time: generated system calls, a patched
 * library made writable and executable again, mappings laid over and around everything. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul

static const unsigned char generated[] = {
    0xb8, 0x6e, 0, 0, 0, 0x0f, 0x05, /* mov $110 (getppid), %eax; syscall */
    0xc3};

static void say(const char *what, int right)
{
    printf("%s %s\n", right ? "ok" : "FAIL", what);
}

static void generate(void)
{
    unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long (*call)(void);

    memcpy(code, generated, sizeof(generated));
    memcpy(&call, &code, sizeof(call));
    say("generated call", call() == getppid());
    code[1] = 0x27; /* getpid */
    say("generated call, changed", call() == getpid());
    munmap(code, PAGE);
}

/* As a hot-patching library does. */
static void change_protection(void)
{
    uintptr_t text = (uintptr_t)dlsym(RTLD_DEFAULT, "getppid") & -PAGE;
    pid_t before = getppid();

    say("libc writable", mprotect((void *)text, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    ((volatile unsigned char *)text)[0] = ((volatile unsigned char *)text)[0];
    say("call in writable text", getppid() == before);
    say("libc executable", mprotect((void *)text, PAGE, PROT_READ | PROT_EXEC) == 0);
    say("call afterwards", getppid() == before);
}

/* Everything below and above libc that is free according to the program's own view: a program that
 * maps with MAP_FIXED_NOREPLACE meets EEXIST where something is, as it would with any other library. */
static void map_around(void)
{
    uintptr_t text = (uintptr_t)dlsym(RTLD_DEFAULT, "getppid") & -PAGE;
    int failed = 0;

    for (long distance = -(1l << 30); distance < (1l << 30); distance += 1l << 24) {
        void *wanted = (void *)(text + (uintptr_t)distance);
        void *got = mmap(wanted, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                         -1, 0);

        if (got == wanted)
            munmap(got, PAGE);
        else
            failed += errno != EEXIST;
    }
    say("mapped around libc", failed == 0);
    say("call afterwards", getppid() > 0);
}

/* A file's text mapped a second time by hand, used, unmapped in halves and replaced by data. */
static void map_own_text(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    char *first = mmap(NULL, (size_t)size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), *second;

    say("whole file mapped executable", first != MAP_FAILED);
    second = mmap(first, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                  0);
    say("data laid over", second == first && (second[0] = 1) == 1);
    say("half unmapped", munmap(first, PAGE) == 0);
    say("all unmapped", munmap(first, (size_t)size) == 0);
    close(fd);
}

static void unmap_much(void)
{
    size_t size = 1ul << 32;
    char *area = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    say("large range", area != MAP_FAILED && munmap(area, size) == 0);
    say("low range", munmap((void *)0x10000000, 0x1000000) == 0);
    say("not aligned", munmap((void *)1, PAGE) == -1 && errno == EINVAL);
    say("overflowing", munmap((void *)-PAGE, PAGE) == -1 && errno == EINVAL);
    say("huge", munmap((void *)PAGE, -PAGE) == -1 && errno == EINVAL);
    say("mprotect of nothing", mprotect((void *)0x10000000, PAGE, PROT_READ) == -1 && errno == ENOMEM);
}

int main(void)
{
    generate();
    change_protection();
    map_around();
    map_own_text();
    unmap_much();
    return 0;
}
