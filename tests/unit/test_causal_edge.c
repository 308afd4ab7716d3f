/* SPDX-License-Identifier: MIT */
#include "libanalysis/causal_edge.h"

#include "formats/crc64.h"
#include "formats/syscall_table.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#define EDGES_MAX 64u

struct fixture {
    struct rn_manifest manifest;
    struct rn_edge_finder *finder;
    struct rn_causal_edge edges[EDGES_MAX];
    size_t count;
    uint64_t ordinals[8];
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct rn_edge_finder_options options = {.manifest = &fixture.manifest};

    memset(&fixture, 0, sizeof fixture);
    *state = &fixture;
    return rn_edge_finder_new(&options, &fixture.finder, NULL) == RN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    rn_edge_finder_free(((struct fixture *)*state)->finder);
    return 0;
}

static void feed(struct fixture *fixture, struct rn_event *event)
{
    assert_int_equal(rn_edge_finder_feed(fixture->finder, event, NULL), RN_OK);
    while (fixture->count < EDGES_MAX &&
           rn_edge_finder_next(fixture->finder, &fixture->edges[fixture->count]))
        fixture->count++;
}

static void finish(struct fixture *fixture)
{
    assert_int_equal(rn_edge_finder_finish(fixture->finder, NULL), RN_OK);
    while (fixture->count < EDGES_MAX &&
           rn_edge_finder_next(fixture->finder, &fixture->edges[fixture->count]))
        fixture->count++;
}

/* Stream n is the first thread of process 100 + n. */
static void add_stream(struct fixture *fixture, uint32_t stream)
{
    struct rn_event event = {.kind = RN_KIND_STREAM};

    event.u.stream_info = (struct rn_stream){
        .id = stream, .type = RN_STREAM_THREAD, .pid = 100 + stream, .tid = 100 + stream};
    feed(fixture, &event);
}

static void fork_stream(struct fixture *fixture, uint32_t parent, uint32_t child, uint64_t at)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = parent,
                             .ordinal = fixture->ordinals[parent]++,
                             .start = at};

    add_stream(fixture, child);
    event.u.process =
        (struct rn_process){.op = RN_PROCESS_FORK, .child_stream = child, .clone_flags = SIGCHLD};
    feed(fixture, &event);
}

static struct rn_event call_event(struct fixture *fixture, uint32_t stream, const char *name,
                                  uint64_t start, uint64_t end)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = stream,
                             .ordinal = fixture->ordinals[stream]++,
                             .start = start,
                             .duration = end - start};

    event.u.syscall.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    return event;
}

static void call(struct fixture *fixture, uint32_t stream, const char *name, uint64_t start,
                 uint64_t end, uint64_t ret, uint64_t a, uint64_t b)
{
    struct rn_event event = call_event(fixture, stream, name, start, end);

    event.u.syscall.ret = ret;
    event.u.syscall.args[0] = a;
    event.u.syscall.args[1] = b;
    feed(fixture, &event);
}

static void move(struct fixture *fixture, uint32_t stream, const char *name, uint64_t fd,
                 const char *text, uint64_t start, uint64_t end)
{
    struct rn_event event = call_event(fixture, stream, name, start, end);
    struct rn_attachment content = {.type = RN_ATT_CONTENT, .arg = 1};

    content.content.length = strlen(text);
    content.content.crc = rn_crc64(0, text, strlen(text));
    content.content.head = (const uint8_t *)text;
    content.content.head_len = (uint32_t)strlen(text);
    event.u.syscall.ret = strlen(text);
    event.u.syscall.args[0] = fd;
    event.attachment_count = 1;
    event.attachments = &content;
    feed(fixture, &event);
}

/* Descriptor 3 reads, 4 writes. */
static void make_pipe(struct fixture *fixture, uint32_t stream, uint64_t at)
{
    struct rn_event event = call_event(fixture, stream, "pipe2", at, at + 1);
    struct rn_fd_identity ends[2] = {{.fd = 3, .device = 1, .inode = 77, .mode = S_IFIFO},
                                     {.fd = 4, .device = 1, .inode = 77, .mode = S_IFIFO}};
    struct rn_attachment attachments[2];

    for (unsigned i = 0; i < 2; i++)
        attachments[i] = (struct rn_attachment){
            .type = RN_ATT_FD, .size = sizeof ends[i], .data = (const uint8_t *)&ends[i]};
    event.attachment_count = 2;
    event.attachments = attachments;
    feed(fixture, &event);
}

