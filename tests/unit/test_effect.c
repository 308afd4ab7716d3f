/* SPDX-License-Identifier: MIT */
/* What the model makes of calls in odd circumstances; everyday ones are in tests/accuracy. */
#include "formats/crc64.h"
#include "formats/syscall_table.h"
#include "libanalysis/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* A recording in the making: process 100 on stream 1, others as they are forked. */
struct story {
    struct rn_effects *effects;
    uint64_t now, ordinal;
};

static void feed(struct story *story, struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;

    story->now += 10;
    if (!event->start)
        event->start = story->now;
    event->ordinal = story->ordinal++;
    if (rn_effects_feed(story->effects, event, &err) != RN_OK)
        fail_msg("%s", err.what);
}

static void add_stream(struct story *story, uint64_t id, uint64_t pid, uint64_t tid)
{
    feed(story, &(struct rn_event){
                    .kind = RN_KIND_STREAM,
                    .u.stream_info = {.id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = tid}});
}

static void add_process(struct story *story, uint32_t stream, enum rn_process_op op, uint64_t child,
                        uint64_t flags, uint64_t status)
{
    struct rn_attachment cwd = {.type = RN_ATT_CWD, .size = 5, .data = (const uint8_t *)"/work"};

    feed(story, &(struct rn_event){.kind = RN_KIND_PROCESS,
                                   .stream = stream,
                                   .u.process = {.op = op,
                                                 .pid = 100,
                                                 .child_stream = child,
                                                 .clone_flags = flags,
                                                 .status = status,
                                                 .umask = 022},
                                   .attachment_count = op == RN_PROCESS_EXEC,
                                   .attachments = &cwd});
}

static void add_descriptor(struct story *story, uint64_t fd, uint64_t inode)
{
    feed(story, &(struct rn_event){.kind = RN_KIND_DESCRIPTOR,
                                   .stream = 1,
                                   .u.descriptor = {.pid = 100,
                                                    .fd = fd,
                                                    .mode = S_IFIFO | 0600,
                                                    .device = 9,
                                                    .inode = inode,
                                                    .flags = fd ? O_WRONLY : O_RDONLY}});
}

static void add_start(struct story *story, uint64_t parent_pid)
{
    feed(story, &(struct rn_event){
                    .kind = RN_KIND_PROCESS,
                    .stream = 1,
                    .u.process = {.op = RN_PROCESS_START, .pid = 100, .parent_pid = parent_pid}});
}

/* Started by the recorder of that pid; 0: not known. */
static struct story begin_under(uint64_t recorder)
{
    struct rn_manifest manifest = {.tick_unit = RN_TICK_NS};
    struct rn_effects_options options = {.keep = 1000};
    struct story story = {.effects = rn_effects_new(&manifest, &options), .now = 1000};

    assert_non_null(story.effects);
    add_stream(&story, 1, 100, 100);
    if (recorder)
        add_start(&story, recorder);
    add_process(&story, 1, RN_PROCESS_EXEC, 0, 0, 0);
    add_descriptor(&story, 0, 50);
    add_descriptor(&story, 1, 51);
    add_descriptor(&story, 2, 52);
    return story;
}

static struct story begin(void)
{
    return begin_under(0);
}

struct call {
    const char *name;
    uint64_t args[6], ret;
    const char *path, *path2;
    const char *content;
    struct rn_fd_identity identity; /* inode 0: none */
    uint64_t duration;
};

static void make(struct story *story, uint32_t stream, struct call call)
{
    struct rn_attachment items[4];
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = stream,
                             .duration = call.duration ? call.duration : 1,
                             .attachments = items};
    int nr = rn_syscall_number(RN_ABI_X86_64, call.name, strlen(call.name));

    assert_true(nr >= 0);
    event.u.syscall.nr = (uint64_t)nr;
    event.u.syscall.ret = call.ret;
    memcpy(event.u.syscall.args, call.args, sizeof call.args);
    if (call.path)
        items[event.attachment_count++] =
            (struct rn_attachment){.type = RN_ATT_PATH,
                                   .arg = strstr(call.name, "at") && call.name[0] == 'o' ? 1 : 0,
                                   .size = (uint32_t)strlen(call.path),
                                   .data = (const uint8_t *)call.path};
    if (call.path2)
        items[event.attachment_count++] =
            (struct rn_attachment){.type = RN_ATT_PATH,
                                   .arg = 1,
                                   .size = (uint32_t)strlen(call.path2),
                                   .data = (const uint8_t *)call.path2};
    if (call.content)
        items[event.attachment_count++] = (struct rn_attachment){
            .type = RN_ATT_CONTENT,
            .arg = 1,
            .content = {.length = strlen(call.content),
                        .crc = rn_crc64(0, call.content, strlen(call.content)),
                        .head_len = (uint32_t)strlen(call.content),
                        .head = (const uint8_t *)call.content}};
    if (call.identity.inode)
        items[event.attachment_count++] =
            (struct rn_attachment){.type = RN_ATT_FD,
                                   .arg = RN_ARG_RETURN,
                                   .size = sizeof call.identity,
                                   .data = (const uint8_t *)&call.identity};
    feed(story, &event);
}

