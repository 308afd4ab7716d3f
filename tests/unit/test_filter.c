/* SPDX-License-Identifier: MIT */
#include "formats/syscall_table.h"
#include "libanalysis/filter.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct rn_filter *parse(const char *const *expressions)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;

    assert_non_null(filter);
    for (; *expressions; expressions++) {
        if (rn_filter_add(filter, *expressions, &err) != RN_OK)
            fail_msg("%s: %s", *expressions, err.what);
    }
    return filter;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static struct rn_event call(const char *name, int64_t ret)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));

    assert_true(nr >= 0);
    return (struct rn_event){.kind = RN_KIND_SYSCALL,
                             .u.syscall = {.nr = (uint64_t)nr, .ret = (uint64_t)ret}};
}

static bool matches_call(const struct rn_filter *filter, const char *name)
{
    struct rn_event event = call(name, 0);

    return rn_filter_match(filter, &event);
}

static bool matches_signal(const struct rn_filter *filter, unsigned signo)
{
    struct rn_event event = {.kind = RN_KIND_SIGNAL, .u.signal.signo = signo};

    return rn_filter_match(filter, &event);
}

static bool matches_kind(const struct rn_filter *filter, uint8_t kind)
{
    struct rn_event event = {.kind = kind};

    return rn_filter_match(filter, &event);
}

static void test_empty_filter_selects_everything(void **state)
{
    struct rn_filter *filter = rn_filter_new();

    (void)state;
    assert_true(rn_filter_is_empty(filter));
    assert_true(matches_call(filter, "openat"));
    assert_true(matches_signal(filter, SIGCHLD));
    assert_true(matches_kind(filter, RN_KIND_LOSS));
    assert_false(matches_kind(filter, RN_KIND_STREAM));
    assert_true(rn_filter_match_place(filter, 1, 2, 3, 4));
    assert_true(rn_filter_match_syscall(filter, RN_ABI_X86_64, 70000, 0, false));
    rn_filter_free(filter);
}

static void test_names(void **state)
{
    struct rn_filter *filter = PARSE("trace=open,close");

    (void)state;
    assert_true(matches_call(filter, "open"));
    assert_true(matches_call(filter, "close"));
    assert_false(matches_call(filter, "openat"));
    assert_false(matches_signal(filter, SIGCHLD));
    assert_false(matches_kind(filter, RN_KIND_PROCESS));
    assert_false(rn_filter_match_syscall(filter, RN_ABI_X86_64, 70000, 0, false));
    assert_false(rn_filter_match_syscall(filter, RN_ABI_X86_64, 1000, 0, false));
    /* Calls may be in aggregates. */
    assert_int_equal(rn_filter_kinds(filter), 1u << RN_KIND_SYSCALL | 1u << RN_KIND_AGGREGATE);
    assert_false(rn_filter_is_empty(filter));
    rn_filter_free(filter);
}

static void test_names_hold_in_every_abi(void **state)
{
    struct rn_filter *filter = PARSE("close");
    int nr = rn_syscall_number(RN_ABI_I386, "close", 5);
    uint64_t bitmap[RN_FILTER_MAX_NR / 64];

    (void)state;
    assert_int_equal(nr, 6);
    assert_true(rn_filter_match_syscall(filter, RN_ABI_I386, 6, 0, false));
    assert_false(rn_filter_match_syscall(filter, RN_ABI_X86_64, 6, 0, false));
    rn_filter_syscalls(filter, RN_ABI_I386, bitmap);
    assert_int_equal(bitmap[0], 1u << 6);
    rn_filter_free(filter);
}

static void test_classes(void **state)
{
    struct rn_filter *bare = PARSE("file"), *percent = PARSE("%file"), *net = PARSE("%net");

    (void)state;
    assert_true(matches_call(bare, "openat"));
    assert_true(matches_call(percent, "openat"));
    assert_false(matches_call(percent, "read"));
    assert_true(matches_call(net, "connect"));
    assert_false(matches_call(net, "openat"));
    rn_filter_free(bare);
    rn_filter_free(percent);
    rn_filter_free(net);
}