/* Streams 1, 2 and 3 have the pipe, from time 20 on. */
static void three_processes(struct fixture *fixture)
{
    add_stream(fixture, 1);
    make_pipe(fixture, 1, 1);
    fork_stream(fixture, 1, 2, 10);
    fork_stream(fixture, 1, 3, 11);
    call(fixture, 2, "getpid", 15, 16, 102, 0, 0);
    call(fixture, 3, "getpid", 17, 18, 103, 0, 0);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(fixture->edges[0].mechanism, RN_EDGE_FORK);
    assert_int_equal(fixture->edges[1].to.stream, 3);
    fixture->count = 0;
}

static unsigned edges_of(const struct fixture *fixture, uint8_t mechanism, uint8_t certainty)
{
    unsigned found = 0;

    for (size_t i = 0; i < fixture->count; i++)
        found +=
            fixture->edges[i].mechanism == mechanism && fixture->edges[i].certainty == certainty;
    return found;
}

static void test_bytes_by_interval(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    move(fixture, 1, "write", 4, "hello ", 20, 21);
    move(fixture, 1, "write", 4, "world", 22, 23);
    move(fixture, 2, "read", 3, "hell", 30, 31);
    move(fixture, 3, "read", 3, "o world", 40, 41);
    finish(fixture);
    assert_int_equal(fixture->count, 3);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 3);
    assert_int_equal(fixture->edges[0].bytes, 4);
    assert_int_equal(fixture->edges[0].to.stream, 2);
    assert_int_equal(fixture->edges[1].bytes, 2);
    assert_int_equal(fixture->edges[2].bytes, 5);
    assert_int_equal(fixture->edges[2].from.ordinal, fixture->edges[1].from.ordinal + 1);
}

/* The reader was quicker than the writer's way back. */
static void test_read_that_ends_before_the_write(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    move(fixture, 2, "read", 3, "word", 20, 31);
    move(fixture, 1, "write", 4, "word", 30, 50);
    call(fixture, 3, "getpid", 40, 41, 103, 0, 0);
    assert_int_equal(fixture->count, 0);
    assert_int_equal(rn_edge_finder_frontier(fixture->finder), 31);
    call(fixture, 3, "getpid", 60, 61, 103, 0, 0);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 1);
    assert_int_equal(rn_edge_finder_frontier(fixture->finder), 60);
}

static void test_contradicting_bytes(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    move(fixture, 1, "write", 4, "something", 20, 21);
    move(fixture, 2, "read", 3, "elsewhere", 30, 31);
    move(fixture, 1, "write", 4, "one thing", 32, 33);
    move(fixture, 2, "read", 3, "one thing", 34, 35);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 0);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_INFERRED), 1);
}

/* Nobody knows whose bytes came first. */
static void test_two_writers_at_once(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    move(fixture, 1, "write", 4, "aaaaaaaaa", 20, 26);
    move(fixture, 2, "write", 4, "bbbbbbbbb", 22, 28);
    move(fixture, 3, "read", 3, "aaaaaaaaa", 30, 31);
    move(fixture, 3, "read", 3, "bbbbbbbbb", 32, 33);
    move(fixture, 1, "write", 4, "ccccccccc", 40, 41);
    move(fixture, 3, "read", 3, "ccccccccc", 42, 43);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_INFERRED), 2);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 1);
}

static void test_losses(void **state)
{
    struct fixture *fixture = *state;
    struct rn_event loss = {.kind = RN_KIND_LOSS, .start = 19};

    loss.u.loss = (struct rn_loss){.count = 3, .reason = RN_LOSS_RING_FULL};
    three_processes(fixture);
    feed(fixture, &loss);
    move(fixture, 1, "write", 4, "something", 20, 21);
    move(fixture, 2, "read", 3, "something", 30, 31);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 0);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_INFERRED), 1);
}

/* A pipe that was there before: only the same bytes are matched. */
static void test_unknown_pipe(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t stream = 1; stream <= 2; stream++) {
        struct rn_event row = {
            .kind = RN_KIND_DESCRIPTOR, .stream = stream, .flags = RN_EVENT_SNAPSHOT, .start = 1};

        add_stream(fixture, stream);
        row.u.descriptor = (struct rn_descriptor){.pid = 100 + stream,
                                                  .fd = stream == 1 ? 4 : 3,
                                                  .device = 1,
                                                  .inode = 77,
                                                  .mode = S_IFIFO};
        feed(fixture, &row);
    }
    move(fixture, 2, "read", 3, "from before", 20, 21);
    move(fixture, 1, "write", 4, "the first that is seen", 22, 23);
    move(fixture, 2, "read", 3, "the first that is seen", 24, 25);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 0);
    assert_int_equal(edges_of(fixture, RN_EDGE_PIPE, RN_EDGE_INFERRED), 1);
}

