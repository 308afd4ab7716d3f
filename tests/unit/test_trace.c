/* SPDX-License-Identifier: MIT */
#include "formats/syscall_table.h"
#include "libanalysis/trace.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct rn_attachment text(uint8_t type, uint8_t arg, const char *bytes)
{
    return (struct rn_attachment){
        .type = type, .arg = arg, .size = (uint32_t)strlen(bytes), .data = (const uint8_t *)bytes};
}

static void feed(struct rn_trace *trace, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;

    if (rn_trace_feed(trace, event, &err) != RN_OK)
        fail_msg("%s", err.what);
}

static struct rn_trace *new_trace(void)
{
    struct rn_manifest manifest = {.tick_unit = RN_TICK_NS};
    struct rn_trace *trace = rn_trace_new(&manifest);

    assert_non_null(trace);
    return trace;
}

static void add_stream(struct rn_trace *trace, uint64_t id, uint64_t pid, uint64_t tid,
                       uint64_t parent)
{
    feed(trace,
         &(struct rn_event){
             .kind = RN_KIND_STREAM,
             .u.stream_info = {
                 .id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent}});
}

static void add_image(struct rn_trace *trace, uint32_t stream, uint64_t op, const char *exe,
                      const char *cwd)
{
    struct rn_attachment attachments[] = {text(RN_ATT_EXE, RN_ARG_NONE, exe),
                                          text(RN_ATT_CWD, RN_ARG_NONE, cwd)};

    feed(trace, &(struct rn_event){.kind = RN_KIND_PROCESS,
                                   .stream = stream,
                                   .u.process = {.op = op, .parent_pid = 1},
                                   .attachment_count = 2,
                                   .attachments = attachments});
}

static void add_process(struct rn_trace *trace, uint32_t stream, struct rn_process process)
{
    feed(trace,
         &(struct rn_event){.kind = RN_KIND_PROCESS, .stream = stream, .u.process = process});
}

static void call(struct rn_trace *trace, uint32_t stream, const char *name, int64_t ret,
                 const uint64_t args[3], const struct rn_attachment *attachments, uint32_t count)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL,
        .stream = stream,
        .u.syscall = {.nr = (uint64_t)nr, .ret = (uint64_t)ret},
        .attachment_count = count,
        .attachments = attachments,
    };

    assert_true(nr >= 0);
    memcpy(event.u.syscall.args, args, 3 * sizeof args[0]);
    feed(trace, &event);
}

#define ARGS(a, b, c) ((const uint64_t[]){(uint64_t)(a), (uint64_t)(b), (uint64_t)(c)})
#define CALL(trace, stream, name, ret, a, b, c)                                                    \
    call(trace, stream, name, ret, ARGS(a, b, c), NULL, 0)

static void open_file(struct rn_trace *trace, uint32_t stream, int64_t dirfd, const char *path,
                      int64_t fd, uint64_t flags)
{
    struct rn_attachment attachment = text(RN_ATT_PATH, 1, path);

    call(trace, stream, "openat", fd, ARGS(dirfd, 0x1000, flags), &attachment, 1);
}

/* One process, pid 10, whose only thread is stream 1. */
static struct rn_trace *one_process(void)
{
    struct rn_trace *trace = new_trace();

    add_stream(trace, 1, 10, 10, 0);
    add_image(trace, 1, RN_PROCESS_START, "/usr/bin/first", "/home");
    return trace;
}

static void assert_fd(struct rn_trace *trace, uint64_t stream, int64_t fd, const char *name)
{
    const char *known = rn_trace_descriptor(trace, stream, fd);

    if (name)
        assert_string_equal(known ? known : "(null)", name);
    else
        assert_null(known);
}

static void test_unknown_streams(void **state)
{
    struct rn_trace *trace = new_trace();

    (void)state;
    assert_string_equal(rn_trace_thread(trace, 99)->name, "?");
    assert_int_equal(rn_trace_thread(trace, 99)->stream, 0);
    assert_fd(trace, 99, 0, NULL);
    add_process(trace, 99, (struct rn_process){.op = RN_PROCESS_EXIT});
    CALL(trace, 99, "close", 0, 3, 0, 0);
    rn_trace_free(trace);
    rn_trace_free(NULL);
}

