/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/temporary.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void is_there_and_has_no_name(void **state)
{
    struct stat in, of;
    char read_back[4];
    int fd;

    (void)state;
    setenv("TMPDIR", directory, 1);
    assert_string_equal(rn_temporary_directory(), directory);
    assert_ok(rn_temporary_file(&fd, &err));
    assert_int_equal(write(fd, "text", 4), 4);
    assert_int_equal(pread(fd, read_back, 4, 0), 4);
    assert_memory_equal(read_back, "text", 4);
    assert_int_equal(fstat(fd, &of), 0);
    assert_int_equal(stat(directory, &in), 0);
    assert_int_equal(of.st_dev, in.st_dev);
    assert_int_equal(of.st_nlink, 0);
    assert_int_equal(of.st_mode & 0777, 0600);
    assert_int_equal(entries(), 0);
    close(fd);
}

static void failure_names_the_directory(void **state)
{
    int fd;

    (void)state;
    setenv("TMPDIR", "/nonexistent/place", 1);
    assert_status(rn_temporary_file(&fd, &err), RN_E_SYSTEM);
    assert_string_equal(err.file, "/nonexistent/place");
    err = (struct rn_error)RN_ERROR_INIT;
    setenv("TMPDIR", "", 1);
    assert_string_equal(rn_temporary_directory(), "/tmp");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(is_there_and_has_no_name),
        CASE(failure_names_the_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
