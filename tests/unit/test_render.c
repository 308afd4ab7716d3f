/* SPDX-License-Identifier: MIT */
#include "render_fixture.h"

#include <errno.h>
#include <stdio.h>

static const struct rn_render_options plain = {.string_limit = 32};

static void expect(struct maker *maker, const char *expected)
{
    struct rn_buf out = RN_BUF_INIT;

    maker->event.attachments = maker->attachments;
    rn_render_syscall(&plain, trace, &maker->event, &out);
    rn_buf_byte(&out, '\0');
    assert_string_equal((const char *)out.data, expected);
    rn_buf_free(&out);
}

static void files(void **state)
{
    struct maker m = call("openat", 3, (uint64_t)-100, 0x1000, 02000000, 0xdead, 0);

    (void)state;
    attach(&m, RN_ATT_PATH, 1, "/etc/a", 6);
    expect(&m, "openat(AT_FDCWD, \"/etc/a\", O_RDONLY|O_CLOEXEC) = 3");
    m.event.u.syscall.args[2] = 01102;
    m.event.u.syscall.args[3] = 0644;
    expect(&m, "openat(AT_FDCWD, \"/etc/a\", O_RDWR|O_CREAT|O_TRUNC, 0644) = 3");
    m.event.u.syscall.ret = (uint64_t)-ENOENT;
    expect(&m, "openat(AT_FDCWD, \"/etc/a\", O_RDWR|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such "
               "file or directory)");
    m = call("close", 0, 7, 0, 0, 0, 0);
    expect(&m, "close(7) = 0");
    m = call("lseek", 17562, 3, (uint64_t)-22, 2, 0, 0);
    expect(&m, "lseek(3, -22, SEEK_END) = 17562");
    m = call("umask", 022, 0, 0, 0, 0, 0);
    expect(&m, "umask(000) = 022");
    m = call("fcntl", 0x8402, 3, 3, 0, 0, 0);
    expect(&m, "fcntl(3, F_GETFL) = 0x8402 (flags O_RDWR|O_APPEND|O_LARGEFILE)");
    m = call("ioctl", (uint64_t)-ENOTTY, 3, 0x5401, 0x7ff0, 0, 0);
    expect(&m, "ioctl(3, TCGETS, 0x7ff0) = -1 ENOTTY (Inappropriate ioctl for device)");
    m = call("ioctl", 0, 3, 0x80084b02, 0x7ff0, 0, 0);
    expect(&m, "ioctl(3, _IOC(_IOC_READ, 0x4b, 0x2, 0x8), 0x7ff0) = 0");
}

static void modes_and_keys(void **state)
{
    struct maker m = call("mknod", 0, 0, 010600, 77, 0, 0);

    (void)state;
    expect(&m, "mknod(NULL, S_IFIFO|0600) = 0");
    m.event.u.syscall.args[1] = 020600;
    m.event.u.syscall.args[2] = 0x103;
    expect(&m, "mknod(NULL, S_IFCHR|0600, makedev(0x1, 0x3)) = 0");
    m = call("shmget", 5, 0, 4096, 01600, 0, 0);
    expect(&m, "shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600) = 5");
    m = call("dup3", 4, 3, 4, 02000000, 0, 0);
    expect(&m, "dup3(3, 4, O_CLOEXEC) = 4");
    m = call("epoll_wait", 0, 4, 0x1000, 32, 0, 0);
    expect(&m, "epoll_wait(4, [], 32, 0) = 0");
}

/* What another tool printed stands for what has no number; a terminal takes no commands from it. */
static void printed(void **state)
{
    struct maker m = call("fstat", 0, 3, 0, 0, 0, 0);

    (void)state;
    attach(&m, RN_ATT_PRINTED, 1, "{st_mode=S_IFREG, ...\033}", 23);
    expect(&m, "fstat(3, {st_mode=S_IFREG, ...\\x1b}) = 0");
    m = call("rt_sigreturn", 5, 0, 0, 0, 0, 0);
    attach(&m, RN_ATT_PRINTED, 0, "{mask=[]}", 9);
    attach(&m, RN_ATT_PRINTED, RN_ARG_RETURN, "(INJECTED)", 10);
    expect(&m, "rt_sigreturn({mask=[]}) = 5 (INJECTED)");
    m = call("fchmod", 0, 3, 0100644, 0, 0, 0);
    expect(&m, "fchmod(3, 0100644) = 0");
}