static void put(struct story *story, uint32_t stream, uint64_t fd, const char *text)
{
    make(story, stream,
         (struct call){.name = "write", {fd, 0, strlen(text)}, strlen(text), .content = text});
}

static void open_file(struct story *story, uint64_t fd, const char *path, int flags, uint64_t inode)
{
    make(
        story, 1,
        (struct call){.name = "openat",
                      {(uint64_t)AT_FDCWD, 0, (uint64_t)flags, 0644},
                      fd,
                      .path = path,
                      .identity = {.fd = fd, .device = 9, .inode = inode, .mode = S_IFREG | 0644}});
}

static void end(struct story *story, uint64_t status)
{
    struct rn_error err = RN_ERROR_INIT;

    add_process(story, 1, RN_PROCESS_EXIT, 0, 0, status);
    assert_int_equal(rn_effects_finish(story->effects, &err), RN_OK);
}

static enum rn_verdict verdict(struct story *a, struct story *b)
{
    struct rn_diff_options options = {.tolerance = 0.05};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_diff *diff;
    enum rn_verdict result;

    end(a, 0);
    end(b, 0);
    assert_int_equal(rn_diff_new(a->effects, b->effects, &options, &diff, &err), RN_OK);
    result = diff->verdict;
    rn_diff_free(diff);
    rn_effects_free(a->effects);
    rn_effects_free(b->effects);
    return result;
}

static void test_descriptors_are_followed(void **state)
{
    struct story a = begin(), b = begin();

    (void)state;
    put(&a, 1, 1, "out\n");
    put(&a, 1, 2, "err\n");
    make(&b, 1, (struct call){.name = "dup", {1}, 7});
    make(&b, 1, (struct call){.name = "dup2", {2, 1}, 1});
    put(&b, 1, 1, "err\n");
    put(&b, 1, 7, "ou");
    put(&b, 1, 7, "t\n");
    assert_int_equal(verdict(&a, &b), RN_VERDICT_MODULO);
}

static void test_rename_is_writing(void **state)
{
    struct story a = begin(), b = begin(), c = begin(), d = begin();

    (void)state;
    open_file(&a, 3, "out", O_WRONLY | O_CREAT | O_TRUNC, 70);
    put(&a, 1, 3, "text");
    open_file(&b, 3, "tmp", O_WRONLY | O_CREAT | O_EXCL, 71);
    put(&b, 1, 3, "text");
    make(&b, 1, (struct call){.name = "close", {3}, 0});
    make(&b, 1,
         (struct call){.name = "rename", {1, 1}, 0, .path = "tmp", .path2 = "/work/./x/../out"});
    assert_true(verdict(&a, &b) <= RN_VERDICT_MODULO);
    open_file(&c, 3, "out", O_WRONLY | O_CREAT | O_TRUNC, 70);
    put(&c, 1, 3, "text");
    open_file(&d, 3, "tmp", O_WRONLY | O_CREAT | O_EXCL, 71);
    put(&d, 1, 3, "text");
    assert_int_equal(verdict(&c, &d), RN_VERDICT_DIFFERENT);
}

/* The number of an inode is used again once a file is gone. */
static void test_inode_used_again(void **state)
{
    struct story a = begin(), b = begin();

    (void)state;
    open_file(&a, 3, "one", O_WRONLY | O_CREAT | O_EXCL, 70);
    put(&a, 1, 3, "first");
    make(&a, 1, (struct call){.name = "close", {3}, 0});
    make(&a, 1, (struct call){.name = "unlink", {1}, 0, .path = "one"});
    open_file(&a, 3, "two", O_WRONLY | O_CREAT | O_EXCL, 70);
    put(&a, 1, 3, "2");
    open_file(&b, 3, "two", O_WRONLY | O_CREAT | O_EXCL, 80);
    put(&b, 1, 3, "2");
    assert_true(verdict(&a, &b) <= RN_VERDICT_MODULO);
}