static void test_exit_and_wait(void **state)
{
    struct fixture *fixture = *state;
    struct rn_event exit = {.kind = RN_KIND_PROCESS, .stream = 2, .ordinal = 9, .start = 50};

    exit.u.process.op = RN_PROCESS_EXIT;
    three_processes(fixture);
    call(fixture, 1, "wait4", 20, 60, 102, UINT64_MAX, 0);
    feed(fixture, &exit);
    finish(fixture);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(edges_of(fixture, RN_EDGE_EXIT, RN_EDGE_PROVEN), 1);
    assert_int_equal(fixture->edges[0].from.ordinal, 9);
    assert_int_equal(fixture->edges[0].to.stream, 1);
}

static void add_thread(struct fixture *fixture, uint32_t stream)
{
    struct rn_event event = {.kind = RN_KIND_STREAM};

    event.u.stream_info =
        (struct rn_stream){.id = stream, .type = RN_STREAM_THREAD, .pid = 101, .tid = 100 + stream};
    feed(fixture, &event);
}

static void test_futex(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t stream = 1; stream <= 3; stream++)
        add_thread(fixture, stream);
    call(fixture, 1, "futex", 10, 30, 0, 0x1000, FUTEX_WAIT | FUTEX_PRIVATE_FLAG);
    call(fixture, 2, "futex", 20, 40, 1, 0x1000, FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
    call(fixture, 1, "futex", 50, 70, 0, 0x1000, FUTEX_WAIT | FUTEX_PRIVATE_FLAG);
    call(fixture, 2, "futex", 55, 56, 1, 0x1000, FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
    call(fixture, 3, "futex", 57, 58, 1, 0x1000, FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
    finish(fixture);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(fixture->edges[0].certainty, RN_EDGE_PROVEN);
    assert_int_equal(fixture->edges[1].certainty, RN_EDGE_INFERRED);
}

static void test_signal(void **state)
{
    struct fixture *fixture = *state;
    struct rn_event event = {.kind = RN_KIND_SIGNAL, .stream = 2, .ordinal = 5, .start = 30};

    event.u.signal = (struct rn_signal){.signo = SIGUSR1, .sender_pid = 101};
    add_stream(fixture, 1);
    add_stream(fixture, 2);
    call(fixture, 1, "kill", 20, 21, 0, 102, SIGUSR1);
    feed(fixture, &event);
    finish(fixture);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(edges_of(fixture, RN_EDGE_SIGNAL, RN_EDGE_PROVEN), 1);
}

static struct rn_attachment path_at(uint8_t arg, const char *text)
{
    return (struct rn_attachment){.type = RN_ATT_PATH,
                                  .arg = arg,
                                  .size = (uint32_t)strlen(text),
                                  .data = (const uint8_t *)text};
}

/* Descriptor 9 is file number 55, whatever its name. */
static void open_file(struct fixture *fixture, uint32_t stream, const char *name, uint64_t flags,
                      uint64_t at)
{
    struct rn_event event = call_event(fixture, stream, "open", at, at + 1);
    struct rn_fd_identity identity = {.fd = 9, .device = 1, .inode = 55, .mode = S_IFREG};
    struct rn_attachment attachments[2] = {
        path_at(0, name),
        {.type = RN_ATT_FD, .size = sizeof identity, .data = (const uint8_t *)&identity}};

    event.u.syscall.ret = 9;
    event.u.syscall.args[1] = flags;
    event.attachment_count = 2;
    event.attachments = attachments;
    feed(fixture, &event);
}

static void rename_file(struct fixture *fixture, uint32_t stream, const char *from, const char *to,
                        uint64_t at)
{
    struct rn_event event = call_event(fixture, stream, "rename", at, at + 1);
    struct rn_attachment attachments[2] = {path_at(0, from), path_at(1, to)};

    event.attachment_count = 2;
    event.attachments = attachments;
    feed(fixture, &event);
}

/* Whoever opens a file by the name that another one gave it. */
static void test_renamed_file(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    open_file(fixture, 1, "/d/new", O_WRONLY | O_CREAT, 20);
    open_file(fixture, 2, "/d/new", O_RDONLY, 22);
    rename_file(fixture, 1, "/d/new", "/d/file", 24);
    open_file(fixture, 1, "/d/file", O_RDONLY, 26);
    open_file(fixture, 2, "/d/file", O_RDONLY, 28);
    open_file(fixture, 3, "../d/file", O_RDONLY, 30);
    finish(fixture);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(fixture->edges[0].to.stream, 2);
    assert_int_equal(fixture->edges[0].certainty, RN_EDGE_PROVEN);
    assert_int_equal(fixture->edges[1].to.stream, 3);
    assert_int_equal(fixture->edges[1].certainty, RN_EDGE_INFERRED);
}

/* The name may be that of a file that was made since, under the same number. */
static void test_file_made_anew(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    open_file(fixture, 1, "/d/new", O_WRONLY | O_CREAT, 20);
    rename_file(fixture, 1, "/d/new", "/d/file", 24);
    open_file(fixture, 2, "/d/file", O_WRONLY | O_CREAT, 26);
    open_file(fixture, 3, "/d/file", O_RDONLY, 28);
    /* Made as a file that was not there: the rename is none of its. */
    open_file(fixture, 2, "/d/file", O_WRONLY | O_CREAT | O_EXCL, 30);
    open_file(fixture, 3, "/d/file", O_RDONLY, 32);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_FILE, RN_EDGE_PROVEN), 1);
    assert_int_equal(fixture->edges[fixture->count - 1].from.stream, 2);
}

