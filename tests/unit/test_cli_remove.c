/* SPDX-License-Identifier: MIT */
#include "cmd/cli_remove.h"

#include "recording.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *name)
{
    char file[200];
    FILE *stream;

    snprintf(file, sizeof file, "%s/%s", directory, name);
    stream = fopen(file, "w");
    assert_non_null(stream);
    fclose(stream);
}

static const char *in(const char *name)
{
    static char file[200];

    snprintf(file, sizeof file, "%s/%s", directory, name);
    return file;
}

static void make(const char *name)
{
    assert_int_equal(mkdir(in(name), 0700), 0);
}

static bool is_there(const char *name)
{
    struct stat info;

    return lstat(in(name), &info) == 0;
}

/* A tree, with a link out of it to what must stay, and a directory that others use, too. */
static void fill(void)
{
    char name[20];

    put("file");
    put("kept");
    make("kept_directory");
    put("kept_directory/kept");
    make("tree");
    make("tree/inner");
    make("tree/inner/most");
    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "tree/inner/%u", i);
        put(name);
    }
    assert_int_equal(symlink("../kept_directory", in("tree/link")), 0);
    make("own");
    put("own/archive");
    make("shared");
    put("shared/archive");
    put("shared/kept");
}

static void tell(void)
{
    cli_remove_on_signal(in("file"), CLI_REMOVE_ONE);
    cli_remove_on_signal(in("kept"), CLI_REMOVE_ONE);
    cli_remove_on_signal(in("tree"), CLI_REMOVE_TREE);
    cli_remove_forget(in("kept"));
    cli_remove_on_signal(in("own"), CLI_REMOVE_ONE); /* in the place of "kept", before its file */
    cli_remove_on_signal(in("own/archive"), CLI_REMOVE_ONE);
    cli_remove_on_signal(in("shared/archive"), CLI_REMOVE_ONE);
    cli_remove_on_signal(in("shared"), CLI_REMOVE_ONE);
}

static void ends_by(pid_t child, int signo)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), signo);
}

static void removed(bool is)
{
    static const char *const names[] = {"file", "tree", "own", "shared/archive"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(is_there(names[i]), !is);
    assert_true(is_there("kept"));
    assert_true(is_there("kept_directory/kept"));
    assert_true(is_there("shared/kept"));
}

static void by_each_signal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t child;

        fill();
        if ((child = fork()) == 0) {
            /* A shell's background job begins with some of them ignored. */
            signal(signals[i], SIG_DFL);
            tell();
            raise(signals[i]);
            _exit(0);
        }
        ends_by(child, signals[i]);
        removed(true);
        remove_directory(state);
        make_directory(state);
    }
}

/* What is deferred is done at the last resume, and not before. */
static void deferred(void **state)
{
    pid_t child;

    (void)state;
    fill();
    if ((child = fork()) == 0) {
        tell();
        cli_remove_defer();
        cli_remove_defer();
        raise(SIGTERM);
        cli_remove_resume();
        if (!cli_remove_is_asked() || !is_there("tree/inner/299"))
            _exit(0);
        cli_remove_resume();
        _exit(0);
    }
    ends_by(child, SIGTERM);
    removed(true);
}

static void not_by_a_child(void **state)
{
    pid_t child;

    (void)state;
    fill();
    if ((child = fork()) == 0) {
        tell();
        if ((child = fork()) == 0) {
            raise(SIGTERM);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        _exit(is_there("file") && is_there("tree") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    removed(false);
}

static void now(void **state)
{
    (void)state;
    fill();
    cli_remove_on_signal(in("tree"), CLI_REMOVE_TREE);
    cli_remove_now(in("tree"));
    cli_remove_now(in("file")); /* it was not given */
    assert_false(is_there("tree"));
    assert_true(is_there("file"));
    assert_true(is_there("kept_directory/kept"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(by_each_signal),
        CASE(deferred),
        CASE(not_by_a_child),
        CASE(now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
