/* SPDX-License-Identifier: MIT */
/* From words of the command line to options and numbers. */
#include "cli.h"

#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},           {"k", 1u << 10},   {"K", 1u << 10},   {"M", 1u << 20},
    {"G", 1ull << 30}, {"T", 1ull << 40}, {"P", 1ull << 50}, {NULL, 0},
};

static const struct unit duration_units[] = {
    {"", 1000000000},        {"ns", 1},         {"us", 1000},          {"\u00b5s", 1000},
    {"ms", 1000000},         {"s", 1000000000}, {"m", 60000000000ull}, {"min", 60000000000ull},
    {"h", 3600000000000ull}, {NULL, 0},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at *text as a whole number, and *text moved behind them. */
static bool scan_whole(const char **text, uint64_t *value)
{
    const char *at = *text;
    uint64_t sum = 0;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*at - '0'), &sum))
            return false;
    }
    *text = at;
    *value = sum;
    return true;
}

/* ".5" as billionths; further digits are read and dropped. */
static bool scan_fraction(const char **text, uint64_t *billionths)
{
    const char *at = *text;
    uint64_t weight = 100000000;
    *billionths = 0;
    if (*at != '.')
        return true;
    if (!is_digit(*++at))
        return false;
    for (; is_digit(*at); at++, weight /= 10)
        *billionths += weight * (uint64_t)(*at - '0');
    *text = at;
    return true;
}

static bool parse_with_unit(const char *text, const struct unit *units, uint64_t *value)
{
    uint64_t whole, billionths;
    if (!scan_whole(&text, &whole) || !scan_fraction(&text, &billionths))
        return false;
    for (; units->name && strcmp(text, units->name); units++)
        ;
    if (!units->name)
        return false;
    unsigned __int128 product = (unsigned __int128)whole * units->factor +
                                (unsigned __int128)billionths * units->factor / 1000000000u;
    if (product > UINT64_MAX)
        return false;
    *value = (uint64_t)product;
    return true;
}

bool cli_parse_size(const char *text, uint64_t *bytes)
{
    return parse_with_unit(text, size_units, bytes);
}

bool cli_parse_duration(const char *text, uint64_t *ns)
{
    return parse_with_unit(text, duration_units, ns);
}

bool cli_parse_number(const char *text, uint64_t *value)
{
    uint64_t number;
    if (!scan_whole(&text, &number) || *text)
        return false;
    *value = number;
    return true;
}

/* What getopt_long refused. It names neither the word nor the reason, so both are worked out: a
 * letter that is an option after all can only be a long option that was given an argument. */
static void complain(int result, char **argv, const char *short_options)
{
    const char *word = argv[optind - 1];
    if (result == ':') {
        if (!strncmp(word, "--", 2))
            cli_usage("option '%s' needs an argument", word);
        else
            cli_usage("option '-%c' needs an argument", optopt);
    } else if (optopt == 0) {
        cli_usage("unknown option '%s'", word);
    } else if (optopt > 0xff || strchr(short_options, optopt)) {
        cli_usage("option '%.*s' takes no argument", (int)strcspn(word, "="), word);
    } else {
        cli_usage("unknown option '-%c'", optopt);
    }
}

int cli_getopt(int argc, char **argv, const char *short_options, const struct option *long_options)
{
    char letters[128];
    bool stop = short_options[0] == '+';
    snprintf(letters, sizeof(letters), "%s:%s", stop ? "+" : "", short_options + stop);
    opterr = 0;
    int result = getopt_long(argc, argv, letters, long_options, NULL);
    if (result != '?' && result != ':')
        return result;
    complain(result, argv, short_options);
    return '?';
}