static void test_a_word_that_is_call_and_class(void **state)
{
    struct rn_filter *name = PARSE("stat"), *class = PARSE("%stat"), *ipc = PARSE("ipc");

    (void)state;
    assert_true(matches_call(name, "stat"));
    assert_false(matches_call(name, "fstat"));
    assert_true(matches_call(class, "stat"));
    assert_true(matches_call(ipc, "semop"));
    rn_filter_free(name);
    rn_filter_free(class);
    rn_filter_free(ipc);
}

static void test_negation(void **state)
{
    struct rn_filter *one = PARSE("!futex"), *list = PARSE("trace=!open,close");
    struct rn_filter *later = PARSE("file,!openat"), *again = PARSE("!file", "openat");

    (void)state;
    assert_false(matches_call(one, "futex"));
    assert_true(matches_call(one, "read"));
    assert_true(matches_signal(one, SIGCHLD));
    assert_true(matches_kind(one, RN_KIND_PROCESS));
    assert_false(matches_call(list, "open"));
    assert_false(matches_call(list, "close"));
    assert_true(matches_call(list, "read"));
    assert_true(matches_call(later, "open"));
    assert_false(matches_call(later, "openat"));
    assert_false(matches_call(again, "open"));
    assert_true(matches_call(again, "openat"));
    rn_filter_free(one);
    rn_filter_free(list);
    rn_filter_free(later);
    rn_filter_free(again);
}

static void test_patterns(void **state)
{
    struct rn_filter *closed = PARSE("/^open/,read"), *strace = PARSE("/^open,/^clo[s]e$");
    struct rn_filter *away = PARSE("!/at$/");

    (void)state;
    assert_true(matches_call(closed, "openat2"));
    assert_true(matches_call(closed, "read"));
    assert_false(matches_call(closed, "mq_open"));
    assert_true(matches_call(strace, "open"));
    assert_true(matches_call(strace, "close"));
    assert_false(matches_call(strace, "close_range"));
    assert_false(matches_call(away, "openat"));
    assert_true(matches_call(away, "open"));
    rn_filter_free(closed);
    rn_filter_free(strace);
    rn_filter_free(away);
}

static void test_all_and_none(void **state)
{
    struct rn_filter *all = PARSE("all"), *none = PARSE("none");
    struct rn_filter *no_signals = PARSE("signal=none"), *some = PARSE("all,!read");

    (void)state;
    assert_true(matches_call(all, "read"));
    assert_true(matches_signal(all, SIGCHLD));
    assert_false(matches_call(none, "read"));
    assert_int_equal(rn_filter_kinds(none), 0);
    assert_true(matches_call(no_signals, "read"));
    assert_false(matches_signal(no_signals, SIGCHLD));
    assert_false(rn_filter_kinds(no_signals) & 1u << RN_KIND_SIGNAL);
    assert_false(matches_call(some, "read"));
    assert_true(matches_call(some, "write"));
    rn_filter_free(all);
    rn_filter_free(none);
    rn_filter_free(no_signals);
    rn_filter_free(some);
}

static void test_kinds(void **state)
{
    struct rn_filter *two = PARSE("kind=process,signal"), *mixed = PARSE("kind=signal,trace=read");
    struct rn_filter *without = PARSE("kind=!syscall"), *front = PARSE("!kind=syscall,signal");

    (void)state;
    assert_int_equal(rn_filter_kinds(two), 1u << RN_KIND_PROCESS | 1u << RN_KIND_SIGNAL);
    assert_true(matches_signal(mixed, SIGTERM));
    assert_true(matches_call(mixed, "read"));
    assert_false(matches_call(mixed, "write"));
    assert_false(matches_call(without, "write"));
    assert_true(matches_signal(without, SIGTERM));
    assert_false(matches_signal(front, SIGTERM));
    assert_true(matches_kind(front, RN_KIND_PROCESS));
    rn_filter_free(two);
    rn_filter_free(mixed);
    rn_filter_free(without);
    rn_filter_free(front);
}

