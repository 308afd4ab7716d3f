/* SPDX-License-Identifier: MIT */
#include "formats/syscall_table.h"
#include "libanalysis/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct rn_sequence *sequence_of(const char *calls)
{
    struct rn_sequence *sequence = rn_sequence_new();
    struct rn_error err = RN_ERROR_INIT;

    assert_non_null(sequence);
    while (*calls) {
        size_t length = strcspn(calls, " ");
        bool failed = calls[0] == '!';
        int nr = rn_syscall_number(RN_ABI_X86_64, calls + failed, length - failed);
        struct rn_event event = {.kind = RN_KIND_SYSCALL, .u.syscall.nr = (uint64_t)nr};

        assert_true(nr >= 0);
        event.u.syscall.ret = failed ? (uint64_t)-2 : 0;
        assert_int_equal(rn_sequence_feed(sequence, &event, &err), RN_OK);
        calls += length;
        calls += strspn(calls, " ");
    }
    return sequence;
}

static struct rn_sequence_result compare(const char *left, const char *right)
{
    struct rn_sequence *a = sequence_of(left), *b = sequence_of(right);
    struct rn_sequence_result result;
    struct rn_error err = RN_ERROR_INIT;

    assert_int_equal(rn_sequence_compare(a, b, 0.05, &result, &err), RN_OK);
    rn_sequence_free(a);
    rn_sequence_free(b);
    return result;
}

static void test_folding(void **state)
{
    struct rn_sequence *sequence = sequence_of("openat mmap !open readv futex creat exit_group");

    (void)state;
    assert_int_equal(rn_sequence_length(sequence), 4);
    assert_string_equal(rn_sequence_call(sequence, 0), "open");
    assert_string_equal(rn_sequence_call(sequence, 1), "read");
    assert_string_equal(rn_sequence_call(sequence, 2), "open");
    assert_string_equal(rn_sequence_call(sequence, 3), "exit_group");
    assert_null(rn_sequence_call(sequence, 4));
    rn_sequence_free(sequence);
}

static void test_all_names_exist(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RN_SEQUENCE_CALLS; i++) {
        const char *name = rn_sequence_name(i);

        assert_true(rn_syscall_number(RN_ABI_X86_64, name, strlen(name)) >= 0);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(name, rn_sequence_name(j));
    }
    assert_null(rn_sequence_name(RN_SEQUENCE_CALLS));
}

static void test_distance(void **state)
{
    struct rn_sequence_result result = compare("open read write close", "open read write close");

    (void)state;
    assert_false(result.diverges);
    assert_int_equal(result.distance, 0);
    result = compare("open read write close", "open read read write close");
    assert_true(result.diverges);
    assert_int_equal(result.divergence, 2);
    assert_int_equal(result.distance, 1);
    assert_false(result.at_least);
    result = compare("open close", "");
    assert_int_equal(result.divergence, 0);
    assert_int_equal(result.distance, 2);
    result = compare("open read close write", "read open write close");
    assert_int_equal(result.distance, 4);
    result = compare("", "");
    assert_false(result.diverges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_all_names_exist),
        cmocka_unit_test(test_distance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