static void paths_are_never_cut(void **state)
{
    char path[300], expected[400];
    struct maker m = call("chdir", 0, 0x1000, 0, 0, 0, 0);

    (void)state;
    memset(path, 'p', sizeof(path));
    attach(&m, RN_ATT_PATH, 0, path, sizeof(path));
    snprintf(expected, sizeof(expected), "chdir(\"%.300s\") = 0", path);
    expect(&m, expected);
}

static void transfers(void **state)
{
    static const uint64_t vector[] = {0x1000, 3, 0x2000, 5};
    struct maker m = call("read", 100, 3, 0x1000, 4096, 0, 0);

    (void)state;
    content(&m, 1, "01234567890123456789012345678901", 100);
    expect(&m, "read(3, \"01234567890123456789012345678901\"..., 4096) = 100");
    m = call("read", 0, 3, 0x1000, 4096, 0, 0);
    content(&m, 1, "", 0);
    expect(&m, "read(3, \"\", 4096) = 0");
    m = call("read", (uint64_t)-EAGAIN, 3, 0x1000, 4096, 0, 0);
    expect(&m, "read(3, 0x1000, 4096) = -1 EAGAIN (Resource temporarily unavailable)");
    m = call("writev", 7, 3, 0x1000, 2, 0, 0);
    attach(&m, RN_ATT_STRUCT, 1, vector, sizeof(vector));
    content(&m, 1, "abcdefg", 7);
    expect(&m, "writev(3, [{iov_base=\"abc\", iov_len=3}, {iov_base=\"defg\", iov_len=5}], 2) = 7");
}

