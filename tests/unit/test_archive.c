/* SPDX-License-Identifier: MIT */
#include "formats/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static int fd;
static struct rn_error err;
static struct rn_buf data;

static int set_up(void **state)
{
    char path[] = "/tmp/rn-test-archive-XXXXXX";

    (void)state;
    fd = mkstemp(path);
    unlink(path);
    return fd >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rn_buf_free(&data);
    return close(fd);
}

static struct rn_archive_writer *new_writer(uint64_t offset)
{
    struct rn_archive_writer *writer;

    assert_int_equal(rn_archive_writer_new(fd, "test", offset, &writer, &err), RN_OK);
    return writer;
}

static struct rn_archive_reader *new_reader(void)
{
    struct rn_archive_reader *reader;

    lseek(fd, 0, SEEK_SET);
    assert_int_equal(rn_archive_reader_new(fd, "test", &reader, &err), RN_OK);
    return reader;
}

/* a (3 bytes), b (0), c (700); then the end blocks if wanted. */
static void write_three(bool finish)
{
    static const uint8_t bytes[700] = {1, 2, 3};
    struct rn_archive_writer *writer = new_writer(0);

    assert_int_equal(rn_archive_writer_add(writer, "a", "xyz", 3, 7, &err), RN_OK);
    assert_int_equal(rn_archive_writer_offset(writer), 1024);
    assert_int_equal(rn_archive_writer_add(writer, "b", NULL, 0, 7, &err), RN_OK);
    assert_int_equal(rn_archive_writer_add(writer, "c", bytes, sizeof bytes, 7, &err), RN_OK);
    assert_int_equal(rn_archive_writer_offset(writer), 3072);
    if (finish)
        assert_int_equal(rn_archive_writer_finish(writer, &err), RN_OK);
    rn_archive_writer_free(writer);
}

static void expect_member(struct rn_archive_reader *reader, const char *name, uint64_t offset,
                          uint64_t size)
{
    struct rn_archive_member member;

    assert_int_equal(rn_archive_reader_next(reader, &member, &err), RN_OK);
    assert_string_equal(member.name, name);
    assert_int_equal(member.offset, offset);
    assert_int_equal(member.data_offset, offset + 512);
    assert_int_equal(member.size, size);
    assert_int_equal(member.end, offset + 512 + (size + 511) / 512 * 512);
}

static void expect_end(struct rn_archive_reader *reader, bool saw_end)
{
    struct rn_archive_member member;

    assert_int_equal(rn_archive_reader_next(reader, &member, &err), RN_EOF);
    assert_int_equal(rn_archive_reader_next(reader, &member, &err), RN_EOF);
    assert_int_equal(rn_archive_reader_saw_end(reader), saw_end);
    assert_false(rn_archive_reader_cut(reader));
}

static void members_come_back(void **state)
{
    struct rn_archive_reader *reader;

    (void)state;
    write_three(true);
    assert_int_equal(lseek(fd, 0, SEEK_END), 4096);
    reader = new_reader();
    expect_member(reader, "a", 0, 3);
    assert_int_equal(rn_archive_reader_data(reader, 100, &data, &err), RN_OK);
    assert_int_equal(data.size, 3);
    assert_memory_equal(data.data, "xyz", 3);
    expect_member(reader, "b", 1024, 0);
    assert_int_equal(rn_archive_reader_data(reader, 100, &data, &err), RN_OK);
    assert_int_equal(data.size, 0);
    expect_member(reader, "c", 1536, 700);
    assert_int_equal(rn_archive_reader_data(reader, 699, &data, &err), RN_E_LIMIT);
    expect_end(reader, true);
    rn_archive_reader_free(reader);
}

static void missing_end_is_noticed(void **state)
{
    struct rn_archive_reader *reader;

    (void)state;
    write_three(false);
    reader = new_reader();
    expect_member(reader, "a", 0, 3);
    expect_member(reader, "b", 1024, 0);
    expect_member(reader, "c", 1536, 700);
    expect_end(reader, false);
    rn_archive_reader_free(reader);
}

static void empty_file_has_no_members(void **state)
{
    struct rn_archive_reader *reader = new_reader();

    (void)state;
    expect_end(reader, false);
    rn_archive_reader_free(reader);
}

/* Wherever the file ends, there is one error with an offset, or the end of a member. */
static void cuts_are_told(void **state)
{
    (void)state;
    write_three(false);
    for (off_t size = 3071; size >= 512; size--) {
        struct rn_archive_reader *reader;
        struct rn_archive_member member;
        enum rn_status status;
        unsigned whole = 0;

        assert_int_equal(ftruncate(fd, size), 0);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(rn_archive_reader_new(fd, "test", &reader, &err), RN_OK);
        while ((status = rn_archive_reader_next(reader, &member, &err)) == RN_OK) {
            status = rn_archive_reader_data(reader, RN_MEMBER_MAX, &data, &err);
            if (status != RN_OK)
                break;
            whole++;
        }
        /* Padding that is missing takes nothing away. */
        assert_in_range(whole, size >= 2748 ? 3u : size >= 1536 ? 2u : size >= 515 ? 1u : 0u, 3);
        if (status == RN_E_FORMAT) {
            assert_true(err.has_offset && err.offset < (uint64_t)size + 1);
            assert_true(rn_archive_reader_cut(reader));
        } else {
            assert_int_equal(status, RN_EOF);
        }
        assert_int_equal(rn_archive_reader_next(reader, &member, &err), RN_EOF);
        rn_archive_reader_free(reader);
    }
}