static void test_names(void **state)
{
    struct rn_trace *trace = one_process();
    struct rn_attachment name = text(RN_ATT_NAME, RN_ARG_NONE, "io-worker");
    const struct rn_thread_info *thread = rn_trace_thread(trace, 1);

    (void)state;
    assert_int_equal(thread->pid, 10);
    assert_string_equal(thread->name, "first");
    assert_string_equal(thread->process->name, "first");
    assert_string_equal(thread->process->exe, "/usr/bin/first");
    add_image(trace, 1, RN_PROCESS_EXEC, "/opt/a-very-long-program-name", "/");
    thread = rn_trace_thread(trace, 1);
    assert_string_equal(thread->process->name, "a-very-long-program-name");
    assert_string_equal(thread->name, "a-very-long-pro");
    feed(trace, &(struct rn_event){.kind = RN_KIND_PROCESS,
                                   .stream = 1,
                                   .u.process.op = RN_PROCESS_NAME,
                                   .attachment_count = 1,
                                   .attachments = &name});
    assert_string_equal(rn_trace_thread(trace, 1)->name, "io-worker");
    rn_trace_free(trace);
}

static void test_threads_and_exit(void **state)
{
    struct rn_trace *trace = one_process();
    const struct rn_process_info *process = rn_trace_thread(trace, 1)->process;

    (void)state;
    add_stream(trace, 2, 10, 11, 1);
    add_process(trace, 1,
                (struct rn_process){.op = RN_PROCESS_FORK,
                                    .child_stream = 2,
                                    .clone_flags = CLONE_THREAD | CLONE_FILES});
    assert_ptr_equal(rn_trace_thread(trace, 2)->process, process);
    assert_string_equal(rn_trace_thread(trace, 2)->name, "first");
    assert_int_equal(process->threads, 2);
    add_process(trace, 2, (struct rn_process){.op = RN_PROCESS_THREAD_EXIT});
    assert_int_equal(process->threads, 1);
    assert_false(process->ended);
    add_process(trace, 1,
                (struct rn_process){.op = RN_PROCESS_EXIT, .status = 256, .max_rss_bytes = 5000});
    assert_true(process->ended);
    assert_int_equal(process->status, 256);
    assert_int_equal(process->max_rss_bytes, 5000);
    /* Known until the next segment, then forgotten. */
    feed(trace, &(struct rn_event){.kind = RN_KIND_COMMIT});
    assert_int_equal(rn_trace_thread(trace, 1)->pid, 10);
    feed(trace, &(struct rn_event){.kind = RN_KIND_COMMIT, .flags = RN_EVENT_SNAPSHOT});
    assert_int_equal(rn_trace_thread(trace, 1)->stream, 0);
    assert_int_equal(rn_trace_thread(trace, 2)->stream, 0);
    rn_trace_free(trace);
}

static void test_reused_pid_is_another_process(void **state)
{
    struct rn_trace *trace = one_process();
    uint64_t first = rn_trace_thread(trace, 1)->process->serial;

    (void)state;
    open_file(trace, 1, AT_FDCWD, "x", 3, 0);
    add_process(trace, 1, (struct rn_process){.op = RN_PROCESS_EXIT});
    add_stream(trace, 7, 10, 10, 5);
    assert_true(rn_trace_thread(trace, 7)->process->serial != first);
    assert_fd(trace, 7, 3, NULL);
    assert_int_equal(rn_trace_thread(trace, 1)->process->serial, first);
    /* Restated rows of a later segment are not new. */
    first = rn_trace_thread(trace, 7)->process->serial;
    add_stream(trace, 7, 10, 10, 5);
    assert_int_equal(rn_trace_thread(trace, 7)->process->serial, first);
    rn_trace_free(trace);
}