static void datagram_socket(struct fixture *fixture, uint32_t stream, uint64_t at)
{
    struct rn_event event = call_event(fixture, stream, "socket", at, at + 1);

    event.u.syscall.ret = 5;
    event.u.syscall.args[0] = AF_INET;
    event.u.syscall.args[1] = SOCK_DGRAM;
    feed(fixture, &event);
}

/* The same bytes, once; also where the call that sent them returned last. */
static void test_datagrams(void **state)
{
    struct fixture *fixture = *state;

    three_processes(fixture);
    datagram_socket(fixture, 1, 18);
    datagram_socket(fixture, 2, 19);
    move(fixture, 1, "sendto", 5, "lost", 20, 21);
    move(fixture, 1, "sendto", 5, "first", 22, 23);
    move(fixture, 2, "recvfrom", 5, "first", 20, 24);
    move(fixture, 2, "recvfrom", 5, "first", 25, 26);
    move(fixture, 2, "recvfrom", 5, "second", 27, 29);
    move(fixture, 1, "sendto", 5, "second", 28, 30);
    move(fixture, 2, "recvfrom", 5, "third", 31, 32);
    move(fixture, 1, "sendto", 5, "third", 40, 41);
    finish(fixture);
    assert_int_equal(edges_of(fixture, RN_EDGE_DATAGRAM, RN_EDGE_INFERRED), 2);
    assert_int_equal(fixture->count, 2);
    assert_int_equal(fixture->edges[0].from.start, 22);
    assert_int_equal(fixture->edges[1].from.start, 28);
}

static void test_little_memory(void **state)
{
    struct rn_manifest manifest = {.version = 1};
    struct rn_edge_finder_options options = {.manifest = &manifest, .memory_bytes = 20000};
    struct fixture fixture = {.count = 0};

    (void)state;
    assert_int_equal(rn_edge_finder_new(&options, &fixture.finder, NULL), RN_OK);
    three_processes(&fixture);
    for (uint64_t i = 0; i < 1000; i++)
        move(&fixture, 1, "write", 4, "much that nobody reads", 20 + 2 * i, 21 + 2 * i);
    for (uint64_t i = 0; i < 1000; i++)
        move(&fixture, 2, "read", 3, "much that nobody reads", 5000 + 2 * i, 5001 + 2 * i);
    finish(&fixture);
    assert_true(rn_edge_finder_forgotten(fixture.finder) > 0);
    assert_int_equal(edges_of(&fixture, RN_EDGE_PIPE, RN_EDGE_PROVEN), 0);
    rn_edge_finder_free(fixture.finder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_by_interval),
        TEST(test_read_that_ends_before_the_write),
        TEST(test_contradicting_bytes),
        TEST(test_two_writers_at_once),
        TEST(test_losses),
        TEST(test_unknown_pipe),
        TEST(test_exit_and_wait),
        TEST(test_futex),
        TEST(test_signal),
        TEST(test_renamed_file),
        TEST(test_file_made_anew),
        TEST(test_datagrams),
        cmocka_unit_test(test_little_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
