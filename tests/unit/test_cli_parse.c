/* SPDX-License-Identifier: MIT */
#include "cmd/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_size(const char *text, uint64_t bytes)
{
    uint64_t value = 0;
    assert_true(cli_parse_size(text, &value));
    assert_int_equal(value, bytes);
}

static void expect_duration(const char *text, uint64_t ns)
{
    uint64_t value = 0;
    assert_true(cli_parse_duration(text, &value));
    assert_int_equal(value, ns);
}

static void sizes(void **state)
{
    (void)state;
    expect_size("0", 0);
    expect_size("10", 10);
    expect_size("64K", 65536);
    expect_size("64k", 65536);
    expect_size("1.5M", 1572864);
    expect_size("2G", 2147483648u);
    expect_size("0.5K", 512);
    expect_size("18446744073709551615", UINT64_MAX);
    expect_size("15P", 15ull << 50);
}

static void bad_sizes(void **state)
{
    static const char *const bad[] = {
        "",
        "K",
        "-1",
        " 1",
        "1 K",
        "1KB",
        "0x10",
        "1.K",
        ".5",
        "1e3",
        "1..5K",
        "1.5.5K",
        "18446744073709551616",
        "16384P",
        "99999999999T",
    };
    uint64_t value = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(cli_parse_size(bad[i], &value));
    assert_int_equal(value, 7);
}

static void durations(void **state)
{
    (void)state;
    expect_duration("0", 0);
    expect_duration("2", 2000000000);
    expect_duration("10ns", 10);
    expect_duration("10us", 10000);
    expect_duration("10\u00b5s", 10000);
    expect_duration("1.5ms", 1500000);
    expect_duration("0.000000001s", 1);
    expect_duration("0.0000000019s", 1);
    expect_duration("3m", 180000000000ull);
    expect_duration("1h", 3600000000000ull);
}

static void bad_durations(void **state)
{
    static const char *const bad[] = {"",   "s",   "-1s",          "1 s", "1sec",
                                      "1S", "nan", "20000000000s", "1ms1"};
    uint64_t value = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(cli_parse_duration(bad[i], &value));
    assert_int_equal(value, 7);
}

static void numbers(void **state)
{
    static const char *const bad[] = {"",   "-1",  "+1",  " 1",
                                      "1 ", "0x1", "1.0", "18446744073709551616"};
    uint64_t value = 0;
    (void)state;
    assert_true(cli_parse_number("18446744073709551615", &value));
    assert_int_equal(value, UINT64_MAX);
    assert_true(cli_parse_number("007", &value));
    assert_int_equal(value, 7);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(cli_parse_number(bad[i], &value));
    assert_int_equal(value, 7);
}

/* One line that cli_getopt wrote to standard error for these arguments, and what it returned. */
static int complaint(char **argv, char *line, size_t room)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 0x200},
        {"quiet", no_argument, NULL, 'q'},        {"seal", no_argument, NULL, 0x201},
        {"seek", no_argument, NULL, 0x202},       {NULL, 0, NULL, 0},
    };
    int pipes[2], argc = 0, result;
    int saved = dup(STDERR_FILENO);
    while (argv[argc])
        argc++;
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    optind = 0;
    while ((result = cli_getopt(argc, argv, "o:q", options)) != -1 && result != '?')
        ;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipes[1]);
    ssize_t length = read(pipes[0], line, room - 1);
    close(pipes[0]);
    line[length > 0 ? length : 0] = '\0';
    return result;
}

static void refused_options(void **state)
{
    static const struct {
        const char *word, *message;
    } cases[] = {
        {"-x", "unknown option '-x'"},
        {"-qx", "unknown option '-x'"},
        {"--nope", "unknown option '--nope'"},
        {"--nope=1", "unknown option '--nope=1'"},
        {"--se", "unknown option '--se'"},
        {"-o", "option '-o' needs an argument"},
        {"--output", "option '--output' needs an argument"},
        {"--json=1", "option '--json' takes no argument"},
        {"--quiet=1", "option '--quiet' takes no argument"},
    };
    (void)state;
    cli_program = "rn-test";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[256], expected[256];
        char *argv[] = {"rn-test", "--json", (char *)cases[i].word, NULL};
        assert_int_equal(complaint(argv, line, sizeof(line)), '?');
        snprintf(expected, sizeof(expected), "rn-test: %s; try 'rn-test --help'\n",
                 cases[i].message);
        assert_string_equal(line, expected);
    }
}

static void accepted_options(void **state)
{
    char line[256];
    char *argv[] = {"rn-test", "--json", "-qo", "x", "--output=-", "name", NULL};
    (void)state;
    assert_int_equal(complaint(argv, line, sizeof(line)), -1);
    assert_string_equal(line, "");
    assert_string_equal(argv[optind], "name");
}

static void common_options(void **state)
{
    bool done = false;
    int status = -1;
    (void)state;
    assert_true(cli_common('q', "", &done, &status));
    assert_true(cli_common('v', "", &done, &status));
    assert_true(cli_quiet);
    assert_int_equal(cli_verbose, 1);
    assert_false(cli_common('x', "", &done, &status));
    assert_false(done);
    assert_int_equal(status, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(bad_sizes),
        cmocka_unit_test(durations),
        cmocka_unit_test(bad_durations),
        cmocka_unit_test(numbers),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(accepted_options),
        cmocka_unit_test(common_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