static void damaged_header_is_passed(void **state)
{
    struct rn_archive_reader *reader;
    struct rn_archive_member member;

    (void)state;
    write_three(true);
    assert_int_equal(pwrite(fd, "Z", 1, 1024 + 20), 1);
    reader = new_reader();
    expect_member(reader, "a", 0, 3);
    assert_int_equal(rn_archive_reader_next(reader, &member, &err), RN_E_FORMAT);
    assert_true(err.has_offset);
    assert_int_equal(err.offset, 1024);
    expect_member(reader, "c", 1536, 700);
    rn_archive_reader_free(reader);
}

static void seeks_to_a_member(void **state)
{
    struct rn_archive_reader *reader;

    (void)state;
    write_three(true);
    reader = new_reader();
    assert_int_equal(rn_archive_reader_seek(reader, 1536, &err), RN_OK);
    expect_member(reader, "c", 1536, 700);
    assert_int_equal(rn_archive_reader_seek(reader, 0, &err), RN_OK);
    expect_member(reader, "a", 0, 3);
    rn_archive_reader_free(reader);
}

static void last_text_member_is_found(void **state)
{
    static char text[3000];
    struct rn_archive_writer *writer;
    uint64_t offset = 0;

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t size = 1; size < sizeof text; size += 37) {
        assert_int_equal(ftruncate(fd, 0), 0);
        lseek(fd, 0, SEEK_SET);
        write_three(false);
        writer = new_writer(3072);
        assert_int_equal(rn_archive_writer_add(writer, "index", text, size, 7, &err), RN_OK);
        assert_false(rn_archive_find_last(fd, "index", &offset));
        assert_int_equal(rn_archive_writer_finish(writer, &err), RN_OK);
        rn_archive_writer_free(writer);
        assert_true(rn_archive_find_last(fd, "index", &offset));
        assert_int_equal(offset, 3072);
        assert_false(rn_archive_find_last(fd, "other", &offset));
    }
}

/* A write that does not fit leaves whole members only, and the next one can succeed. */
static void failed_write_is_taken_back(void **state)
{
    static const uint8_t bytes[100000];
    struct rlimit before, low = {.rlim_cur = 20000, .rlim_max = RLIM_INFINITY};
    struct rn_archive_reader *reader;
    struct rn_archive_writer *writer = new_writer(0);

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    low.rlim_max = before.rlim_max;
    assert_int_equal(rn_archive_writer_add(writer, "a", "xyz", 3, 7, &err), RN_OK);
    setrlimit(RLIMIT_FSIZE, &low);
    assert_int_equal(rn_archive_writer_add(writer, "big", bytes, sizeof bytes, 7, &err),
                     RN_E_SYSTEM);
    assert_int_equal(err.sys_errno, EFBIG);
    assert_int_equal(lseek(fd, 0, SEEK_END), 1024);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(rn_archive_writer_add(writer, "c", "xyz", 3, 7, &err), RN_OK);
    assert_int_equal(rn_archive_writer_cut(writer, 1024, &err), RN_OK);
    assert_int_equal(rn_archive_writer_add(writer, "d", "xyz", 3, 7, &err), RN_OK);
    rn_archive_writer_free(writer);
    reader = new_reader();
    expect_member(reader, "a", 0, 3);
    expect_member(reader, "d", 1024, 3);
    expect_end(reader, false);
    rn_archive_reader_free(reader);
}

static void oversized_member_is_refused(void **state)
{
    struct rn_archive_writer *writer = new_writer(0);

    (void)state;
    assert_int_equal(rn_archive_writer_add(writer, "a", "", RN_MEMBER_MAX + 1, 7, &err),
                     RN_E_LIMIT);
    rn_archive_writer_free(writer);
}

static void event_members_have_numbers(void **state)
{
    uint32_t number;

    (void)state;
    assert_true(rn_archive_event_number("events/000012.rnc", &number));
    assert_int_equal(number, 12);
    assert_true(rn_archive_event_number("events/1000000.rnc", &number));
    assert_int_equal(number, 1000000);
    assert_false(rn_archive_event_number("events/99999999999.rnc", &number));
    assert_false(rn_archive_event_number("events/1.txt", &number));
    assert_false(rn_archive_event_number("events/", &number));
    assert_false(rn_archive_event_number("env/uname", &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_end_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_file_has_no_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cuts_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_header_is_passed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(seeks_to_a_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_text_member_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_write_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(oversized_member_is_refused, set_up, tear_down),
        cmocka_unit_test(event_members_have_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