static void test_streams_of_a_process_in_any_order(void **state)
{
    struct rn_trace *trace = new_trace();

    (void)state;
    feed(trace, &(struct rn_event){
                    .kind = RN_KIND_STREAM,
                    .u.stream_info = {.id = 2, .type = RN_STREAM_QUEUE, .pid = 10, .tid = 10}});
    add_stream(trace, 3, 10, 11, 1);
    add_stream(trace, 1, 10, 10, 0);
    assert_ptr_equal(rn_trace_thread(trace, 2)->process, rn_trace_thread(trace, 1)->process);
    assert_ptr_equal(rn_trace_thread(trace, 3)->process, rn_trace_thread(trace, 1)->process);
    /* A thread that calls execve becomes the leader. */
    add_stream(trace, 4, 10, 10, 3);
    assert_ptr_equal(rn_trace_thread(trace, 4)->process, rn_trace_thread(trace, 1)->process);
    rn_trace_free(trace);
}

static void test_paths(void **state)
{
    struct rn_trace *trace = one_process();
    struct rn_attachment directory = text(RN_ATT_PATH, 0, "/srv");

    (void)state;
    open_file(trace, 1, AT_FDCWD, "/etc/passwd", 3, 0);
    open_file(trace, 1, AT_FDCWD, "./notes", 4, 0);
    open_file(trace, 1, AT_FDCWD, "sub", 5, O_DIRECTORY);
    open_file(trace, 1, 5, "deep", 6, 0);
    open_file(trace, 1, AT_FDCWD, "missing", -2, 0);
    assert_fd(trace, 1, 3, "/etc/passwd");
    assert_fd(trace, 1, 4, "/home/notes");
    assert_fd(trace, 1, 6, "/home/sub/deep");
    assert_fd(trace, 1, -2, NULL);
    assert_fd(trace, 1, 1000000000, NULL);
    call(trace, 1, "chdir", 0, ARGS(0, 0, 0), &directory, 1);
    open_file(trace, 1, AT_FDCWD, "index", 3, 0);
    assert_fd(trace, 1, 3, "/srv/index");
    CALL(trace, 1, "fchdir", 0, 5, 0, 0);
    open_file(trace, 1, AT_FDCWD, "again", 7, 0);
    assert_fd(trace, 1, 7, "/home/sub/again");
    CALL(trace, 1, "close", 0, 7, 0, 0);
    assert_fd(trace, 1, 7, NULL);
    rn_trace_free(trace);
}

static void test_copies_of_descriptors(void **state)
{
    struct rn_trace *trace = one_process();

    (void)state;
    open_file(trace, 1, AT_FDCWD, "/a", 3, 0);
    CALL(trace, 1, "dup", 4, 3, 0, 0);
    CALL(trace, 1, "dup2", 1, 3, 1, 0);
    CALL(trace, 1, "fcntl", 10, 3, F_DUPFD_CLOEXEC, 10);
    CALL(trace, 1, "close", 0, 3, 0, 0);
    assert_fd(trace, 1, 3, NULL);
    assert_fd(trace, 1, 4, "/a");
    assert_fd(trace, 1, 1, "/a");
    assert_fd(trace, 1, 10, "/a");
    CALL(trace, 1, "dup2", 4, 4, 4, 0);
    assert_fd(trace, 1, 4, "/a");
    CALL(trace, 1, "close_range", 0, 4, 0xffffffff, 0);
    assert_fd(trace, 1, 4, NULL);
    assert_fd(trace, 1, 10, NULL);
    assert_fd(trace, 1, 1, "/a");
    rn_trace_free(trace);
}

