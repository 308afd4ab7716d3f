/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <string.h>

const char cli_select_help[] =
    "Selection:\n"
    "  -e, --expr EXPR          system calls by name, class (%file, %network...), /regex/;\n"
    "                           kernel=NAME, direction=to-device, api=opencl... of devices;\n"
    "                           '!' takes away; see rn-filter(7)\n"
    "  -p, --pid PID            only this process (may be repeated)\n"
    "      --tid TID            only this thread (may be repeated)\n"
    "      --kind KIND          same as -e kind=KIND: syscall, process, signal, module...\n"
    "      --from TIME          from this time since the recording began (1.5ms, 2s, 3m)\n"
    "      --to TIME            up to this time since the recording began\n"
    "      --min-duration TIME  only what took at least this long\n";

static const char *option_name(int letter)
{
    switch (letter) {
    case 'e':
        return "-e";
    case 'p':
        return "-p";
    case CLI_OPT_TID:
        return "--tid";
    case CLI_OPT_KIND:
        return "--kind";
    case CLI_OPT_FROM:
        return "--from";
    case CLI_OPT_TO:
        return "--to";
    default:
        return "--min-duration";
    }
}

static enum rn_status add_number(struct rn_filter *filter, int letter, const char *argument,
                                 struct rn_error *err)
{
    uint64_t number;
    if (!cli_parse_number(argument, &number) || number == 0)
        return rn_fail(err, RN_E_USAGE, "'%s' is not a %s number", argument,
                       letter == 'p' ? "process" : "thread");
    return letter == 'p' ? rn_filter_add_pid(filter, number, err)
                         : rn_filter_add_tid(filter, number, err);
}

static enum rn_status set_time(struct rn_filter *filter, int letter, const char *argument,
                               struct rn_error *err)
{
    uint64_t time, from = 0, to = UINT64_MAX;
    if (!cli_parse_duration(argument, &time))
        return rn_fail(err, RN_E_USAGE, "'%s' is not a time such as 10us, 1.5ms, 2s or 3m",
                       argument);
    if (letter == CLI_OPT_MIN_DURATION) {
        rn_filter_set_min_duration(filter, time);
        return RN_OK;
    }
    if (!rn_filter_time(filter, &from, &to)) {
        from = 0;
        to = UINT64_MAX;
    }
    *(letter == CLI_OPT_FROM ? &from : &to) = time;
    if (from >= to)
        return rn_fail(err, RN_E_USAGE, "'%s' is not %s: nothing is in between", argument,
                       letter == CLI_OPT_FROM ? "before --to" : "after --from");
    rn_filter_set_time(filter, from, to);
    return RN_OK;
}

void cli_expression_error(const char *option, const struct rn_error *err)
{
    size_t length = strlen(err->what);
    bool asks = length && err->what[length - 1] == '?'; /* did you mean ... */
    bool goes_on = err->what[0] == '\'' && strcmp(option, "-e") != 0;
    const char *colon = goes_on ? "" : ":"; /* with -e it is about a part of the argument */

    if (err->status != RN_E_USAGE)
        cli_error(err);
    else if (asks)
        cli_fail("%s%s %s", option, colon, err->what);
    else
        cli_usage("%s%s %s", option, colon, err->what);
}

bool cli_select(struct rn_filter *filter, int letter, const char *argument, int *status)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status result;
    switch (letter) {
    case 'e':
        result = rn_filter_add(filter, argument, &err);
        break;
    case CLI_OPT_KIND:
        result = rn_filter_add_kind(filter, argument, &err);
        break;
    case 'p':
    case CLI_OPT_TID:
        result = add_number(filter, letter, argument, &err);
        break;
    case CLI_OPT_FROM:
    case CLI_OPT_TO:
    case CLI_OPT_MIN_DURATION:
        result = set_time(filter, letter, argument, &err);
        break;
    default:
        return false;
    }
    if (result != RN_OK) {
        cli_expression_error(option_name(letter), &err);
        *status = RN_EXIT_TROUBLE;
    }
    return true;
}
