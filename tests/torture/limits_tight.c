/* SPDX-License-Identifier: MIT */
/* No descriptors, no memory to map, everything locked, every descriptor closed: the program meets its
 * limits where it would, and goes on. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
    fflush(stdout);
}

static void execute(void)
{
    if (fork() == 0) {
        execl("/bin/echo", "echo", "executed", NULL);
        _exit(1);
    }
    wait(NULL);
}

static void limit(int resource, rlim_t value)
{
    struct rlimit wanted = {value, value};

    say("setrlimit", setrlimit(resource, &wanted));
}

static int descriptors(void)
{
    int opened = 0;

    limit(RLIMIT_NOFILE, 40);
    while (open("/dev/null", O_RDONLY) >= 0)
        opened++;
    say("open", -1);
    printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    close_range(3, ~0u, 0);
    printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    say("open", open("/dev/null", O_RDONLY));
    execute();
    return opened == 0;
}

static int no_descriptor(void)
{
    limit(RLIMIT_NOFILE, 0);
    say("open", open("/dev/null", O_RDONLY));
    say("access", access("/", F_OK));
    execute();
    return 0;
}

static int address_space(void)
{
    struct rlimit shown;
    char *got;

    limit(RLIMIT_AS, 64ul << 20);
    got = mmap(NULL, 128ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("mmap", got == MAP_FAILED ? -1 : 0);
    printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    getrlimit(RLIMIT_AS, &shown);
    printf("limit: %lu of %lu\n", (unsigned long)shown.rlim_cur, (unsigned long)shown.rlim_max);
    shown.rlim_cur++;
    say("above", setrlimit(RLIMIT_AS, &shown));
    shown.rlim_cur = 60ul << 20;
    say("prlimit", prlimit(getpid(), RLIMIT_AS, &shown, &shown));
    printf("limit: %lu of %lu\n", (unsigned long)shown.rlim_cur, (unsigned long)shown.rlim_max);
    execute();
    (void)!system("ulimit -v");
    return 0;
}

static int locked(void)
{
    long result = mlockall(MCL_CURRENT | MCL_FUTURE);

    /* An ordinary user may lock less than the rings of the inline engine take (rn-engines(7)). */
    if (geteuid() == 0)
        say("mlockall", result);
    printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    execute();
    say("munlockall", munlockall());
    return 0;
}

static int file_size(void)
{
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_DATA, 64ul << 20);
    limit(RLIMIT_STACK, 512ul << 10);
    execute();
    return 0;
}

static void in_child(const char *name, int (*function)(void))
{
    int status;

    printf("-- %s\n", name);
    fflush(stdout);
    if (fork() == 0)
        _exit(function() | (fflush(stdout) != 0));
    wait(&status);
    printf("ended with %d\n", status);
    fflush(stdout);
}

int main(void)
{
    in_child("descriptors", descriptors);
    in_child("no descriptor", no_descriptor);
    in_child("address space", address_space);
    in_child("locked", locked);
    in_child("small", file_size);
    return 0;
}