static void test_close_on_exec(void **state)
{
    struct rn_trace *trace = one_process();
    uint64_t how = O_CLOEXEC;
    struct rn_attachment attachments[] = {
        text(RN_ATT_PATH, 1, "/how"),
        {.type = RN_ATT_STRUCT, .arg = 2, .size = sizeof how, .data = (const uint8_t *)&how},
    };

    (void)state;
    open_file(trace, 1, AT_FDCWD, "/kept", 3, 0);
    open_file(trace, 1, AT_FDCWD, "/closed", 4, O_CLOEXEC);
    open_file(trace, 1, AT_FDCWD, "/later", 5, 0);
    open_file(trace, 1, AT_FDCWD, "/cleared", 6, O_CLOEXEC);
    call(trace, 1, "openat2", 7, ARGS(AT_FDCWD, 0, 0), attachments, 2);
    assert_fd(trace, 1, 7, "/how");
    CALL(trace, 1, "dup2", 7, 7, 7, 0);
    CALL(trace, 1, "fcntl", 0, 5, F_SETFD, FD_CLOEXEC);
    CALL(trace, 1, "fcntl", 0, 6, F_SETFD, 0);
    add_image(trace, 1, RN_PROCESS_EXEC, "/bin/second", "/");
    assert_fd(trace, 1, 3, "/kept");
    assert_fd(trace, 1, 4, NULL);
    assert_fd(trace, 1, 5, NULL);
    assert_fd(trace, 1, 6, "/cleared");
    assert_fd(trace, 1, 7, NULL);
    rn_trace_free(trace);
}

static void test_fork_copies_and_clone_files_shares(void **state)
{
    struct rn_trace *trace = one_process();

    (void)state;
    open_file(trace, 1, AT_FDCWD, "/a", 3, 0);
    add_stream(trace, 2, 20, 20, 1);
    add_process(
        trace, 1,
        (struct rn_process){.op = RN_PROCESS_FORK, .child_stream = 2, .clone_flags = SIGCHLD});
    add_stream(trace, 3, 30, 30, 1);
    add_process(trace, 1,
                (struct rn_process){.op = RN_PROCESS_FORK,
                                    .child_stream = 3,
                                    .clone_flags = CLONE_FILES | SIGCHLD});
    assert_string_equal(rn_trace_thread(trace, 2)->process->name, "first");
    assert_int_equal(rn_trace_thread(trace, 2)->process->parent_pid, 10);
    assert_fd(trace, 2, 3, "/a");
    assert_fd(trace, 3, 3, "/a");
    CALL(trace, 1, "close", 0, 3, 0, 0);
    assert_fd(trace, 2, 3, "/a");
    assert_fd(trace, 3, 3, NULL);
    open_file(trace, 2, AT_FDCWD, "relative", 4, 0);
    assert_fd(trace, 2, 4, "/home/relative");
    assert_fd(trace, 1, 4, NULL);
    /* execve ends the sharing. */
    open_file(trace, 1, AT_FDCWD, "/b", 5, 0);
    add_image(trace, 3, RN_PROCESS_EXEC, "/bin/x", "/");
    CALL(trace, 3, "close", 0, 5, 0, 0);
    assert_fd(trace, 3, 5, NULL);
    assert_fd(trace, 1, 5, "/b");
    rn_trace_free(trace);
}

