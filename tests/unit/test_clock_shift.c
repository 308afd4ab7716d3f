/* SPDX-License-Identifier: MIT */
#include "libanalysis/clock_shift.h"

#include "formats/reader_join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_effects_follow_causes(void **state)
{
    struct rn_clock_shifts a = {.list = NULL}, b = {.list = NULL};

    (void)state;
    assert_true(rn_clock_shifts_message(&a, &b, 100, 150)); /* fine */
    assert_int_equal(b.count, 0);
    assert_true(rn_clock_shifts_message(&a, &b, 300, 250)); /* 50 too early */
    assert_true(rn_clock_shifts_message(&a, &b, 400, 360)); /* fine by now: 410 */
    assert_true(rn_clock_shifts_message(&b, &a, 370, 390)); /* 420 against 390 */
    assert_int_equal(b.count, 1);
    assert_int_equal(b.list[0].at, 250);
    assert_int_equal(b.list[0].sum, 50);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.list[0].at, 390);
    assert_int_equal(a.list[0].sum, 30);
    rn_clock_shifts_clear(&a);
    rn_clock_shifts_clear(&b);
}

static void test_pieces(void **state)
{
    struct rn_clock_shifts shifts = {.list = NULL}, none = {.list = NULL};
    struct rn_manifest_source source = {.piece_count = 2};

    (void)state;
    source.pieces = calloc(2, sizeof *source.pieces);
    source.pieces[0] = (struct rn_clock_piece){1000, 50000, 2.0, 7};
    source.pieces[1] = (struct rn_clock_piece){2000, 60000, 2.0, 7};
    assert_true(rn_clock_shifts_message(&none, &shifts, 51100, 51000)); /* at raw 1500 */
    assert_true(rn_clock_shifts_message(&none, &shifts, 62500, 62000)); /* at raw 3000 */
    assert_int_equal(rn_clock_shifts_apply(&shifts, &source, NULL), RN_OK);
    assert_int_equal(source.piece_count, 4);
    assert_int_equal(rn_clock_pieces_map(&source, 1400), 50800);
    assert_int_equal(rn_clock_pieces_map(&source, 1500), 51100);
    assert_int_equal(rn_clock_pieces_map(&source, 2500), 61100);
    assert_int_equal(rn_clock_pieces_map(&source, 3000), 62500);
    assert_int_equal(source.pieces[3].error_ns, 507);
    for (size_t i = 1; i < source.piece_count; i++)
        assert_true(source.pieces[i].raw > source.pieces[i - 1].raw);
    free(source.pieces);
    rn_clock_shifts_clear(&shifts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effects_follow_causes),
        cmocka_unit_test(test_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
