/* SPDX-License-Identifier: MIT */
/* What is gathered of a process. */
#include "capture/process_facts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char name[] = "RN_TEST_FACT";
static char *const names[] = {name, NULL};

static struct rn_process_facts *facts_of_this_process(void)
{
    struct rn_process_facts *facts = calloc(1, sizeof(*facts));

    assert_non_null(facts);
    rn_process_facts_read(getpid(), names, facts);
    return facts;
}

static void test_facts(void **state)
{
    struct rn_process_facts *facts = facts_of_this_process();
    char directory[4096];

    (void)state;
    assert_int_equal(facts->process.pid, getpid());
    assert_int_equal(facts->process.parent_pid, getppid());
    assert_int_equal(facts->process.euid, geteuid());
    assert_non_null(getcwd(directory, sizeof(directory)));
    assert_string_equal(facts->cwd, directory);
    assert_int_equal(facts->cwd_size, strlen(directory));
    assert_true(facts->argv_size > 0 && !facts->argv_cut);
    assert_true(facts->has_limits);
    free(facts);
}

struct tally {
    unsigned count;
    bool first, second;
    int pipe[2];
};

static void tally_descriptor(void *context, const struct rn_descriptor *descriptor,
                             const char *path, size_t length)
{
    struct tally *tally = context;

    tally->count++;
    if ((int)descriptor->fd != tally->pipe[0] && (int)descriptor->fd != tally->pipe[1])
        return;
    assert_true(length > 5 && memcmp(path, "pipe:", 5) == 0);
    tally->first |= (int)descriptor->fd == tally->pipe[0];
    tally->second |= (int)descriptor->fd == tally->pipe[1];
}

static void test_descriptors(void **state)
{
    struct rn_buf list = RN_BUF_INIT;
    struct tally tally = {.count = 0};

    (void)state;
    assert_int_equal(pipe(tally.pipe), 0);
    for (int i = 0; i < 2; i++) { /* the second takes the place of the first */
        tally.count = 0;
        rn_descriptor_list_read(getpid(), i == 0, &list);
        rn_descriptor_list_each(&list, tally_descriptor, &tally);
        assert_true(tally.first && tally.second && tally.count >= 2);
    }
    close(tally.pipe[0]);
    close(tally.pipe[1]);
    rn_buf_free(&list);
}

#define OPENED 5

struct chosen {
    int fds[OPENED];
    struct rn_descriptor found[OPENED];
};

static void choose(void *context, const struct rn_descriptor *descriptor, const char *path,
                   size_t length)
{
    struct chosen *chosen = context;
    uint64_t flags = UINT64_MAX;

#ifndef __x86_64__ /* qemu-user gives /proc's flags as they are on the machine that it runs on */
    flags = O_ACCMODE | O_NONBLOCK | O_APPEND;
#endif
    (void)path;
    (void)length;
    for (int i = 0; i < OPENED; i++) {
        if (descriptor->fd != (uint64_t)chosen->fds[i])
            continue;
        chosen->found[i] = *descriptor;
        chosen->found[i].flags &= flags;
    }
}

/* After an exec the flags come from elsewhere. */
static void test_two_ways(void **state)
{
    struct rn_buf list = RN_BUF_INIT;
    struct chosen chosen[2];
    int fds[OPENED];

    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    fds[2] = open("/dev/null", O_WRONLY | O_APPEND);
    fds[3] = open("/dev/zero", O_RDWR);
    fds[4] = open("/proc/self/stat", O_RDONLY);
    assert_int_equal(lseek(fds[4], 3, SEEK_SET), 3);
    for (int i = 0; i < 2; i++) {
        memset(&chosen[i], 0, sizeof(chosen[i]));
        memcpy(chosen[i].fds, fds, sizeof(fds));
        rn_descriptor_list_read(getpid(), i == 1, &list);
        rn_descriptor_list_each(&list, choose, &chosen[i]);
        assert_int_equal(chosen[i].found[4].offset, 3);
    }
    assert_memory_equal(&chosen[0], &chosen[1], sizeof(chosen[0]));
    assert_int_equal(chosen[1].found[1].flags & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    assert_int_equal(chosen[1].found[2].flags & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    for (int i = 0; i < OPENED; i++)
        close(fds[i]);
    rn_buf_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_two_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
