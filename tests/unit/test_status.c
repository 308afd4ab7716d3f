/* SPDX-License-Identifier: MIT */
#include "formats/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void text_names_place_and_cause(void **state)
{
    struct rn_error err = RN_ERROR_INIT;
    char text[256];

    (void)state;
    errno = ENOSPC;
    assert_int_equal(rn_fail(&err, RN_E_SYSTEM, "cannot write %d bytes", 7), RN_E_SYSTEM);
    assert_int_equal(rn_fail_at(&err, "a.rna", 12), RN_E_SYSTEM);
    assert_string_equal(rn_error_text(&err, text, sizeof text),
                        "a.rna: offset 12: cannot write 7 bytes: No space left on device");
}

static void deeper_place_is_kept(void **state)
{
    struct rn_error err = RN_ERROR_INIT;
    char text[256];

    (void)state;
    errno = ENOENT;
    assert_int_equal(rn_fail(&err, RN_E_FORMAT, "bad"), RN_E_FORMAT);
    assert_int_equal(rn_fail_in(&err, "inner"), RN_E_FORMAT);
    assert_int_equal(rn_fail_at(&err, "outer", 5), RN_E_FORMAT);
    assert_string_equal(rn_error_text(&err, text, sizeof text), "inner: bad");
}

static void second_failure_forgets_the_first(void **state)
{
    struct rn_error err = RN_ERROR_INIT;
    char text[256];

    (void)state;
    errno = ENOENT;
    rn_fail(&err, RN_E_SYSTEM, "first");
    rn_fail_at(&err, "old", 1);
    rn_fail(&err, RN_E_LIMIT, "second");
    assert_string_equal(rn_error_text(&err, text, sizeof text), "second");
}

static void no_error_struct_is_fine(void **state)
{
    (void)state;
    assert_int_equal(rn_fail(NULL, RN_E_NOMEM, "x"), RN_E_NOMEM);
    assert_int_not_equal(rn_fail_in(NULL, "f"), RN_OK);
    assert_int_not_equal(rn_fail_at(NULL, "f", 1), RN_OK);
}

static void control_characters_never_reach_a_terminal(void **state)
{
    struct rn_error err = RN_ERROR_INIT;
    char text[256], small[5];

    (void)state;
    rn_fail(&err, RN_E_FORMAT, "a\x1b[1m\nb\xc2\x9b\xc3\xa9");
    assert_string_equal(rn_error_text(&err, text, sizeof text), "a?[1m?b??\xc3\xa9");
    assert_string_equal(rn_error_text(&err, small, sizeof small), "a?[1");
}

static void long_texts_are_cut(void **state)
{
    struct rn_error err = RN_ERROR_INIT;
    char name[2000];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    rn_fail(&err, RN_E_FORMAT, "%s", name);
    rn_fail_in(&err, name);
    assert_int_equal(strlen(err.what), sizeof err.what - 1);
    assert_int_equal(strlen(err.file), sizeof err.file - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_names_place_and_cause),
        cmocka_unit_test(deeper_place_is_kept),
        cmocka_unit_test(second_failure_forgets_the_first),
        cmocka_unit_test(no_error_struct_is_fine),
        cmocka_unit_test(control_characters_never_reach_a_terminal),
        cmocka_unit_test(long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
