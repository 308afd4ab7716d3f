/* SPDX-License-Identifier: MIT */
/* Another user, fewer capabilities, another root, namespaces of its own: libraries are still loaded
 * and programs executed. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static void say(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
    fflush(stdout);
}

static int load_and_execute(void)
{
    void *library = dlopen("libm.so.6", RTLD_NOW), *other = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);

    printf("loaded: %d %d\n", library != NULL, other != NULL);
    fflush(stdout);
    if (fork() == 0) {
        execl("/bin/echo", "echo", "executed", NULL);
        _exit(1);
    }
    wait(NULL);
    return 0;
}

static int drop_user(void)
{
    say("setresgid", setresgid(NOBODY, NOBODY, NOBODY));
    say("setresuid", setresuid(NOBODY, NOBODY, NOBODY));
    return load_and_execute();
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};

    say("capset", syscall(SYS_capset, &header, none));
    say("not dumpable", prctl(PR_SET_DUMPABLE, 0));
    return load_and_execute();
}

static int change_root(void)
{
    mkdir("empty", 0755);
    say("chroot", chroot("empty"));
    say("chdir", chdir("/"));
    say("mkdir", mkdir("/inside", 0755));
    printf("loaded: %d\n", dlopen("libm.so.6", RTLD_NOW) != NULL);
    say("execl", execl("/bin/echo", "echo", NULL));
    return 0;
}

static int own_namespaces(void)
{
    say("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
    if (fork() == 0) {
        printf("pid %d\n", (int)getpid());
        say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
        say("proc", mount("none", "/proc", "proc", 0, NULL));
        return load_and_execute();
    }
    wait(NULL);
    return 0;
}

static int hidden_proc(void)
{
    say("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
    say("cover /proc", mount("none", "/proc", "tmpfs", 0, NULL));
    return load_and_execute();
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
    in_child("user", drop_user);
    in_child("capabilities", drop_capabilities);
    in_child("root", change_root);
    in_child("namespaces", own_namespaces);
    in_child("no proc", hidden_proc);
    return 0;
}