/* Two children write to one pipe: their order is chance unless the parent waits in between. */
static struct story two_children(const char *first, const char *second, bool waits)
{
    struct story story = begin();

    for (uint64_t child = 2; child <= 3; child++) {
        add_stream(&story, child, 200 + child, 200 + child);
        add_process(&story, 1, RN_PROCESS_FORK, child, SIGCHLD, 0);
        if (!waits)
            continue;
        put(&story, (uint32_t)child, 1, child == 2 ? first : second);
        add_process(&story, (uint32_t)child, RN_PROCESS_EXIT, 0, 0, 0);
        make(&story, 1, (struct call){.name = "wait4", {0}, 200 + child});
    }
    if (!waits) {
        put(&story, 2, 1, first);
        put(&story, 3, 1, second);
    }
    return story;
}

static void test_concurrent_writers(void **state)
{
    struct story a = two_children("one\n", "two\n", false);
    struct story b = two_children("two\n", "one\n", false);
    struct story c = two_children("one\n", "two\n", true);
    struct story d = two_children("two\n", "one\n", true);
    struct story e = two_children("one\n", "two\n", false);
    struct story f = two_children("one\n", "twofold\n", false);

    (void)state;
    assert_int_equal(verdict(&a, &b), RN_VERDICT_MODULO);
    assert_int_equal(verdict(&c, &d), RN_VERDICT_DIFFERENT);
    assert_int_equal(verdict(&e, &f), RN_VERDICT_DIFFERENT);
}

/* accept begins before another thread's open and ends after it: the descriptor is the later one's.
 */
static void test_calls_that_take_long(void **state)
{
    struct story a = begin(), b = begin();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct story *story = i ? &b : &a;

        add_stream(story, 2, 100, 101);
        make(story, 2,
             (struct call){.name = "accept4",
                           {9},
                           3,
                           .duration = 1000,
                           .identity = {.fd = 3, .device = 9, .inode = 90, .mode = S_IFSOCK}});
        open_file(story, 3, "file", O_WRONLY | O_CREAT | O_EXCL, 70);
        put(story, 1, 3, i ? "texT" : "text");
        make(story, 1, (struct call){.name = "close", {3}, 0});
        story->now += 2000;
        put(story, 1, 3, "to the socket");
    }
    assert_int_equal(verdict(&a, &b), RN_VERDICT_DIFFERENT);
}

static void test_unseen_bytes(void **state)
{
    struct story a = begin(), b = begin();

    (void)state;
    put(&a, 1, 1, "text");
    make(&b, 1, (struct call){.name = "write", {1, 0, 4}, 4});
    assert_int_equal(verdict(&a, &b), RN_VERDICT_INCONCLUSIVE);
}

static void test_status(void **state)
{
    struct story a = begin(), b = begin();
    struct rn_diff_options options = {.tolerance = 0.05};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_diff *diff;

    (void)state;
    end(&a, SIGKILL);
    end(&b, SIGFPE); /* one bit less */
    assert_int_equal(rn_diff_new(a.effects, b.effects, &options, &diff, &err), RN_OK);
    assert_int_equal(diff->verdict, RN_VERDICT_DIFFERENT);
    rn_diff_free(diff);
    rn_effects_free(a.effects);
    rn_effects_free(b.effects);
}

/* What a library in the program records into is no effect of the program; a file of another process
 * that it writes into is. */
static void rings_of_the_recorder(void **state)
{
    static const struct {
        const char *a, *b;
        enum rn_verdict verdict;
    } cases[] = {{"/proc/71/fd/4", "/proc/72/fd/4", RN_VERDICT_EQUIVALENT},
                 {"/proc/81/fd/4", "/proc/82/fd/4", RN_VERDICT_DIFFERENT}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story a = begin_under(71), b = begin_under(72);
        struct call map = {
            .name = "mmap", {0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3}, 0x7f0000000000};

        open_file(&a, 3, cases[i].a, O_RDWR, 60);
        make(&a, 1, map);
        open_file(&b, 3, cases[i].b, O_RDWR, 61);
        make(&b, 1, map);
        assert_int_equal(verdict(&a, &b), cases[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_of_the_recorder),   cmocka_unit_test(test_descriptors_are_followed),
        cmocka_unit_test(test_rename_is_writing),  cmocka_unit_test(test_inode_used_again),
        cmocka_unit_test(test_concurrent_writers), cmocka_unit_test(test_calls_that_take_long),
        cmocka_unit_test(test_unseen_bytes),       cmocka_unit_test(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
