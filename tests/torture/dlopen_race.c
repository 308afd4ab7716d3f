/* SPDX-License-Identifier: MIT */
/* engines: apart
 * flags: -ldl
 * needs: gcc
 * Libraries with system calls of their own are mapped, patched, used by threads at once, and
 * unmapped, again and again, beside threads that make calls all the time; copies of libc come and go
 * in namespaces of their own. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS  24
#define CALLERS 3

static const char source[] =
    "long own_getppid(void){long r;__asm__ volatile(\"mov $110,%%eax\\n\\tsyscall\":\"=a\"(r)::"
    "\"rcx\",\"r11\",\"memory\");return r;}"
    "long own_lseek(int f,long o){long r;__asm__ volatile(\"mov $8,%%eax\\n\\tsyscall\\n\\tcmp "
    "$-4095,%%rax\":\"=a\"(r):\"D\"(f),\"S\"(o),\"d\"(0):\"rcx\",\"r11\",\"memory\",\"cc\");return "
    "r;}";

static atomic_bool done;
static atomic_int wrong;
static long parent;

static void *call_always(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3000 && !done; i++)
        wrong += getppid() != parent;
    return NULL;
}

static void *call_library(void *library)
{
    long (*own_getppid)(void) = (long (*)(void))dlsym(library, "own_getppid");
    long (*own_lseek)(int, long) = (long (*)(int, long))dlsym(library, "own_lseek");

    for (int i = 0; i < 50; i++)
        wrong += own_getppid() != parent || own_lseek(-1, 0) != -9;
    return NULL;
}

static int make_library(void)
{
    FILE *file = fopen("own.c", "w");

    fputs(source, file);
    fclose(file);
    return system("gcc -shared -fPIC -O1 -o own.so own.c");
}

static void use_library(void)
{
    void *library = dlopen("./own.so", RTLD_NOW);
    pthread_t users[CALLERS];

    for (int i = 0; i < CALLERS; i++)
        pthread_create(&users[i], NULL, call_library, library);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(users[i], NULL);
    dlclose(library);
}

static void use_namespace(void)
{
    void *libc = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
    pid_t (*other_getppid)(void);

    if (!libc) {
        wrong++;
        return;
    }
    other_getppid = (pid_t (*)(void))dlsym(libc, "getppid");
    for (int i = 0; i < 20; i++)
        wrong += other_getppid() != parent;
    dlclose(libc);
}

int main(void)
{
    pthread_t callers[CALLERS];

    parent = getppid();
    if (make_library() != 0)
        return 2;
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, call_always, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        use_library();
        if (i % 4 == 0)
            use_namespace();
    }
    done = 1;
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    printf("wrong: %d\n", (int)wrong);
    return wrong != 0;
}
