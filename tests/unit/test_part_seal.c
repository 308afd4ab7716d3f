/* SPDX-License-Identifier: MIT */
/* Sealing what a recorder left behind, and directories that are in the way. */
#include "left_behind.h"

#include "formats/writer.h"

#include <sys/wait.h>

static void seal_part(void)
{
    char *sealed;

    assert_ok(rn_part_seal(part, &sealed, &err));
    assert_string_equal(sealed, path);
    free(sealed);
    assert_int_equal(access(part, F_OK), -1);
}

static void sealing_appends_what_the_rings_hold(void **state)
{
    const struct rn_index *index;
    struct rn_reader *reader;

    (void)state;
    leave_behind();
    seal_part();
    reader = open_reader(path);
    assert_true(rn_reader_sealed(reader));
    expect_numbers(reader, 0, 75);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    index = rn_reader_index(reader);
    assert_int_equal(index->member_count, 2);
    assert_int_equal(index->members[1].events, 26);
    assert_true(index->members[1].segment_start);
    assert_true(index->lost == UINT64_MAX);
    assert_ok(rn_reader_seek(reader, UINT64_MAX, &err));
    expect_numbers(reader, 50, 75);
    rn_reader_free(reader);
}

static void sealing_cuts_a_half_member(void **state)
{
    struct rn_reader *reader;
    FILE *file;

    (void)state;
    leave_behind();
    file = fopen(archive_path, "a");
    fprintf(file, "events/000001.rnc");
    fclose(file);
    seal_part();
    reader = open_reader(path);
    expect_numbers(reader, 0, 75);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    rn_reader_free(reader);
}

/* A flight recorder dies; or dies while it seals, when a segment has been appended already. */
static void segments_are_read_once(void **state)
{
    struct rn_writer_options options = {.keep_last = 10u << 20, .segment_bytes = 1};
    struct rn_writer *writer = new_writer(path, &options);
    char command[600];
    struct rn_reader *reader;

    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        add_events(writer, i * 10, i * 10 + 10);
        assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    rn_writer_free(writer);
    for (unsigned round = 0; round < 2; round++) {
        reader = open_reader(part);
        expect_numbers(reader, 0, 120);
        expect_loss(reader, RN_LOSS_KILLED, 0);
        expect_end(reader);
        rn_reader_free(reader);
        snprintf(command, sizeof command, "cat '%s/seg.1' '%s/seg.2' >>'%s'", part, part,
                 archive_path);
        if (round == 0)
            assert_int_equal(system(command), 0);
    }
    seal_part();
    reader = open_reader(path);
    expect_numbers(reader, 0, 120);
    expect_loss(reader, RN_LOSS_KILLED, 0);
    expect_end(reader);
    assert_int_equal(rn_reader_index(reader)->member_count, 13);
    assert_ok(rn_reader_seek(reader, 5000 + 1050, &err));
    expect_numbers(reader, 100, 110);
    rn_reader_free(reader);
}

static void stale_directory_is_replaced_only_if_empty(void **state)
{
    struct rn_manifest manifest = test_manifest();
    struct rn_writer *writer = new_writer(path, NULL);

    (void)state;
    rn_writer_free(writer);
    writer = new_writer(path, NULL);
    ring_numbers(0, 1);
    write_rings();
    rn_writer_free(writer);
    assert_status(rn_writer_new(path, &manifest, NULL, &writer, &err), RN_E_USAGE);
    assert_non_null(strstr(err.what, "rn-info --seal"));
    assert_int_equal(access(rings_path, F_OK), 0);
    unlink(rings_path);
    writer = new_writer(path, NULL);
    add_events(writer, 0, 1);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    rn_writer_free(writer);
    assert_status(rn_writer_new(path, &manifest, NULL, &writer, &err), RN_E_USAGE);
    rn_manifest_clear(&manifest);
}

/* As a child does that its killed recorder had just made. */
static void lock_of_a_dying_process_is_waited_for(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    pid_t child;

    (void)state;
    add_events(writer, 0, 1);
    assert_ok(rn_writer_commit(writer, NULL, &err));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        usleep(20000);
        _exit(0);
    }
    rn_writer_free(writer);
    seal_part();
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void missing_archive_is_explained(void **state)
{
    struct rn_reader *reader;

    (void)state;
    assert_status(rn_reader_open(path, &reader, &err), RN_E_SYSTEM);
    rn_writer_free(new_writer(path, NULL));
    assert_status(rn_reader_open(path, &reader, &err), RN_E_USAGE);
    assert_non_null(strstr(err.what, "rn-info --seal"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sealing_appends_what_the_rings_hold),
        CASE(sealing_cuts_a_half_member),
        CASE(segments_are_read_once),
        CASE(stale_directory_is_replaced_only_if_empty),
        CASE(lock_of_a_dying_process_is_waited_for),
        CASE(missing_archive_is_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
