/* SPDX-License-Identifier: MIT */
/* What each system call is to the model of effects: which handler looks at it, and which rule
 * erases it where that finds no effect in it. */
#include "effect_model.h"

#include "formats/syscall_table.h"

#include <string.h>

static const struct rn_rule_info rules[RN_RULE_COUNT] = {
    [RN_RULE_NONE] = {"none", ""},
    [RN_RULE_MEMORY] = {"memory", "memory that is mapped, protected and given back"},
    [RN_RULE_SYNCHRONISATION] = {"synchronisation", "futexes, scheduling, locks"},
    [RN_RULE_TIME] = {"time", "clocks, timers and sleeping"},
    [RN_RULE_RANDOM] = {"random", "random bytes that are asked for"},
    [RN_RULE_SIGNAL_HANDLING] = {"signal-handling", "handlers and masks of signals"},
    [RN_RULE_QUERIES] = {"queries", "questions about files, limits, identities and the system"},
    [RN_RULE_WAITING] = {"waiting", "poll, select, epoll: waiting for descriptors"},
    [RN_RULE_FAILED_CALLS] = {"failed-calls", "calls that failed: nothing came of them"},
    [RN_RULE_READ_SIZES] = {"read-sizes", "how input is cut into reads, and seeks"},
    [RN_RULE_DESCRIPTORS] = {"descriptors", "numbers of descriptors: dup, close, fcntl, pipe"},
    [RN_RULE_START_UP] = {"start-up", "the loader, modules of interpreters, locales"},
    [RN_RULE_PROCESSES] = {"processes", "processes and threads that the work is shared among"},
    [RN_RULE_INTERNAL_PIPES] = {"internal-pipes",
                                "pipes and socket pairs between the program's own "
                                "processes"},
    [RN_RULE_ADVICE] = {"advice", "advice to the kernel, space set aside"},
    [RN_RULE_DURABILITY] = {"durability", "fsync and its like, where one side has none"},
    [RN_RULE_TERMINAL_SETTINGS] = {"terminal-settings", "ioctls of terminals and devices"},
    [RN_RULE_CACHES] = {"caches", "files in cache directories, and compiled modules"},
    [RN_RULE_TIMESTAMPS] = {"timestamps", "times of files that one side sets, or that are recent"},
    [RN_RULE_TEMPORARY_NAMES] =
        {"temporary-names", "names that differ in a random part only, and files that come and go"},
    [RN_RULE_EPHEMERAL_PORTS] = {"ephemeral-ports", "port numbers that the kernel chose"},
    [RN_RULE_CONCURRENT_WRITERS] = {"concurrent-writers",
                                    "the order in which threads that do not wait for each other "
                                    "write to one stream"},
    [RN_RULE_NULL_DEVICE] = {"null-device", "what is written to /dev/null"},
    [RN_RULE_NAME_LOOKUP] = {"name-lookup", "name servers, and daemons that look up names"},
    [RN_RULE_OUTPUT_BUFFERING] = {"output-buffering",
                                  "output that one side holds back until after a sync"},
    [RN_RULE_USER] = {"user", "rules of --rules, and what varies from run to run"},
};

const struct rn_rule_info *rn_rule_info(enum rn_rule rule)
{
    return (unsigned)rule < RN_RULE_COUNT ? &rules[rule] : &rules[RN_RULE_NONE];
}

enum rn_rule rn_rule_find(const char *name, size_t length)
{
    for (unsigned i = 1; i < RN_RULE_COUNT; i++) {
        if (strlen(rules[i].name) == length && memcmp(rules[i].name, name, length) == 0)
            return (enum rn_rule)i;
    }
    return RN_RULE_NONE;
}

