/* SPDX-License-Identifier: MIT */
/* Text of strace, written by hand, and the events that it becomes. */
#include "strace_fixture.h"

#include "formats/crc64.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>

static void values(void **state)
{
    struct rn_reader *reader = read_text(
        "openat(AT_FDCWD</tmp>, \"a\\\"b\", O_WRONLY|O_CREAT|O_CLOEXEC, 0644) = 3</tmp/a\"b>\n"
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f01\n"
        "access(\"/nowhere\", R_OK) = -1 ENOENT (No such file or directory)\n"
        "clock_nanosleep(CLOCK_MONOTONIC, 0, {tv_sec=1, tv_nsec=5}, 0x10) = ? "
        "ERESTART_RESTARTBLOCK (Interrupted by signal)\n"
        "lseek(3, -5, SEEK_END) = 12\n"
        "fcntl(3, F_SETFL, O_RDWR|O_NEWFANGLED) = 0\n"
        "umask(022) = 077\n");
    struct rn_event event = next_call(reader, "openat");

    (void)state;
    assert_int_equal(event.u.syscall.args[0], (uint32_t)-100);
    assert_text(&event, RN_ATT_PATH, 1, "a\"b");
    assert_int_equal(event.u.syscall.args[2], O_WRONLY | O_CREAT | O_CLOEXEC);
    assert_int_equal(event.u.syscall.args[3], 0644);
    assert_int_equal(event.u.syscall.ret, 3);
    event = next_call(reader, "mmap");
    assert_int_equal(event.u.syscall.args[2], PROT_READ | PROT_WRITE);
    assert_int_equal(event.u.syscall.args[4], UINT32_MAX);
    assert_int_equal(event.u.syscall.ret, 0x7f01);
    event = next_call(reader, "access");
    assert_int_equal(event.u.syscall.ret, -(uint64_t)ENOENT);
    event = next_call(reader, "clock_nanosleep");
    assert_int_equal(event.u.syscall.ret, (uint64_t)-516);
    assert_int_equal(rn_event_attachment(&event, RN_ATT_STRUCT, 2)->size, 16);
    event = next_call(reader, "lseek");
    assert_int_equal(event.u.syscall.args[1], (uint64_t)-5);
    /* A name that no table has: as it was printed, and no number. */
    event = next_call(reader, "fcntl");
    assert_text(&event, RN_ATT_PRINTED, 2, "O_RDWR|O_NEWFANGLED");
    assert_int_equal(event.u.syscall.args[2], 0);
    event = next_call(reader, "umask");
    assert_int_equal(event.u.syscall.ret, 077);
    rn_reader_free(reader);
}

static void content(void **state)
{
    struct rn_reader *reader = read_text("write(1, \"hello\\n\", 6) = 6\n"
                                         "write(1, \"hello\"..., 600) = 600\n"
                                         "write(1, \"hello\"..., 600) = 4\n"
                                         "write(1, \"hello\", 5) = -1 EPIPE (Broken pipe)\n"
                                         "writev(1, [{iov_base=\"ab\", iov_len=2}, "
                                         "{iov_base=\"cd\", iov_len=2}], 2) = 3\n"
                                         "read(0, \"\", 100) = 0\n");
    static const bool known[] = {true, false, true, false, true, true};
    static const char *const bytes[] = {"hello\n", "", "hell", "", "abc", ""};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct rn_event event = next_of(reader, RN_KIND_SYSCALL);
        const struct rn_attachment *found = rn_event_attachment(&event, RN_ATT_CONTENT, 1);

        assert_int_equal(found != NULL, known[i]);
        if (!found)
            continue;
        assert_int_equal(found->content.length, strlen(bytes[i]));
        assert_int_equal(found->content.crc, rn_crc64(0, bytes[i], strlen(bytes[i])));
    }
    rn_reader_free(reader);
}

