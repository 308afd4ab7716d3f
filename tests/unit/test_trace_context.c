/* SPDX-License-Identifier: MIT */
#include "formats/trace_context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

static bool parse(const char *text, struct rn_trace_parent *parent)
{
    return rn_trace_parent_parse(text, strlen(text), parent);
}

static void traceparents_are_read(void **state)
{
    struct rn_trace_parent parent;

    (void)state;
    assert_true(parse(good, &parent));
    assert_true(parent.span_id == 0xb7ad6b7169203331u);
    assert_int_equal(parent.trace_id[0], 0x0a);
    assert_int_equal(parent.trace_id[15], 0x9c);
    assert_int_equal(parent.flags, RN_TRACE_FLAG_SAMPLED);
    /* Later versions: what is behind the flags is theirs. */
    assert_true(parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &parent));
    assert_true(parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-x", &parent));
    assert_int_equal(parent.flags, 0xff);
}

static void what_is_no_traceparent_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333A-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
        "00+0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c+b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331+01",
        "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    struct rn_trace_parent parent = {.span_id = 7};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(parse(bad[i], &parent));
    for (size_t length = 0; length < sizeof good - 1; length++)
        assert_false(rn_trace_parent_parse(good, length, &parent));
    assert_true(parent.span_id == 7 && parent.trace_id[0] == 0);
}

static void traceparents_come_back(void **state)
{
    struct rn_trace_parent parent;
    char text[RN_TRACE_PARENT_SIZE];

    (void)state;
    assert_true(parse(good, &parent));
    rn_trace_parent_format(&parent, text);
    assert_string_equal(text, good);
    parent.flags = 0xfe; /* what is not known is not passed on */
    rn_trace_parent_format(&parent, text);
    assert_string_equal(text + 53, "02");
}

static const char *fault(const char *text)
{
    return rn_trace_state_fault(text, strlen(text));
}

static void tracestates(void **state)
{
    static const char *const fine[] = {
        "a=1",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "fw529a3039@dt=FfAAA, tenant/x*-_@s=a b:c",
        "a=1, ,\t,b=2 ",
        "0a=~!",
    };
    static const char *const bad[] = {
        "",      ",",     " , ",    "a",          "a=",      "=a",   "A=1",
        "a b=1", "a=1=2", "a=\x01", "a=\xc3\xa9", "a=1,a=2", "a =1", "-a=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        assert_null(fault(fine[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(fault(bad[i]));
}

static void tracestates_have_limits(void **state)
{
    char text[RN_TRACE_STATE_MAX + 2] = "";
    size_t used = 0;

    (void)state;
    for (unsigned i = 0; i < RN_TRACE_STATE_MEMBERS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "k%u=v,", i);
    assert_null(fault(text));
    snprintf(text + used, sizeof text - used, "more=v");
    assert_non_null(fault(text));
    /* Keys and values of 256 bytes, and one more. */
    memset(text, 'a', 600);
    text[256] = '=';
    text[513] = '\0';
    assert_null(fault(text));
    text[513] = 'a';
    text[514] = '\0';
    assert_non_null(fault(text));
    text[0] = ',';
    text[256] = 'a';
    text[257] = '\0';
    strcat(text, "a=1");
    assert_non_null(fault(text));
    memset(text, ' ', sizeof text);
    memcpy(text, "a=1", 3);
    assert_non_null(rn_trace_state_fault(text, sizeof text));
    assert_null(rn_trace_state_fault(text, RN_TRACE_STATE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traceparents_are_read),
        cmocka_unit_test(what_is_no_traceparent_changes_nothing),
        cmocka_unit_test(traceparents_come_back),
        cmocka_unit_test(tracestates),
        cmocka_unit_test(tracestates_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