static const struct {
    enum effect_op op;
    enum rn_rule rule;
    const char *names; /* separated by blanks */
} calls[] = {
    {OP_OPEN, RN_RULE_READ_SIZES, "open"},
    {OP_OPENAT, RN_RULE_READ_SIZES, "openat"},
    {OP_OPENAT2, RN_RULE_READ_SIZES, "openat2"},
    {OP_CREAT, RN_RULE_READ_SIZES, "creat"},
    {OP_CLOSE, RN_RULE_DESCRIPTORS, "close"},
    {OP_CLOSE_RANGE, RN_RULE_DESCRIPTORS, "close_range"},
    {OP_DUP, RN_RULE_DESCRIPTORS, "dup dup2 dup3"},
    {OP_FCNTL, RN_RULE_DESCRIPTORS, "fcntl fcntl64"},
    {OP_PIPE, RN_RULE_DESCRIPTORS, "pipe pipe2"},
    {OP_SOCKET, RN_RULE_DESCRIPTORS, "socket"},
    {OP_SOCKETPAIR, RN_RULE_DESCRIPTORS, "socketpair"},
    {OP_ACCEPT, RN_RULE_DESCRIPTORS, "accept accept4"},
    {OP_CONNECT, RN_RULE_QUERIES, "connect"},
    {OP_BIND, RN_RULE_DESCRIPTORS, "bind"},
    {OP_LISTEN, RN_RULE_DESCRIPTORS, "listen"},
    {OP_NONE, RN_RULE_DESCRIPTORS, "shutdown setsockopt flock inotify_add_watch inotify_rm_watch"},
    {OP_NONE, RN_RULE_QUERIES, "getsockopt getsockname getpeername"},
    {OP_NEW_FD, RN_RULE_DESCRIPTORS,
     "epoll_create epoll_create1 eventfd eventfd2 signalfd signalfd4 timerfd_create inotify_init "
     "inotify_init1 pidfd_open perf_event_open userfaultfd fanotify_init open_by_handle_at"},
    {OP_MEMFD, RN_RULE_MEMORY, "memfd_create memfd_secret"},
    {OP_READ, RN_RULE_READ_SIZES, "read readv"},
    {OP_PREAD, RN_RULE_READ_SIZES, "pread64 preadv"},
    {OP_PREADV2, RN_RULE_READ_SIZES, "preadv2"},
    {OP_WRITE, RN_RULE_NONE, "write writev"},
    {OP_PWRITE, RN_RULE_NONE, "pwrite64 pwritev"},
    {OP_PWRITEV2, RN_RULE_NONE, "pwritev2"},
    {OP_SEND, RN_RULE_NONE, "sendto send"},
    {OP_SENDMSG, RN_RULE_NONE, "sendmsg"},
    {OP_SENDMMSG, RN_RULE_NONE, "sendmmsg"},
    {OP_RECV, RN_RULE_READ_SIZES, "recvfrom recv"},
    {OP_RECVMSG, RN_RULE_READ_SIZES, "recvmsg"},
    {OP_RECVMMSG, RN_RULE_READ_SIZES, "recvmmsg recvmmsg_time64"},
    {OP_SENDFILE, RN_RULE_NONE, "sendfile sendfile64"},
    {OP_SPLICE, RN_RULE_NONE, "splice"},
    {OP_TEE, RN_RULE_NONE, "tee"},
    {OP_VMSPLICE, RN_RULE_NONE, "vmsplice"},
    {OP_COPY_RANGE, RN_RULE_NONE, "copy_file_range"},
    {OP_LSEEK, RN_RULE_READ_SIZES, "lseek"},
    {OP_LLSEEK, RN_RULE_READ_SIZES, "_llseek"},
    {OP_TRUNCATE, RN_RULE_NONE, "truncate"},
    {OP_FTRUNCATE, RN_RULE_NONE, "ftruncate"},
    {OP_FALLOCATE, RN_RULE_ADVICE, "fallocate"},
    {OP_UNLINK, RN_RULE_NONE, "unlink"},
    {OP_UNLINKAT, RN_RULE_NONE, "unlinkat"},
    {OP_RMDIR, RN_RULE_NONE, "rmdir"},
    {OP_RENAME, RN_RULE_NONE, "rename"},
    {OP_RENAMEAT, RN_RULE_NONE, "renameat renameat2"},
    {OP_LINK, RN_RULE_NONE, "link"},
    {OP_LINKAT, RN_RULE_NONE, "linkat"},
    {OP_SYMLINK, RN_RULE_NONE, "symlink"},
    {OP_SYMLINKAT, RN_RULE_NONE, "symlinkat"},
    {OP_MKDIR, RN_RULE_NONE, "mkdir"},
    {OP_MKDIRAT, RN_RULE_NONE, "mkdirat"},
    {OP_MKNOD, RN_RULE_NONE, "mknod"},
    {OP_MKNODAT, RN_RULE_NONE, "mknodat"},
    {OP_CHMOD, RN_RULE_NONE, "chmod"},
    {OP_FCHMOD, RN_RULE_NONE, "fchmod"},
    {OP_FCHMODAT, RN_RULE_NONE, "fchmodat fchmodat2"},
    {OP_CHOWN, RN_RULE_NONE, "chown"},
    {OP_LCHOWN, RN_RULE_NONE, "lchown"},
    {OP_FCHOWN, RN_RULE_NONE, "fchown"},
    {OP_FCHOWNAT, RN_RULE_NONE, "fchownat"},
    {OP_UTIMENS, RN_RULE_TIMESTAMPS, "utimensat"},
    {OP_UTIMES, RN_RULE_TIMESTAMPS, "utimes"},
    {OP_NONE, RN_RULE_TIMESTAMPS, "utime futimesat utimensat_time64"},
    {OP_SETXATTR, RN_RULE_NONE, "setxattr lsetxattr"},
    {OP_FSETXATTR, RN_RULE_NONE, "fsetxattr"},
    {OP_REMOVEXATTR, RN_RULE_NONE, "removexattr lremovexattr"},
    {OP_FREMOVEXATTR, RN_RULE_NONE, "fremovexattr"},
    {OP_CHDIR, RN_RULE_DESCRIPTORS, "chdir"},
    {OP_FCHDIR, RN_RULE_DESCRIPTORS, "fchdir"},
    {OP_UMASK, RN_RULE_DESCRIPTORS, "umask"},
    {OP_MMAP, RN_RULE_MEMORY, "mmap mmap2"},
    {OP_NONE, RN_RULE_MEMORY,
     "brk munmap mprotect mremap madvise mlock mlock2 munlock mlockall munlockall mincore msync "
     "mbind set_mempolicy get_mempolicy pkey_alloc pkey_free pkey_mprotect process_madvise shmget "
     "shmat shmdt shmctl arch_prctl modify_ldt set_thread_area get_thread_area mseal "
     "map_shadow_stack"},
    {OP_NONE, RN_RULE_SYNCHRONISATION,
     "futex futex_time64 futex_wait futex_wake futex_waitv futex_requeue sched_yield "
     "sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max "
     "sched_get_priority_min sched_setaffinity sched_getaffinity sched_setattr sched_getattr "
     "getcpu "
     "rseq set_robust_list get_robust_list membarrier setpriority getpriority ioprio_set "
     "ioprio_get set_tid_address semget semop semtimedop semctl restart_syscall"},
    {OP_NONE, RN_RULE_TIME,
     "nanosleep clock_gettime clock_getres clock_nanosleep clock_gettime64 clock_nanosleep_time64 "
     "gettimeofday time getitimer setitimer alarm times getrusage timer_create timer_settime "
     "timer_gettime timer_getoverrun timer_delete timerfd_settime timerfd_gettime"},
    {OP_NONE, RN_RULE_RANDOM, "getrandom"},
    {OP_NONE, RN_RULE_SIGNAL_HANDLING,
     "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend "
     "sigaltstack pause sigaction sigprocmask sigreturn signal sigpending sigsuspend"},
    {OP_ABSENT, RN_RULE_QUERIES, "stat lstat access stat64 lstat64"},
    {OP_ABSENT_AT, RN_RULE_QUERIES, "newfstatat faccessat faccessat2 statx fstatat64"},
    {OP_NONE, RN_RULE_QUERIES,
     "fstat readlink readlinkat statfs fstatfs getcwd getdents getdents64 getxattr lgetxattr "
     "fgetxattr listxattr llistxattr flistxattr getpid getppid gettid getuid geteuid getgid "
     "getegid "
     "getgroups getresuid getresgid getpgid getpgrp getsid uname sysinfo getrlimit ugetrlimit "
     "capget prctl kcmp name_to_handle_at cachestat getuid32 getgid32 geteuid32 getegid32 fstat64 "
     "ustat sysfs mq_getsetattr io_uring_register"},
    {OP_NONE, RN_RULE_WAITING,
     "poll ppoll select _newselect pselect6 epoll_wait epoll_pwait epoll_pwait2 epoll_ctl "
     "ppoll_time64 pselect6_time64"},
    {OP_FSYNC, RN_RULE_DURABILITY, "fsync fdatasync"},
    {OP_NONE, RN_RULE_DURABILITY, "sync syncfs sync_file_range"},
    {OP_NONE, RN_RULE_ADVICE, "fadvise64 fadvise64_64 readahead"},
    {OP_IOCTL, RN_RULE_TERMINAL_SETTINGS, "ioctl"},
    {OP_WAIT, RN_RULE_PROCESSES, "wait4 waitid waitpid"},
    {OP_NONE, RN_RULE_PROCESSES,
     "clone clone3 fork vfork execve execveat exit exit_group setpgid setsid setrlimit prlimit64 "
     "unshare seccomp personality"},
    {OP_KILL, RN_RULE_PROCESSES, "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"},
    {OP_SYSTEM, RN_RULE_NONE,
     "mount umount2 umount pivot_root swapon swapoff sethostname setdomainname settimeofday "
     "clock_settime clock_settime64 adjtimex clock_adjtime reboot init_module finit_module "
     "delete_module chroot acct quotactl setuid setgid setreuid setregid setresuid setresgid "
     "setgroups setfsuid setfsgid capset setns add_key keyctl ptrace process_vm_writev "
     "pidfd_send_signal mq_open mq_unlink mq_timedsend msgsnd msgget msgctl io_uring_setup "
     "io_submit setxattrat removexattrat file_setattr vhangup syslog bpf"},
};

static void add_name(struct rn_effects *effects, const char *name, size_t length, size_t entry)
{
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        int nr = rn_syscall_number((enum rn_abi)abi, name, length);

        if (nr < 0 || (unsigned)nr >= EFFECT_CALL_NUMBERS)
            continue;
        effects->ops[abi][nr] = (uint8_t)calls[entry].op;
        effects->rules[abi][nr] = (uint8_t)calls[entry].rule;
    }
}

void effect_calls_init(struct rn_effects *effects)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const char *at = calls[i].names;

        while (*at) {
            size_t length = strcspn(at, " ");

            add_name(effects, at, length, i);
            at += length;
            at += strspn(at, " ");
        }
    }
}
