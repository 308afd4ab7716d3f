/* SPDX-License-Identifier: MIT */
/* engines: apart
 * flags: -ldl
 * needs: gcc
 * inline: 90
 * A library that is unmapped and mapped again at the same place, and one that is mapped over by
 * another one: its system calls are recorded inline each time. The compiler that makes it draws a
 * name for a file, now and then twice: the calls are not compared. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 60
#define CALLS  300

static const char source[] =
    "long own_getppid(void){long r;__asm__ volatile(\"mov $110,%%eax\\n\\tsyscall\":\"=a\"(r)::"
    "\"rcx\",\"r11\",\"memory\");return r;}";

static void call(long (*own_getppid)(void))
{
    for (int i = 0; i < CALLS; i++)
        if (own_getppid() != getppid()) {
            puts("FAIL: getppid");
            exit(9);
        }
}

static void again(void)
{
    void *first = NULL;
    int same = 0;

    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen("./library.so", RTLD_NOW);
        long (*own)(void) = library ? (long (*)(void))dlsym(library, "own_getppid") : NULL;

        if (!own) {
            puts("FAIL: dlopen");
            exit(9);
        }
        same += (void *)own == first;
        first = (void *)own;
        call(own);
        dlclose(library);
    }
    printf("at the same place again: %d\n", same > ROUNDS / 2);
}

/* The text of the library by hand, onto itself. */
static void over(void)
{
    int fd = open("library.so", O_RDONLY);
    void *library = dlopen("./library.so", RTLD_NOW);
    long (*own)(void) = (long (*)(void))dlsym(library, "own_getppid");
    char *page = (char *)((unsigned long)own & ~4095ul);

    for (int i = 0; i < ROUNDS; i++) {
        if (mmap(page, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 4096) != page) {
            puts("FAIL: mmap");
            exit(9);
        }
        call(own);
    }
    close(fd);
    puts("mapped over");
}

int main(void)
{
    FILE *file = fopen("library.c", "w");

    fputs(source, file);
    fclose(file);
    if (system("gcc -O1 -shared -fPIC -o library.so library.c") != 0)
        puts("FAIL: gcc");
    again();
    over();
    return 0;
}
