/* SPDX-License-Identifier: MIT */
/* What descriptors stand for (-y), those that a call gives out among them. */
#include "render_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const struct rn_render_options options = {.string_limit = 32, .descriptors = true};

static void expect(struct maker *maker, const char *expected)
{
    struct rn_buf out = RN_BUF_INIT;

    maker->event.attachments = maker->attachments;
    rn_render_syscall(&options, trace, &maker->event, &out);
    rn_buf_byte(&out, '\0');
    assert_string_equal((const char *)out.data, expected);
    rn_buf_free(&out);
}

static void feed(struct maker *maker)
{
    maker->event.attachments = maker->attachments;
    assert_int_equal(rn_trace_feed(trace, &maker->event, NULL), RN_OK);
}

/* openat(AT_FDCWD, "/etc/a", O_RDONLY) = fd */
static struct maker open_call(uint64_t fd)
{
    struct maker m = call("openat", fd, (uint64_t)AT_FDCWD, 0x1000, 0, 0, 0);

    attach(&m, RN_ATT_PATH, 1, "/etc/a", 6);
    return m;
}

static void opened(void **state)
{
    struct maker m = open_call(3);

    (void)state;
    expect(&m, "openat(AT_FDCWD, \"/etc/a\", O_RDONLY) = 3</etc/a>");
    feed(&m);
    m = open_call((uint64_t)-ENOENT);
    expect(&m, "openat(AT_FDCWD, \"/etc/a\", O_RDONLY) = -1 ENOENT (No such file or directory)");
    m = call("read", 0, 3, 0, 0, 0, 0);
    expect(&m, "read(3</etc/a>, NULL, 0) = 0");
}

static void working_directory(void **state)
{
    struct maker m = call("chdir", 0, 0x1000, 0, 0, 0, 0);

    (void)state;
    attach(&m, RN_ATT_PATH, 0, "/tmp", 4);
    feed(&m);
    m = open_call(4);
    m.attachments[0].data = (const uint8_t *)"b";
    m.attachments[0].size = 1;
    expect(&m, "openat(AT_FDCWD</tmp>, \"b\", O_RDONLY) = 4</tmp/b>");
}

static void copied(void **state)
{
    struct maker m = open_call(5);

    (void)state;
    feed(&m);
    m = call("dup", 6, 5, 0, 0, 0, 0);
    expect(&m, "dup(5</etc/a>) = 6</etc/a>");
    m = call("fcntl", 7, 5, F_DUPFD_CLOEXEC, 0, 0, 0);
    expect(&m, "fcntl(5</etc/a>, F_DUPFD_CLOEXEC, 0) = 7</etc/a>");
    m = call("dup", 6, 55, 0, 0, 0, 0);
    expect(&m, "dup(55) = 6");
}

/* A number that was in use stands for something else once the call gives it out. */
static void pipes(void **state)
{
    static const int32_t pair[2] = {8, 9};
    static const struct rn_fd_identity ends[] = {{.fd = 8, .inode = 77, .mode = S_IFIFO},
                                                 {.fd = 9, .inode = 77, .mode = S_IFIFO}};
    struct maker m = open_call(8);

    (void)state;
    feed(&m);
    m = call("pipe2", 0, 0x1000, 0, 0, 0, 0);
    attach(&m, RN_ATT_STRUCT, 0, pair, sizeof(pair));
    expect(&m, "pipe2([8, 9], 0) = 0");
    attach(&m, RN_ATT_FD, 0, &ends[0], sizeof(ends[0]));
    attach(&m, RN_ATT_FD, 0, &ends[1], sizeof(ends[1]));
    expect(&m, "pipe2([8<pipe:[77]>, 9<pipe:[77]>], 0) = 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opened, setup, teardown),
        cmocka_unit_test_setup_teardown(working_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(copied, setup, teardown),
        cmocka_unit_test_setup_teardown(pipes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
