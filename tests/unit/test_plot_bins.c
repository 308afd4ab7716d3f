/* SPDX-License-Identifier: MIT */
#include "libanalysis/plot_private.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static double sum_of(const struct plot_bins *bins, unsigned lane)
{
    double sum = 0;

    for (unsigned i = 0; i < bins->capacity; i++)
        sum += plot_bins_get(bins, lane, i);
    return sum;
}

static void assert_near(double got, double want)
{
    if (fabs(got - want) > 1e-6 * (1 + fabs(want)))
        fail_msg("%.9g is not %.9g", got, want);
}

/* Against the plain way: each nanosecond of an interval for itself. */
static void as_counted(void **state)
{
    enum { NS = 4096, INTERVALS = 300 };
    static double plain[NS];
    struct plot_bins bins;
    uint64_t random = 1;
    double total = 0;

    (void)state;
    assert_true(plot_bins_init(&bins, 64, 2));
    for (unsigned i = 0; i < INTERVALS; i++) {
        uint64_t start, length;

        random = random * 6364136223846793005u + 1442695040888963407u;
        start = (random >> 33) % (NS - 512);
        length = (random >> 20) % 512;
        for (uint64_t ns = start; ns < start + length; ns++)
            plain[ns] += 1;
        plot_bins_add(&bins, 1, start, start + length, (double)length);
        total += (double)length;
    }
    plot_bins_settle(&bins);
    assert_int_equal(bins.width_ns, 64);
    for (unsigned i = 0; i < 64; i++) {
        double want = 0;

        for (unsigned ns = 64 * i; ns < 64 * (i + 1); ns++)
            want += plain[ns];
        assert_near(plot_bins_get(&bins, 1, i), want);
        assert_near(plot_bins_get(&bins, 0, i), 0);
    }
    assert_near(sum_of(&bins, 1), total);
    plot_bins_free(&bins);
}

static void points_and_what_lies_outside(void **state)
{
    struct plot_bins bins;

    (void)state;
    assert_true(plot_bins_init(&bins, 16, 1));
    bins.origin_ns = 1000;
    bins.limit_ns = 2000;
    plot_bins_add(&bins, 0, 1000, 1000, 1);
    plot_bins_add(&bins, 0, 900, 1100, 10);   /* half of it is inside */
    plot_bins_add(&bins, 0, 1900, 2300, 100); /* a quarter */
    plot_bins_add(&bins, 0, 100, 200, 1000);
    plot_bins_add(&bins, 0, 3000, UINT64_MAX, 1000);
    plot_bins_add(&bins, 0, 1500, 1400, 7); /* ends before it begins: a point */
    assert_int_equal(plot_bins_finish(&bins, 2000, 16), 16);
    assert_near(sum_of(&bins, 0), 1 + 5 + 25 + 7);
    assert_int_equal(plot_bins_begin(&bins, 0), 1000);
    assert_int_equal(plot_bins_end(&bins, 15), 2000);
    plot_bins_free(&bins);
}

/* A rest of less than half a bin goes to the one before it, whose end then is that of all. */
static void rest_at_the_end(void **state)
{
    struct plot_bins bins;

    (void)state;
    assert_true(plot_bins_init(&bins, 8, 1));
    for (uint64_t ns = 0; ns < 65; ns++)
        plot_bins_add(&bins, 0, ns, ns, 1);
    assert_int_equal(bins.width_ns, 16);
    assert_int_equal(plot_bins_finish(&bins, 65, 8), 4);
    assert_near(plot_bins_get(&bins, 0, 3), 17);
    assert_near(sum_of(&bins, 0), 65);
    assert_int_equal(plot_bins_end(&bins, 2), 48);
    assert_int_equal(plot_bins_end(&bins, 3), 65);
    assert_near(plot_bins_seconds(&bins, 3) * 1e9, 17);
    plot_bins_free(&bins);
}

static void merged(void **state)
{
    struct plot_bins a, b;

    (void)state;
    assert_true(plot_bins_init(&a, 8, 1) && plot_bins_init(&b, 8, 1));
    plot_bins_add(&a, 0, 0, 8, 8);
    plot_bins_add(&b, 0, 0, 1000, 1000);
    plot_bins_merge(&a, &b);
    assert_int_equal(a.width_ns, b.width_ns);
    assert_near(sum_of(&a, 0), 1008);
    assert_near(plot_bins_get(&a, 0, 0), 8 + (double)a.width_ns);
    plot_bins_free(&a);
    plot_bins_free(&b);
}

/* Bins of durations begin where the ones before them end, and hold what lies in between. */
static void durations(void **state)
{
    (void)state;
    assert_int_equal(plot_duration_bin(0), 0);
    assert_int_equal(plot_duration_bin(3), 0);
    assert_int_equal(plot_duration_bin(4), 1);
    for (unsigned bin = 1; bin + 1 < PLOT_DURATIONS - 8; bin++) {
        uint64_t low = (uint64_t)plot_duration_low(bin);
        uint64_t next = (uint64_t)plot_duration_low(bin + 1);

        assert_true(next > low && (double)next < 1.26 * (double)low);
        assert_int_equal(plot_duration_bin(low), bin);
        assert_int_equal(plot_duration_bin(next - 1), bin);
    }
    assert_true(plot_duration_bin(UINT64_MAX) < PLOT_DURATIONS);
}

static void assert_text(const char *text, size_t limit, const char *want)
{
    struct rn_buf out = RN_BUF_INIT;

    rn_plot_text(&out, text, limit);
    rn_buf_byte(&out, '\0');
    assert_string_equal((const char *)out.data, want);
    rn_buf_free(&out);
}

static void texts(void **state)
{
    (void)state;
    assert_text("plain", 5, "plain");
    assert_text("longer", 5, "lo...");
    assert_text("a\"b\\c\nd", 99, "a\\x22b\\x5cc\\x0ad");
    assert_text("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", 4, "\xc3\xa4...");
    assert_text("\xff", 9, "\\xff");
    assert_text("", 0, "");
    assert_text("]]>]>>]]]>", 99, "]]\\x3e]>>]]]\\x3e");
    assert_text("&&#&#1;&#x1;", 99, "&&#&#1;\\x26#x1;");
    assert_text("\xef\xbf\xbe", 99, "\\xef\\xbf\\xbe");
}

static void categories(void **state)
{
    (void)state;
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 0), PLOT_FILES);        /* read */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 9), PLOT_MEMORY);       /* mmap */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 45), PLOT_NETWORK);     /* recvfrom */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 57), PLOT_PROCESSES);   /* fork */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 202), PLOT_WAITING);    /* futex */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 39), PLOT_OTHER_CALLS); /* getpid */
    assert_int_equal(plot_category_of_call(RN_ABI_X86_64, 999999), PLOT_OTHER_CALLS);
    assert_int_equal(plot_moves_bytes(RN_ABI_X86_64, 0), 1);
    assert_int_equal(plot_moves_bytes(RN_ABI_X86_64, 1), 2);
    assert_int_equal(plot_moves_bytes(RN_ABI_X86_64, 20), 2); /* writev */
    assert_int_equal(plot_moves_bytes(RN_ABI_X86_64, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_counted),      cmocka_unit_test(points_and_what_lies_outside),
        cmocka_unit_test(rest_at_the_end), cmocka_unit_test(merged),
        cmocka_unit_test(durations),       cmocka_unit_test(texts),
        cmocka_unit_test(categories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