static void network(void **state)
{
    static const uint8_t inet[16] = {2, 0, 0, 80, 127, 0, 0, 1};
    static const uint8_t inet6[28] = {10, 0, 1, 187, [23] = 1};
    static const int before = 128, after = 16, one = 1;
    struct maker m = call("connect", 0, 3, 0x1000, 16, 0, 0);

    (void)state;
    attach(&m, RN_ATT_SOCKADDR, 1, inet, 16);
    expect(&m, "connect(3, {sa_family=AF_INET, sin_port=htons(80), "
               "sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0");
    m.attachments[0].data = inet6;
    m.attachments[0].size = 28;
    expect(&m, "connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), "
               "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, 16) = 0");
    m.attachments[0].data = (const uint8_t *)"\1\0/run/x\0yz";
    m.attachments[0].size = 11;
    expect(&m, "connect(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 16) = 0");
    m.attachments[0].data = (const uint8_t *)"\1\0\0abs";
    m.attachments[0].size = 6;
    expect(&m, "connect(3, {sa_family=AF_UNIX, sun_path=@\"abs\"}, 16) = 0");
    m.attachments[0].size = 2;
    expect(&m, "connect(3, {sa_family=AF_UNIX}, 16) = 0");
    m = call("accept4", 4, 3, 0x1000, 0x2000, 02000000, 0);
    attach(&m, RN_ATT_SOCKADDR, 1, inet, 16);
    attach(&m, RN_ATT_STRUCT, 2, &before, 4)->flags = RN_ATT_ENTRY;
    attach(&m, RN_ATT_STRUCT, 2, &after, 4);
    expect(&m, "accept4(3, {sa_family=AF_INET, sin_port=htons(80), "
               "sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16], SOCK_CLOEXEC) = 4");
    m = call("setsockopt", 0, 3, 1, 2, 0x1000, 4);
    attach(&m, RN_ATT_STRUCT, 3, &one, 4);
    expect(&m, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
    m = call("socket", 3, 2, 02000001, 0, 0, 0);
    expect(&m, "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3");
}

static void messages(void **state)
{
    static const uint64_t header[7] = {0, 0, 0x2000, 1, 0x3000, 24, 0};
    static const uint64_t vector[] = {0x1000, 10};
    static const uint32_t control[6] = {20, 0, 1, 1, 12, 0};
    struct maker m = call("recvmsg", 1, 11, 0x1000, 0, 0, 0);

    (void)state;
    attach(&m, RN_ATT_STRUCT, 1, header, sizeof(header));
    attach(&m, RN_ATT_CONTROL, 1, control, sizeof(control));
    attach(&m, RN_ATT_STRUCT, 1, vector, sizeof(vector));
    content(&m, 1, "z", 1);
    expect(&m, "recvmsg(11, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"z\", iov_len=10}], "
               "msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, "
               "cmsg_type=SCM_RIGHTS, cmsg_data=[12]}], msg_controllen=24, msg_flags=0}, 0) = 1");
}

static void processes(void **state)
{
    static const int status = 0x300, killed = 9;
    static const uint64_t args[11] = {0x3d0f00, 0, 0x10, 0x20, 0, 0x7000, 0x7f80, 0x8000};
    struct maker m = call("wait4", 12, (uint64_t)-1, 0x1000, 0, 0, 0);

    (void)state;
    attach(&m, RN_ATT_STRUCT, 1, &status, 4);
    expect(&m, "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 12");
    m.attachments[0].data = (const uint8_t *)&killed;
    expect(&m, "wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], 0, NULL) = 12");
    m = call("clone", 12, 0x1200011, 0, 0, 0x7f10, 0);
    expect(&m, "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
               "child_tidptr=0x7f10) = 12");
    m = call("clone3", 99, 0x1000, 88, 0, 0, 0);
    attach(&m, RN_ATT_STRUCT, 0, args, sizeof(args));
    expect(&m, "clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|"
               "CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, "
               "child_tid=0x10, parent_tid=0x20, exit_signal=0, stack=0x7000, stack_size=0x7f80, "
               "tls=0x8000} => {parent_tid=[99]}, 88) = 99");
    m = call("execve", 0, 0x1000, 0x2000, 0x3000, 0, 0);
    attach(&m, RN_ATT_PATH, 0, "/bin/ls", 7);
    attach(&m, RN_ATT_ARGV, 1, "ls\0-l", 6);
    expect(&m, "execve(\"/bin/ls\", [\"ls\", \"-l\"], 0x3000) = 0");
    m = call("exit_group", 0, 3, 0, 0, 0, 0);
    m.event.flags = RN_EVENT_UNFINISHED;
    expect(&m, "exit_group(3) = ?");
    m = call("nanosleep", (uint64_t)-516, 0, 0, 0, 0, 0);
    expect(&m, "nanosleep(NULL, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)");
}

static void signals(void **state)
{
    static const uint64_t action[4] = {0x7000, 0x14000000, 0x8000, 1u << 16};
    static const uint64_t most = ~(UINT64_C(3) << 31);
    struct maker m = call("rt_sigaction", 0, 2, 0x1000, 0, 8, 0);

    (void)state;
    attach(&m, RN_ATT_STRUCT, 1, action, sizeof(action));
    expect(&m, "rt_sigaction(SIGINT, {sa_handler=0x7000, sa_mask=[CHLD], "
               "sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x8000}, NULL, 8) = 0");
    m = call("rt_sigprocmask", 0, 0, 0x1000, 0, 8, 0);
    attach(&m, RN_ATT_STRUCT, 1, &most, 8);
    expect(&m, "rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], NULL, 8) = 0");
    m = call("kill", 0, 12, 9, 0, 0, 0);
    expect(&m, "kill(12, SIGKILL) = 0");
}

static void polling(void **state)
{
    static const uint32_t asked[] = {3, 1}, ready[] = {3, 1 | 1 << 16};
    static const uint32_t events[] = {1, 5, 0};
    static const uint64_t in = 1 << 3, none = 0;
    struct maker m = call("poll", 1, 0x1000, 1, 100, 0, 0);

    (void)state;
    attach(&m, RN_ATT_STRUCT, 0, asked, 8)->flags = RN_ATT_ENTRY;
    attach(&m, RN_ATT_STRUCT, 0, ready, 8);
    expect(&m, "poll([{fd=3, events=POLLIN}], 1, 100) = 1 ([{fd=3, revents=POLLIN}])");
    m.event.u.syscall.ret = 0;
    expect(&m, "poll([{fd=3, events=POLLIN}], 1, 100) = 0 (Timeout)");
    m = call("epoll_wait", 1, 4, 0x1000, 32, (uint64_t)-1, 0);
    attach(&m, RN_ATT_STRUCT, 1, events, 12);
    expect(&m, "epoll_wait(4, [{events=EPOLLIN, data={u32=5, u64=5}}], 32, -1) = 1");
    m = call("select", 1, 5, 0x1000, 0x2000, 0, 0);
    attach(&m, RN_ATT_STRUCT, 1, &in, 8)->flags = RN_ATT_ENTRY;
    attach(&m, RN_ATT_STRUCT, 2, &in, 8)->flags = RN_ATT_ENTRY;
    attach(&m, RN_ATT_STRUCT, 1, &in, 8);
    attach(&m, RN_ATT_STRUCT, 2, &none, 8);
    expect(&m, "select(5, [3], [3], NULL, NULL) = 1 (in [3])");
}

static void memory_and_time(void **state)
{
    static const int64_t time[] = {1, 500};
    static const uint64_t limit[] = {8u << 20, UINT64_MAX};
    struct maker m = call("mmap", 0x7f00, 0, 8192, 3, 0x22, UINT32_MAX);

    (void)state;
    expect(&m, "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f00");
    m = call("brk", 0x5000, 0, 0, 0, 0, 0);
    expect(&m, "brk(NULL) = 0x5000");
    m = call("mremap", 0x7f00, 0x6000, 4096, 8192, 1, 0);
    expect(&m, "mremap(0x6000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f00");
    m = call("futex", 0, 0x1000, 0x80, 2, 0x2000, 0);
    attach(&m, RN_ATT_STRUCT, 3, time, 16);
    expect(&m, "futex(0x1000, FUTEX_WAIT_PRIVATE, 2, {tv_sec=1, tv_nsec=500}) = 0");
    m.event.u.syscall.args[2] = 0xffffffff80000000;
    expect(&m, "futex(0x1000, FUTEX_WAIT_PRIVATE, 2147483648, {tv_sec=1, tv_nsec=500}) = 0");
    m = call("futex", 0, 0x1000, 0x89, 2, 0, 0);
    m.event.u.syscall.args[5] = UINT32_MAX;
    expect(&m, "futex(0x1000, FUTEX_WAIT_BITSET_PRIVATE, 2, NULL, FUTEX_BITSET_MATCH_ANY) = 0");
    m = call("futex", 1, 0x1000, 0x81, 1, 0x2000, 0);
    expect(&m, "futex(0x1000, FUTEX_WAKE_PRIVATE, 1) = 1");
    m = call("prlimit64", 0, 0, 3, 0, 0x1000, 0);
    attach(&m, RN_ATT_STRUCT, 3, limit, 16);
    expect(&m, "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, "
               "rlim_max=RLIM64_INFINITY}) = 0");
}

static void unknown_calls(void **state)
{
    struct maker m = call("read", 5, 1, 2, 3, 0, 0);

    (void)state;
    m.event.u.syscall.nr = 0x999;
    expect(&m, "syscall_0x999(0x1, 0x2, 0x3, 0, 0, 0) = 0x5");
    m.event.u.syscall.abi = 77;
    expect(&m, "syscall_0x999(0x1, 0x2, 0x3, 0, 0, 0) = 0x5");
}

/* Attachments of a damaged or hostile archive: of any size, type and argument. What is shown does
 * not matter, only that nothing beyond them is read (malloc makes that visible to ASan). */
static void render_hostile(unsigned nr, uint8_t byte, size_t size)
{
    struct maker m = {.event = {.kind = RN_KIND_SYSCALL, .u.syscall = {.nr = nr, .ret = 1}}};
    struct rn_buf out = RN_BUF_INIT;
    uint8_t *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memset(copy, byte, size);
    memset(m.event.u.syscall.args, (int)size, sizeof(m.event.u.syscall.args));
    for (uint8_t i = 0; i < 6; i++)
        attach(&m, i < 4 ? RN_ATT_STRUCT : RN_ATT_SOCKADDR, i, copy, size);
    attach(&m, RN_ATT_CONTROL, 1, copy, size);
    m.event.attachments = m.attachments;
    rn_render_syscall(&plain, trace, &m.event, &out);
    rn_render_csv(trace, &m.event, &out);
    rn_render_json(trace, &m.event, &out);
    rn_buf_free(&out);
    if (byte < 0x80)
        json_decref(as_json(&m));
    free(copy);
}

static void attachments_of_any_size(void **state)
{
    (void)state;
    for (unsigned nr = 0; nr < rn_syscall_limit(RN_ABI_X86_64); nr++)
        for (size_t size = 0; size < 140; size = size * 2 + 1) {
            render_hostile(nr, 0xff, size);
            render_hostile(nr, 0x11, size);
            render_hostile(nr, 0, size);
        }
}

static void lines(void **state)
{
    struct rn_render_options options = {.string_limit = 32, .pid = true};
    struct maker m = call("close", 0, 3, 0, 0, 0, 0);

    (void)state;
    expect_text(&options, &m, "43    close(3)                          = 0\n");
    options.durations = true;
    options.time = RN_TIME_EPOCH_US;
    expect_text(&options, &m, "43    1700000000.000001 close(3)        = 0 <0.000000>\n");
    options = (struct rn_render_options){.time = RN_TIME_OF_DAY_US, .site = true};
    m.event.u.syscall.site = 0xabc;
    expect_text(&options, &m, "22:13:20.000001 [0000000000000abc] close(3) = 0\n");
}

static void other_events(void **state)
{
    static const struct rn_render_options options = {.pid = true};
    static const struct rn_render_options everything = {.pid = true, .all = true};
    struct maker m = {.event = {.kind = RN_KIND_SIGNAL,
                                .stream = 1,
                                .start = 2000,
                                .u.signal = {.signo = 17, .code = 1, .sender_pid = 5}}};

    (void)state;
    expect_text(&options, &m,
                "43    --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, "
                "si_uid=0, si_status=0, si_utime=0, si_stime=0} ---\n");
    m.event.u.signal = (struct rn_signal){.signo = 17,
                                          .code = 5,
                                          .sender_pid = 5,
                                          .child_status = 19,
                                          .child_user_ns = 1250000000,
                                          .child_system_ns = 9999999};
    expect_text(&options, &m,
                "43    --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_STOPPED, si_pid=5, si_uid=0, "
                "si_status=SIGSTOP, si_utime=125 /* 1.25 s */, si_stime=0} ---\n");
    m.event.u.signal = (struct rn_signal){.signo = 11, .code = 1, .address = 0};
    expect_text(&options, &m,
                "43    --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---\n");
    m.event.kind = RN_KIND_PROCESS;
    m.event.u.process = (struct rn_process){.op = RN_PROCESS_EXIT, .status = 0x300};
    expect_text(&options, &m, "43    +++ exited with 3 +++\n");
    m.event.u.process = (struct rn_process){.op = RN_PROCESS_STOP, .status = 19};
    expect_text(&options, &m, "43    --- stopped by SIGSTOP ---\n");
    m.event.u.process = (struct rn_process){.op = RN_PROCESS_EXIT};
    m.event.u.process.status = 9 | 0x80;
    expect_text(&options, &m, "43    +++ killed by SIGKILL (core dumped) +++\n");
    m.event.u.process.op = RN_PROCESS_START;
    expect_text(&options, &m, "");
    expect_text(&everything, &m, "43    +++ started +++\n");
    m.event.u.process.op = RN_PROCESS_FORK;
    expect_text(&options, &m, "");
    m.event.kind = RN_KIND_LOSS;
    m.event.u.loss = (struct rn_loss){.kind = RN_KIND_SYSCALL, .count = 7};
    attach(&m, RN_ATT_TEXT, RN_ARG_NONE, "disk\n full", 10);
    expect_text(&options, &m, "43    *** lost 7 syscall events: disk\\x0a full ***\n");
    m.event.kind = RN_KIND_DESCRIPTOR;
    expect_text(&options, &m, "");
    m.event.kind = RN_KIND_NOTICE;
    m.event.flags = RN_EVENT_SNAPSHOT;
    expect_text(&options, &m, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(modes_and_keys),
        cmocka_unit_test(printed),
        cmocka_unit_test(paths_are_never_cut),
        cmocka_unit_test(transfers),
        cmocka_unit_test(network),
        cmocka_unit_test(messages),
        cmocka_unit_test(processes),
        cmocka_unit_test(signals),
        cmocka_unit_test(polling),
        cmocka_unit_test(memory_and_time),
        cmocka_unit_test(unknown_calls),
        cmocka_unit_test(attachments_of_any_size),
        cmocka_unit_test(lines),
        cmocka_unit_test(other_events),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