static void test_signals(void **state)
{
    struct rn_filter *two = PARSE("openat,signal=SIGCHLD,TERM"), *number = PARSE("signal=9");
    struct rn_filter *without = PARSE("signal=!SIGCHLD");

    (void)state;
    assert_true(matches_call(two, "openat"));
    assert_false(matches_call(two, "open"));
    assert_true(matches_signal(two, SIGCHLD));
    assert_true(matches_signal(two, SIGTERM));
    assert_false(matches_signal(two, SIGKILL));
    assert_true(matches_signal(number, SIGKILL));
    assert_false(matches_call(number, "read"));
    assert_false(matches_signal(without, SIGCHLD));
    assert_true(matches_signal(without, SIGTERM));
    assert_true(matches_call(without, "read"));
    rn_filter_free(two);
    rn_filter_free(number);
    rn_filter_free(without);
}

static void test_status(void **state)
{
    struct rn_filter *failed = PARSE("failed"), *opens = PARSE("openat,failed");
    struct rn_filter *succeeded = PARSE("status=successful"), *not_failed = PARSE("!failed");
    struct rn_event good = call("openat", 3), bad = call("openat", -2), other = call("read", -2);

    (void)state;
    assert_false(rn_filter_match(failed, &good));
    assert_true(rn_filter_match(failed, &bad));
    assert_true(rn_filter_match(failed, &other));
    assert_false(matches_kind(failed, RN_KIND_PROCESS));
    assert_int_equal(rn_filter_kinds(failed), 1u << RN_KIND_SYSCALL | 1u << RN_KIND_API);
    assert_true(rn_filter_match(opens, &bad));
    assert_false(rn_filter_match(opens, &other));
    assert_true(rn_filter_match(succeeded, &good));
    assert_false(rn_filter_match(succeeded, &bad));
    assert_true(matches_kind(succeeded, RN_KIND_PROCESS));
    bad.flags = RN_EVENT_UNFINISHED;
    assert_true(rn_filter_match(not_failed, &bad));
    assert_false(rn_filter_match(succeeded, &bad));
    bad.kind = RN_KIND_INFLIGHT;
    assert_true(rn_filter_match(not_failed, &bad));
    rn_filter_free(failed);
    rn_filter_free(opens);
    rn_filter_free(succeeded);
    rn_filter_free(not_failed);
}

static void test_place(void **state)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;
    uint64_t from, to;

    (void)state;
    assert_int_equal(rn_filter_add_pid(filter, 10, &err), RN_OK);
    assert_int_equal(rn_filter_add_pid(filter, 20, &err), RN_OK);
    rn_filter_set_time(filter, 100, 200);
    rn_filter_set_min_duration(filter, 5);
    assert_true(rn_filter_by_thread(filter));
    assert_true(rn_filter_time(filter, &from, &to));
    assert_true(from == 100 && to == 200);
    assert_true(rn_filter_match_place(filter, 20, 1, 100, 5));
    assert_false(rn_filter_match_place(filter, 30, 1, 100, 5));
    assert_false(rn_filter_match_place(filter, 10, 1, 200, 5));
    assert_false(rn_filter_match_place(filter, 10, 1, 99, 5));
    assert_false(rn_filter_match_place(filter, 10, 1, 100, 4));
    assert_true(rn_filter_match_place(filter, 10, 1, 100, UINT64_MAX));
    assert_int_equal(rn_filter_add_tid(filter, 7, &err), RN_OK);
    assert_false(rn_filter_match_place(filter, 10, 1, 100, 5));
    assert_true(rn_filter_match_place(filter, 10, 7, 100, 5));
    rn_filter_free(filter);
}