static void test_descriptors_by_identity(void **state)
{
    struct rn_trace *trace = one_process();
    struct rn_fd_identity ends[] = {{.fd = 3, .inode = 77, .mode = S_IFIFO},
                                    {.fd = 4, .inode = 77, .mode = S_IFIFO}};
    struct rn_fd_identity socket = {.fd = 5, .inode = 88, .mode = S_IFSOCK};
    struct rn_attachment pair[] = {
        {.type = RN_ATT_FD, .size = sizeof ends[0], .data = (const uint8_t *)&ends[0]},
        {.type = RN_ATT_FD, .size = sizeof ends[1], .data = (const uint8_t *)&ends[1]}};
    struct rn_attachment one = {
        .type = RN_ATT_FD, .size = sizeof socket, .data = (const uint8_t *)&socket};
    static const uint8_t inet[16] = {AF_INET, 0, 0, 80, 127, 0, 0, 1};
    static const uint8_t abstract[] = {AF_UNIX, 0, 0, 'b', 'u', 's'};
    struct rn_attachment peer = {.type = RN_ATT_SOCKADDR, .size = sizeof inet, .data = inet};

    (void)state;
    call(trace, 1, "pipe2", 0, ARGS(0, 0, 0), pair, 2);
    assert_fd(trace, 1, 3, "pipe:[77]");
    assert_fd(trace, 1, 4, "pipe:[77]");
    call(trace, 1, "socket", 5, ARGS(AF_INET, SOCK_STREAM, 0), &one, 1);
    assert_fd(trace, 1, 5, "socket:[88]");
    call(trace, 1, "connect", -115, ARGS(5, 0, 16), &peer, 1);
    assert_fd(trace, 1, 5, "socket:[88]->127.0.0.1:80");
    peer.data = abstract;
    peer.size = sizeof abstract;
    call(trace, 1, "connect", 0, ARGS(5, 0, 16), &peer, 1);
    assert_fd(trace, 1, 5, "socket:[88]->@bus");
    peer.size = 1;
    call(trace, 1, "connect", 0, ARGS(5, 0, 16), &peer, 1);
    assert_fd(trace, 1, 5, "socket:[88]->@bus");
    CALL(trace, 1, "eventfd2", 6, 0, 0, 0);
    assert_fd(trace, 1, 6, "anon_inode:[eventfd]");
    rn_trace_free(trace);
}

static void test_descriptor_events(void **state)
{
    struct rn_trace *trace = one_process();
    struct rn_attachment path = text(RN_ATT_PATH, RN_ARG_NONE, "/dev/pts/0");
    struct rn_event event = {.kind = RN_KIND_DESCRIPTOR,
                             .stream = 1,
                             .u.descriptor = {.pid = 10, .fd = 2, .flags = O_CLOEXEC},
                             .attachment_count = 1,
                             .attachments = &path};

    (void)state;
    feed(trace, &event);
    assert_fd(trace, 1, 2, "/dev/pts/0");
    event.u.descriptor.pid = 12345;
    feed(trace, &event);
    event.u.descriptor.pid = 10;
    event.u.descriptor.fd = UINT64_MAX;
    feed(trace, &event);
    add_image(trace, 1, RN_PROCESS_EXEC, "/bin/x", "/");
    assert_fd(trace, 1, 2, NULL);
    rn_trace_free(trace);
}

static void test_many_streams_are_forgotten(void **state)
{
    struct rn_trace *trace = new_trace();

    (void)state;
    for (uint32_t i = 1; i <= 20000; i++) {
        add_stream(trace, i, 100 + i % 50, 100 + i % 50, 0);
        open_file(trace, i, AT_FDCWD, "/x", 3, 0);
        add_process(trace, i, (struct rn_process){.op = RN_PROCESS_EXIT});
        if (i % 100 == 0)
            feed(trace, &(struct rn_event){.kind = RN_KIND_COMMIT, .flags = RN_EVENT_SNAPSHOT});
        if (i > 200)
            assert_int_equal(rn_trace_thread(trace, i - 200)->stream, 0);
    }
    rn_trace_free(trace);
}

static void test_too_many_streams_are_refused(void **state)
{
    struct rn_trace *trace = new_trace();
    struct rn_event event = {.kind = RN_KIND_STREAM};
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = RN_OK;

    (void)state;
    for (uint64_t i = 0; i <= RN_TRACE_MAX_STREAMS && status == RN_OK; i++) {
        event.u.stream_info.id = i + 1;
        status = rn_trace_feed(trace, &event, &err);
    }
    assert_int_equal(status, RN_E_LIMIT);
    rn_trace_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_streams),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_threads_and_exit),
        cmocka_unit_test(test_reused_pid_is_another_process),
        cmocka_unit_test(test_streams_of_a_process_in_any_order),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_copies_of_descriptors),
        cmocka_unit_test(test_close_on_exec),
        cmocka_unit_test(test_fork_copies_and_clone_files_shares),
        cmocka_unit_test(test_descriptors_by_identity),
        cmocka_unit_test(test_descriptor_events),
        cmocka_unit_test(test_many_streams_are_forgotten),
        cmocka_unit_test(test_too_many_streams_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
