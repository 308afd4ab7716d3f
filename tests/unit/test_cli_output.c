/* SPDX-License-Identifier: MIT */
#include "cmd/cli.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int enter_directory(void **state)
{
    char *name = strdup("/tmp/rn-output-XXXXXX");
    *state = name;
    return mkdtemp(name) && chdir(name) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
    free(*state);
    return chdir("/") || system(command);
}

static unsigned files_here(void)
{
    FILE *list = popen("ls -A | wc -l", "r");
    unsigned count = 0;
    assert_int_equal(fscanf(list, "%u", &count), 1);
    pclose(list);
    return count;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void expect(const char *path, const char *text)
{
    char line[256] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';
    assert_string_equal(line, text);
}

/* Runs `cli_output_close` without its message on the test's standard error. */
static bool close_quietly(struct cli_output *output, struct rn_buf *buf)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    bool written = cli_output_close(output, buf);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    return written;
}

static void appears_when_whole(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;
    struct cli_output *output = cli_output_open("out");
    (void)state;
    rn_buf_text(&buf, "one ");
    assert_true(cli_output_write(output, &buf));
    assert_int_equal(buf.size, 0);
    assert_int_equal(access("out", F_OK), -1);
    rn_buf_text(&buf, "two");
    assert_true(cli_output_close(output, &buf));
    expect("out", "one two");
    assert_int_equal(files_here(), 1);
    rn_buf_free(&buf);
}

static void new_file_follows_umask(void **state)
{
    struct stat st;
    (void)state;
    mode_t old = umask(027);
    assert_true(cli_output_close(cli_output_open("out"), NULL));
    umask(old);
    assert_int_equal(stat("out", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void old_file_keeps_mode_and_link(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;
    struct stat st;
    (void)state;
    put("target", "old");
    assert_int_equal(chmod("target", 0604), 0);
    assert_int_equal(symlink("target", "link"), 0);
    struct cli_output *output = cli_output_open("link");
    rn_buf_text(&buf, "new");
    assert_true(cli_output_close(output, &buf));
    expect("target", "new");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat("target", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    rn_buf_free(&buf);
}

static void abandoned_leaves_old_file(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;
    (void)state;
    put("out", "old");
    struct cli_output *output = cli_output_open("out");
    rn_buf_text(&buf, "new");
    assert_true(cli_output_write(output, &buf));
    cli_output_abandon(output);
    cli_output_abandon(NULL);
    expect("out", "old");
    assert_int_equal(files_here(), 1);
    rn_buf_free(&buf);
}

static void full_device_is_told_at_close(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;
    struct stat st;
    (void)state;
    struct cli_output *output = cli_output_open("/dev/full");
    rn_buf_text(&buf, "text");
    assert_false(cli_output_write(output, &buf));
    rn_buf_text(&buf, "more");
    assert_false(cli_output_flush_some(output, &buf));
    assert_false(close_quietly(output, &buf));
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    rn_buf_free(&buf);
}

static void buffer_without_memory_is_a_failure(void **state)
{
    struct rn_buf buf = {.failed = true};
    (void)state;
    put("out", "old");
    assert_false(close_quietly(cli_output_open("out"), &buf));
    expect("out", "old");
    assert_int_equal(files_here(), 1);
}

static void waits_for_64_kib(void **state)
{
    struct rn_buf buf = RN_BUF_INIT;
    (void)state;
    struct cli_output *output = cli_output_open("out");
    rn_buf_text(&buf, "little");
    assert_true(cli_output_flush_some(output, &buf));
    assert_int_equal(buf.size, 6);
    while (buf.size < 65536)
        rn_buf_text(&buf, "more");
    assert_true(cli_output_flush_some(output, &buf));
    assert_int_equal(buf.size, 0);
    assert_true(cli_output_close(output, &buf));
    rn_buf_free(&buf);
}

static void signal_removes_temporary_file(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct cli_output *output = cli_output_open("out");
        raise(SIGTERM);
        _exit(output != NULL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(files_here(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)
    const struct CMUnitTest tests[] = {
        TEST(appears_when_whole),
        TEST(new_file_follows_umask),
        TEST(old_file_keeps_mode_and_link),
        TEST(abandoned_leaves_old_file),
        TEST(full_device_is_told_at_close),
        TEST(buffer_without_memory_is_a_failure),
        TEST(waits_for_64_kib),
        TEST(signal_removes_temporary_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