static void structs(void **state)
{
    struct rn_reader *reader = read_text(
        "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, "
        "16) "
        "= 0\n"
        "bind(3, {sa_family=AF_UNIX, sun_path=@\"abs\"}, 6) = 0\n"
        "wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL && WCOREDUMP(s)}], 0, NULL) = 12\n"
        "rt_sigprocmask(SIG_BLOCK, ~[KILL STOP], [], 8) = 0\n"
        "poll([{fd=7, events=POLLIN}, {fd=8, events=POLLOUT}], 2, -1) = 1 ([{fd=8, "
        "revents=POLLOUT}])\n"
        "pipe2([3, 4], O_CLOEXEC) = 0\n"
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0\n"
        "fstat(3, {st_mode=S_IFREG|0644, st_size=5, ...}) = 0\n");
    struct rn_event event = next_call(reader, "connect");
    const struct rn_attachment *found = rn_event_attachment(&event, RN_ATT_SOCKADDR, 1);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint64_t words[2];
    uint32_t status;

    (void)state;
    assert_int_equal(found->size, sizeof address);
    assert_memory_equal(found->data, &address, sizeof address);
    event = next_call(reader, "bind");
    found = rn_event_attachment(&event, RN_ATT_SOCKADDR, 1);
    assert_int_equal(found->size, 6);
    assert_memory_equal(found->data, "\1\0\0abs", 6);
    event = next_call(reader, "wait4");
    memcpy(&status, rn_event_attachment(&event, RN_ATT_STRUCT, 1)->data, 4);
    assert_int_equal(status, 0x80 | SIGKILL);
    event = next_call(reader, "rt_sigprocmask");
    memcpy(words, rn_event_attachment(&event, RN_ATT_STRUCT, 1)->data, 8);
    assert_int_equal(words[0], ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1)));
    event = next_call(reader, "poll");
    assert_int_equal(event.attachments[0].flags, RN_ATT_ENTRY);
    assert_memory_equal(event.attachments[1].data, "\7\0\0\0\1\0\0\0\10\0\0\0\4\0\4\0", 16);
    event = next_call(reader, "pipe2");
    assert_memory_equal(rn_event_attachment(&event, RN_ATT_STRUCT, 0)->data, "\3\0\0\0\4\0\0\0", 8);
    assert_non_null(rn_event_attachment(&event, RN_ATT_FD, RN_ARG_ANY));
    event = next_call(reader, "prlimit64");
    memcpy(words, rn_event_attachment(&event, RN_ATT_STRUCT, 3)->data, 16);
    assert_int_equal(words[0], 8192 * 1024);
    assert_int_equal(words[1], UINT64_MAX);
    event = next_call(reader, "fstat");
    assert_text(&event, RN_ATT_PRINTED, 1, "{st_mode=S_IFREG|0644, st_size=5, ...}");
    rn_reader_free(reader);
}

static void interrupted(void **state)
{
    struct rn_reader *reader =
        read_text("set_tid_address(0x1) = 10\n"
                  "clone(child_stack=NULL, flags=CLONE_VM|SIGCHLDstrace: Process 11 attached\n"
                  ", child_tidptr=0x7f20) = 11\n"
                  "[pid    11] getuid() = 0\n"
                  "[pid    10] getgid() = 0\n"
                  "[pid    11] +++ exited with 3 +++\n"
                  "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=11, si_uid=5, "
                  "si_status=3, si_utime=2, si_stime=1} ---\n");
    struct rn_event event = next_process(reader, RN_PROCESS_FORK);

    (void)state;
    assert_int_equal(event.u.process.pid, 10);
    assert_int_equal(event.u.process.child_tid, 11);
    event = next_call(reader, "clone");
    assert_int_equal(event.u.syscall.args[3], 0x7f20);
    assert_int_equal(next_call(reader, "getuid").stream, 2);
    assert_int_equal(next_call(reader, "getgid").stream, 1);
    event = next_of(reader, RN_KIND_SIGNAL);
    assert_int_equal(event.stream, 1);
    assert_int_equal(event.u.signal.sender_pid, 11);
    assert_int_equal(event.u.signal.child_status, 3);
    assert_int_equal(event.u.signal.child_user_ns, 20000000);
    rn_reader_free(reader);
}

static void times(void **state)
{
    struct rn_reader *reader = read_text("10 23:59:59.9 read(0,  <unfinished ...>\n"
                                         "11 23:59:59.95 getuid() = 0 <0.000020>\n"
                                         "10 00:00:00.1 <... read resumed>\"\", 1) = 0\n");
    struct rn_event event = next_call(reader, "read");
    uint64_t first = event.start;

    (void)state;
    assert_int_equal(event.duration, 200000000);
    event = next_call(reader, "getuid");
    assert_int_equal(event.start - first, 50000000);
    assert_int_equal(event.duration, 20000);
    rn_reader_free(reader);

    reader = read_text("     0.000000 getuid() = 0\n     0.000007 getgid() = 0\n");
    first = next_call(reader, "getuid").start;
    assert_int_equal(next_call(reader, "getgid").start - first, 7000);
    rn_reader_free(reader);

    /* All of one second: in the order of the lines. */
    reader = read_text("12 10:00:00 getuid() = 0\n13 10:00:00 getgid() = 0\n"
                       "12 10:00:00 geteuid() = 0\n");
    next_call(reader, "getuid");
    next_call(reader, "getgid");
    next_call(reader, "geteuid");
    rn_reader_free(reader);

    reader = read_text("1700000000.5 getuid() = 0\n");
    assert_int_equal(rn_reader_manifest(reader)->start.realtime_ns, 1700000000500000000);
    rn_reader_free(reader);
}

