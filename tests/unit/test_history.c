/* SPDX-License-Identifier: MIT */
#include "formats/event.h"
#include "libanalysis/fit/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rn_run_series series[2] = {
    {.operation = (char *)"op", .isa = (char *)"", .backend = RN_BACKEND_SCALAR},
    {.operation = (char *)"op", .isa = (char *)"avx2", .backend = RN_BACKEND_SIMD}};
static struct rn_run_sample samples[6];
static struct rn_run_aggregate aggregate = {
    .series = 1,
    .sum = {.size_bin = 5,
            .count = 3,
            .sum_ns = 30,
            .min_ns = 9,
            .max_ns = 11,
            .elements = 48,
            .buckets = 1,
            .bucket = {{.from_ns = 8, .to_ns = 16, .count = 3}}}};

static struct rn_run run_of(uint8_t uuid, uint64_t fingerprint)
{
    struct rn_run run = {.host = (char *)"here",
                         .command = (char *)"true",
                         .machine = {.cpu = (char *)"CPU",
                                     .cpu_flags = (char *)"fpu",
                                     .gpu = (char *)"",
                                     .gpu_driver = (char *)"",
                                     .cpu_fingerprint = fingerprint,
                                     .fingerprint = fingerprint},
                         .recorded_ns = uuid,
                         .series = series,
                         .series_count = 2,
                         .samples = samples,
                         .sample_count = 6,
                         .aggregates = &aggregate,
                         .aggregate_count = 1};

    memset(run.uuid, uuid, sizeof run.uuid);
    for (unsigned i = 0; i < 6; i++)
        samples[i] = (struct rn_run_sample){
            .series = i % 2, .elements = 16 + i / 2, .start_ns = i, .duration_ns = 100 + i};
    return run;
}

static struct rn_history *open_history(const char *path)
{
    struct rn_history *history;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_history_open(path, true, &history, &err) != RN_OK)
        fail_msg("%s", err.what);
    return history;
}

static enum rn_history_result add(struct rn_history *history, const struct rn_run *run)
{
    enum rn_history_result result;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_history_add(history, run, &result, &err) != RN_OK)
        fail_msg("%s", err.what);
    return result;
}

static struct rn_history_machine only_machine(struct rn_history *history, size_t wanted)
{
    struct rn_history_machine *machines, first = {.id = 0};
    size_t count;

    assert_int_equal(rn_history_machines(history, &machines, &count, NULL), RN_OK);
    assert_int_equal(count, wanted);
    if (count) {
        first = machines[0];
        first.cpu = first.gpu = NULL;
    }
    rn_history_machines_free(machines, count);
    return first;
}

static void a_run_is_added_once(void **unused)
{
    struct rn_history *history = open_history(NULL);
    struct rn_run run = run_of(1, 7), more = run_of(2, 7);

    (void)unused;
    only_machine(history, 0);
    assert_int_equal(add(history, &run), RN_HISTORY_ADDED);
    assert_int_equal(add(history, &run), RN_HISTORY_KNOWN);
    assert_int_equal(add(history, &more), RN_HISTORY_ADDED);
    assert_int_equal(only_machine(history, 1).runs, 2);
    assert_int_equal(only_machine(history, 1).samples, 14);
    rn_history_free(history);
}

/* The recording of a run that was added too early. */
static void the_longer_one_stays(void **unused)
{
    struct rn_history *history = open_history(NULL);
    struct rn_run run = run_of(1, 7);

    (void)unused;
    run.sample_count = 4;
    assert_int_equal(add(history, &run), RN_HISTORY_ADDED);
    run.sample_count = 6;
    assert_int_equal(add(history, &run), RN_HISTORY_REPLACED);
    assert_int_equal(only_machine(history, 1).samples, 7);
    run.sample_count = 4;
    assert_int_equal(add(history, &run), RN_HISTORY_KNOWN);
    assert_int_equal(only_machine(history, 1).samples, 7);
    rn_history_free(history);
}

static void a_fit_is_filled(void **unused)
{
    struct rn_history *history = open_history(NULL);
    struct rn_run run = run_of(1, 7), other = run_of(2, 8);
    struct rn_fit *fit = rn_fit_new(NULL);
    int64_t machine;

    (void)unused;
    add(history, &run);
    machine = only_machine(history, 1).id;
    add(history, &other);
    assert_int_equal(rn_history_fill(history, machine, NULL, fit, NULL), RN_OK);
    assert_int_equal(rn_fit_run(fit, NULL), RN_OK);
    assert_int_equal(fit->series_count, 2);
    assert_int_equal(fit->runs, 1);
    assert_int_equal(fit->series[0].samples, 3);
    assert_string_equal(fit->series[1].isa, "avx2");
    assert_int_equal(fit->series[1].aggregated, 3);
    rn_fit_free(fit);
    fit = rn_fit_new(NULL);
    assert_int_equal(rn_history_fill(history, machine, "none", fit, NULL), RN_OK);
    assert_int_equal(fit->series_count, 0);
    rn_fit_free(fit);
    rn_history_free(history);
}

static void other_files_are_refused(void **unused)
{
    char path[] = "/tmp/test-history-XXXXXX";
    int fd = mkstemp(path);
    struct rn_history *history;
    struct rn_error err = RN_ERROR_INIT;

    (void)unused;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "this is no database, but long enough", 36), 36);
    close(fd);
    assert_int_equal(rn_history_open(path, true, &history, &err), RN_E_FORMAT);
    assert_null(history);
    unlink(path);
    assert_int_not_equal(rn_history_open(path, false, &history, &err), RN_OK);
    history = open_history(path);
    rn_history_free(history);
    assert_int_equal(rn_history_open(path, false, &history, &err), RN_OK);
    rn_history_free(history);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_added_once),
        cmocka_unit_test(the_longer_one_stays),
        cmocka_unit_test(a_fit_is_filled),
        cmocka_unit_test(other_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
