/* SPDX-License-Identifier: MIT */
#include "libanalysis/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_creator_is_needed(void **state)
{
    struct rn_merge_options options = {.keep_going = true};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_merge *merge;

    (void)state;
    assert_int_equal(rn_merge_new(&options, &merge, &err), RN_E_USAGE);
    assert_null(merge);
    assert_non_null(strstr(err.what, "creator"));
    options.creator = "test 1";
    assert_int_equal(rn_merge_new(&options, &merge, &err), RN_OK);
    assert_int_equal(rn_merge_count(merge), 0);
    rn_merge_free(merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_creator_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