static void other_tables(void **state)
{
    struct rn_reader *reader =
        read_text("10 getuid() = 0\n"
                  "[ Process PID=10 runs in 32 bit mode. ]\n"
                  "10 pread64(3, \"\", 16, 4294967297) = 0\n"
                  "10 strangecall(1, {a=2}) = 7\n"
                  "10 syscall_0x1f0(0x1, 0x2) = -1 ENOSYS (Function not implemented)\n");
    struct rn_event event = next_call(reader, "getuid");

    (void)state;
    event = next_call(reader, "pread64");
    assert_int_equal(event.u.syscall.abi, RN_ABI_I386);
    assert_int_equal(event.u.syscall.args[3], 1);
    assert_int_equal(event.u.syscall.args[4], 1);
    event = next_of(reader, RN_KIND_SPAN);
    assert_text(&event, RN_ATT_NAME, RN_ARG_NONE, "strangecall");
    assert_text(&event, RN_ATT_TEXT, RN_ARG_NONE,
                "{\"arguments\":\"1, {a=2}\",\"result\":\"= 7\"}");
    event = next_of(reader, RN_KIND_SYSCALL);
    assert_int_equal(event.u.syscall.nr, 0x1f0);
    assert_int_equal(event.u.syscall.args[1], 2);
    rn_reader_free(reader);
    assert_int_equal(notes, 1);
}

/* What older and newer ones print otherwise; a program of 32 bits shows by its calls. */
static void versions(void **state)
{
    struct rn_reader *reader = read_text(
        "Process 10 attached\n"
        "[pid 10] execve(\"/bin/a\", [\"a\", \"long\"...], [/* 12 vars */]) = 0\n"
        "[pid 10] ??"
        "?( <unfinished ...>\n"
        "[pid 10] <... ??? resumed> ) = 0\n"
        "[pid 10] read(0,  <unfinished ...>\n"
        "[pid 10] <... read resumed> \"x\", 1) = 1\n"
        "strace: [ Process PID=10 runs in 32 bit mode. ]\n"
        "[pid 10] mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000\n"
        "Process 10 detached\n");
    struct rn_event event = next_call(reader, "execve");

    (void)state;
    assert_string_equal(rn_reader_manifest(reader)->argv[1], "long...");
    assert_int_equal(rn_reader_manifest(reader)->content_head, 4);
    assert_text(&event, RN_ATT_PRINTED, 2, "[/* 12 vars */]");
    event = next_call(reader, "read");
    assert_int_equal(rn_event_attachment(&event, RN_ATT_CONTENT, 1)->content.length, 1);
    assert_int_equal(next_call(reader, "mmap2").u.syscall.abi, RN_ABI_I386);
    rn_reader_free(reader);

    reader = read_text("fstat64(3, 0x1) = 0\n");
    assert_int_equal(next_call(reader, "fstat64").u.syscall.abi, RN_ABI_I386);
    rn_reader_free(reader);
}

static void malformed(void **state)
{
    static const char *const lines[] = {
        "what is this",
        "read(0, \"abc\", 3",
        "read(0, \"abc, 3) = 3",
        "read(0) = nothing",
        "--- SIGNOTHING {} ---",
        "+++ vanished +++",
        "read(0",
        "read(0) = -1 EWHATEVER (Who knows)",
        "(0) = 1",
        "read(0, [pid 12] 3) - 3",
        "<... read res",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        snprintf(text, sizeof text, "getuid() = 0\n%s\ngetgid() = 0\n", lines[i]);
        assert_status(import_text(text, false), RN_E_FORMAT);
        assert_non_null(strstr(err.what, "line 2"));
        assert_ok(import_text(text, true));
        assert_int_equal(problems, 1);
    }
    assert_status(import_text("", false), RN_E_FORMAT);
    assert_status(import_text("\n\n% time seconds\n", false), RN_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(content, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(structs, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(interrupted, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(times, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(other_tables, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(versions, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(malformed, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
