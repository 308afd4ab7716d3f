/* SPDX-License-Identifier: MIT */
/* Whose child a thread is, in text of strace written by hand. */
#include "strace_fixture.h"

#include <sched.h>
#include <signal.h>

/* The child's lines come before its maker's call returns. */
static void child_first(void **state)
{
    struct rn_reader *reader = read_text(
        "10 execve(\"/bin/sh\", [\"sh\", \"-c\"], 0x1 /* 3 vars */) = 0\n"
        "10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0, stack=NULL, stack_size=0} "
        "<unfinished ...>\n"
        "11 gettid() = 11\n"
        "10 <... clone3 resumed> => {parent_tid=[11]}, 88) = 11\n"
        "11 +++ exited with 0 +++\n"
        "10 +++ killed by SIGSEGV (core dumped) +++\n");
    struct rn_event event = next_process(reader, RN_PROCESS_START);

    (void)state;
    event = next_process(reader, RN_PROCESS_EXEC);
    assert_text(&event, RN_ATT_EXE, RN_ARG_NONE, "/bin/sh");
    assert_memory_equal(rn_event_attachment(&event, RN_ATT_ARGV, RN_ARG_NONE)->data, "sh\0-c\0", 6);
    event = next_process(reader, RN_PROCESS_FORK);
    assert_int_equal(event.u.process.child_tid, 11);
    assert_int_equal(event.u.process.clone_flags, CLONE_VM | CLONE_THREAD);
    event = next_call(reader, "gettid");
    assert_int_equal(event.stream, 2);
    event = next_process(reader, RN_PROCESS_THREAD_EXIT);
    assert_int_equal(event.u.process.pid, 10);
    event = next_process(reader, RN_PROCESS_EXIT);
    assert_int_equal(event.u.process.status, 0x80 | SIGSEGV);
    rn_reader_free(reader);
}

/* It is met, and has ended, before the call that made it returns: made once. */
static void child_is_gone(void **state)
{
    struct rn_reader *reader = read_text("10 vfork( <unfinished ...>\n"
                                         "11 getuid() = 0\n"
                                         "11 +++ exited with 0 +++\n"
                                         "10 <... vfork resumed>) = 11\n"
                                         "10 vfork() = 11\n");
    struct rn_event event;
    unsigned forks = 0;

    (void)state;
    while (rn_reader_next_event(reader, &event, &err) == RN_OK)
        forks += event.kind == RN_KIND_PROCESS && event.u.process.op == RN_PROCESS_FORK;
    assert_int_equal(forks, 2);
    rn_reader_free(reader);
}

/* Two threads are making one: whose child it is shows later, and its lines wait. */
static void two_makers(void **state)
{
    struct rn_reader *reader =
        read_text("10 clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD) = 11\n"
                  "10 vfork( <unfinished ...>\n"
                  "11 vfork( <unfinished ...>\n"
                  "12 getpid() = 12\n"
                  "12 getppid() = 10\n"
                  "10 <... vfork resumed>) = 13\n"
                  "11 <... vfork resumed>) = 12\n"
                  "13 getuid() = 0\n");
    struct rn_event event = next_process(reader, RN_PROCESS_FORK);

    (void)state;
    event = next_process(reader, RN_PROCESS_FORK);
    assert_int_equal(event.u.process.tid, 10);
    assert_int_equal(event.u.process.child_tid, 13);
    event = next_process(reader, RN_PROCESS_FORK);
    assert_int_equal(event.u.process.tid, 11);
    assert_int_equal(event.u.process.child_tid, 12);
    assert_int_equal(event.u.process.clone_flags, CLONE_VFORK | CLONE_VM | SIGCHLD);
    event = next_call(reader, "vfork");
    assert_int_equal(event.u.syscall.ret, 12);
    assert_int_equal(next_call(reader, "getpid").u.syscall.ret, 12);
    assert_int_equal(next_call(reader, "getppid").u.syscall.ret, 10);
    assert_int_equal(next_call(reader, "getuid").u.syscall.ret, 0);
    rn_reader_free(reader);
    assert_int_equal(notes, 0);
}

/* In whatever order calls that make one return, the one that is left has made what comes up. */
static void last_of_the_makers(void **state)
{
    static const unsigned char orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                              {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        const unsigned char *order = orders[i];
        struct rn_reader *reader;
        struct rn_event event;
        char text[600];

        snprintf(text, sizeof(text),
                 "1 getpid() = 1\n2 getpid() = 2\n3 getpid() = 3\n"
                 "1 vfork( <unfinished ...>\n2 vfork( <unfinished ...>\n"
                 "3 vfork( <unfinished ...>\n"
                 "%d <... vfork resumed>) = -1 EAGAIN (Resource temporarily unavailable)\n"
                 "%d <... vfork resumed>) = -1 EAGAIN (Resource temporarily unavailable)\n"
                 "9 getpid() = 9\n%d <... vfork resumed>) = 9\n",
                 order[0], order[1], order[2]);
        reader = read_text(text);
        event = next_process(reader, RN_PROCESS_FORK);
        assert_int_equal(event.u.process.tid, order[2]);
        assert_int_equal(event.u.process.child_tid, 9);
        assert_int_equal(next_call(reader, "getpid").u.syscall.ret, 9);
        rn_reader_free(reader);
    }
}