static void test_one_kind(void **state)
{
    static const char *const cases[][2] = {
        {"sycall", "'sycall' is no kind of event; did you mean 'syscall'?"},
        {"", "'' is not one event kind"},
        {"!", "'!' is not one event kind"},
        {"syscall,signal", "'syscall,signal' is not one event kind"}};
    struct rn_filter *one = rn_filter_new(), *others = rn_filter_new();
    struct rn_filter *same = PARSE("kind=signal"), *but = PARSE("kind=!signal");
    struct rn_error err = RN_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rn_filter_add_kind(one, cases[i][0], &err), RN_E_USAGE);
        assert_string_equal(err.what, cases[i][1]);
    }
    assert_true(rn_filter_is_empty(one));
    assert_int_equal(rn_filter_add_kind(one, "signal", &err), RN_OK);
    assert_int_equal(rn_filter_add_kind(others, "!signal", &err), RN_OK);
    assert_true(rn_filter_kinds(one) == rn_filter_kinds(same));
    assert_true(rn_filter_kinds(others) == rn_filter_kinds(but));
    rn_filter_free(one);
    rn_filter_free(others);
    rn_filter_free(same);
    rn_filter_free(but);
}

static void test_errors_name_term_offset_and_suggestion(void **state)
{
    static const struct {
        const char *expression, *what;
    } cases[] = {
        {"read,opnat", "'opnat' at offset 5 is no system call or class; did you mean 'openat'?"},
        {"%fiel", "'%fiel' at offset 0 is no system call or class; did you mean 'file'?"},
        {"xyzzyxyzzy", "'xyzzyxyzzy' at offset 0 is no system call or class"},
        {"kind=sycall", "'sycall' at offset 5 is no kind of event; did you mean 'syscall'?"},
        {"kind=stream", "'stream' at offset 5 is no kind of event"},
        {"signal=SIGCHILD", "'SIGCHILD' at offset 7 is no signal; did you mean 'SIGCHLD'?"},
        {"signal=0", "'0' at offset 7 is no signal"},
        {"signal=65", "'65' at offset 7 is no signal"},
        {"status=faild", "'faild' at offset 7 is no status; did you mean 'failed'?"},
        {"colour=red", "'colour=' at offset 0 is no qualifier; there are trace=, kind=, signal=, "
                       "status=, kernel=, call=, direction= and api="},
        {"direction=to-devise",
         "'to-devise' at offset 10 is no direction of transfers; did you mean "
         "'to-device'?"},
        {"api=open-cl", "'open-cl' at offset 4 is no API; did you mean 'opencl'?"},
        {"kernel=", "a term is missing at offset 7"},
        {"", "a term is missing at offset 0"},
        {"read,,write", "a term is missing at offset 5"},
        {"read,", "a term is missing at offset 5"},
        {"!", "a term is missing at offset 1"},
        {"//", "the pattern at offset 0 is empty"},
        {"/", "the pattern at offset 0 is empty"},
        {"/^nothing$/", "the pattern '^nothing$' at offset 0 matches no system call"},
        {"read,/a{200}/", "the pattern at offset 5 has a repetition count or a back-reference"},
        {"/(a)\\1/", "the pattern at offset 0 has a repetition count or a back-reference"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rn_filter *filter = rn_filter_new();
        struct rn_error err = RN_ERROR_INIT;

        assert_int_equal(rn_filter_add(filter, cases[i].expression, &err), RN_E_USAGE);
        if (strncmp(err.what, cases[i].what, strlen(cases[i].what)) != 0)
            fail_msg("%s: %s", cases[i].expression, err.what);
        assert_true(rn_filter_is_empty(filter));
        assert_true(matches_call(filter, "write"));
        rn_filter_free(filter);
    }
}

static void test_long_input_is_refused(void **state)
{
    struct rn_filter *filter = rn_filter_new();
    struct rn_error err = RN_ERROR_INIT;
    char text[4096];

    (void)state;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(rn_filter_add(filter, text, &err), RN_E_USAGE);
    text[0] = '/';
    assert_int_equal(rn_filter_add(filter, text, &err), RN_E_USAGE);
    assert_string_equal(err.what, "the pattern at offset 0 is longer than 256 bytes");
    rn_filter_free(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_filter_selects_everything),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_hold_in_every_abi),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_a_word_that_is_call_and_class),
        cmocka_unit_test(test_negation),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_all_and_none),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_one_kind),
        cmocka_unit_test(test_errors_name_term_offset_and_suggestion),
        cmocka_unit_test(test_long_input_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