/* A number is used again though nobody said that its thread had ended. */
static void number_again(void **state)
{
    struct rn_reader *reader = read_text("10 fork() = 11\n11 getuid() = 0\n"
                                         "10 fork() = 11\n11 getgid() = 0\n");
    struct rn_event event = next_process(reader, RN_PROCESS_FORK);
    uint64_t first = event.u.process.child_stream;

    (void)state;
    assert_int_equal(next_call(reader, "fork").u.syscall.ret, 11);
    assert_int_equal(next_call(reader, "getuid").stream, first);
    event = next_process(reader, RN_PROCESS_FORK);
    assert_int_not_equal(event.u.process.child_stream, first);
    assert_int_equal(next_call(reader, "fork").u.syscall.ret, 11);
    assert_int_equal(next_call(reader, "getgid").stream, event.u.process.child_stream);
    rn_reader_free(reader);
}

static void expect_thread_execution(const char *text)
{
    struct rn_reader *reader = read_text(text);
    struct rn_event event = next_call(reader, "clone");

    event = next_call(reader, "futex");
    assert_true(event.flags & RN_EVENT_UNFINISHED);
    event = next_call(reader, "execve");
    assert_int_equal(event.stream, 1);
    assert_false(event.flags & RN_EVENT_UNFINISHED);
    assert_int_equal(next_process(reader, RN_PROCESS_THREAD_EXIT).u.process.tid, 11);
    assert_int_equal(next_process(reader, RN_PROCESS_EXEC).u.process.pid, 10);
    assert_true(next_call(reader, "exit_group").flags & RN_EVENT_UNFINISHED);
    next_process(reader, RN_PROCESS_EXIT);
    rn_reader_free(reader);
}

static void thread_executes(void **state)
{
    (void)state;
    expect_thread_execution("10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 11\n"
                            "10 futex(0x10, FUTEX_WAIT, 1, NULL <unfinished ...>\n"
                            "11 execve(\"/bin/true\", [\"true\"], NULL <unfinished ...>\n"
                            "10 +++ superseded by execve in pid 11 +++\n"
                            "10 <... execve resumed>) = 0\n"
                            "10 exit_group(0) = ?\n"
                            "10 +++ exited with 0 +++\n");
}

/* What strace writes where no other thread wrote between the call and its return. */
static void thread_executes_alone(void **state)
{
    (void)state;
    expect_thread_execution("10 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 11\n"
                            "10 futex(0x10, FUTEX_WAIT, 1, NULL <unfinished ...>\n"
                            "11 execve(\"/bin/true\", [\"true\"], NULL <pid changed to 10 ...>\n"
                            "10 +++ superseded by execve in pid 11 +++\n"
                            "10 <... execve resumed>) = 0\n"
                            "10 exit_group(0) = ?\n"
                            "10 +++ exited with 0 +++\n");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

/* The thread that had the number never came back from its call; that shows in the middle of
 * another. */
static void number_used_again(void **state)
{
    struct rn_reader *reader =
        read_text("10 clone(child_stack=NULL, flags=SIGCHLD, child_tidptr=0x1) = 11\n"
                  "11 openat(AT_FDCWD, \"/never\", O_RDONLY <unfinished ...>\n"
                  "10 getuid() = 0\n"
                  "10 clone(child_stack=NULL, flags=SIGCHLD, child_tidptr=0x77 <unfinished ...>\n"
                  "10 <... clone resumed>) = 11\n"
                  "11 getgid() = 0\n");
    struct rn_event event = next_call(reader, "clone");
    unsigned never = 0, second = 0;

    (void)state;
    while (rn_reader_next_event(reader, &event, &err) == RN_OK) {
        const struct rn_attachment *opened = rn_event_attachment(&event, RN_ATT_PATH, 1);

        if (event.kind != RN_KIND_SYSCALL)
            continue;
        never += opened && opened->size == 6 && memcmp(opened->data, "/never", 6) == 0 &&
                 event.flags & RN_EVENT_UNFINISHED;
        second += !opened && event.u.syscall.ret == 11 && event.u.syscall.args[3] == 0x77;
    }
    assert_int_equal(never, 1);
    assert_int_equal(second, 1);
    rn_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(child_first),           CASE(child_is_gone),     CASE(two_makers),
        CASE(last_of_the_makers),    CASE(number_again),      CASE(thread_executes),
        CASE(thread_executes_alone), CASE(number_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
