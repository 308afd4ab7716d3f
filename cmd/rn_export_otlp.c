/* SPDX-License-Identifier: MIT */
/* rn-export-otlp: send recordings as traces. */
#include "cli_otlp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Tempo looks for spans of the last minutes in its ingesters, and in its blocks by the time that
 * the spans have: what is older than this is found by a search with a time range only. */
#define OLD_NS (30 * 60 * UINT64_C(1000000000))

static struct cli_otlp_sink *open_sink(const struct cli_otlp_options *options,
                                       struct cli_otlp_account *account)
{
    if (options->output)
        return cli_otlp_file_new(options, account);
    if (options->dry_run)
        return cli_otlp_nowhere_new(account);
    return cli_otlp_send_new(options, account);
}

static void show_time(uint64_t ns, char *out, size_t size)
{
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || !strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, size, "?");
}

static void warn_of_age(const struct cli_otlp_account *account)
{
    struct timespec now;
    uint64_t now_ns;
    char from[32], to[32];

    clock_gettime(CLOCK_REALTIME, &now);
    now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (!account->last_ns || account->first_ns + OLD_NS > now_ns)
        return;
    show_time(account->first_ns, from, sizeof from);
    show_time(now_ns + 1000000000u, to, sizeof to);
    cli_warn("the spans are older than servers search by themselves: search from %s to %s, or see "
             "rn-otlp(7) and --rebase",
             from, to);
}

static void list_traces(const struct cli_otlp_traces *traces, struct rn_buf *out)
{
    for (size_t i = 0; i < traces->count; i++) {
        rn_buf_text(out, "trace ");
        for (unsigned j = 0; j < 16; j++)
            rn_buf_printf(out, "%02x", traces->items[i].id[j]);
        rn_buf_printf(out, " %llu spans\n", (unsigned long long)traces->items[i].set.spans);
    }
}

/* On standard error, unless that is what was asked for. */
static bool show_account(const struct cli_otlp_options *options,
                         const struct cli_otlp_account *account,
                         const struct cli_otlp_traces *traces)
{
    struct rn_buf text = RN_BUF_INIT;
    struct cli_output *output;
    bool shown = true;

    if (options->dry_run && !options->json)
        list_traces(traces, &text);
    if (options->json)
        cli_otlp_account_json(account, &text);
    else
        cli_otlp_account_text(account, &text);
    if (options->json || options->dry_run) {
        output = cli_output_open(NULL);
        shown = output && cli_output_close(output, &text);
    } else if (!cli_quiet) {
        fwrite(text.data, 1, text.size, stderr);
    }
    rn_buf_free(&text);
    return shown;
}

static int conclude(const struct cli_otlp_account *account, bool trouble)
{
    if (!cli_otlp_account_adds_up(account)) {
        cli_fail("the account does not add up; this is an error of this program");
        return RN_EXIT_TROUBLE;
    }
    if (trouble || account->failed.spans || account->in_doubt.spans)
        return RN_EXIT_TROUBLE;
    return account->rejected.spans || account->missing ? RN_EXIT_ANSWER : RN_EXIT_OK;
}

static int export_all(const struct cli_otlp_options *options, char **paths)
{
    struct cli_otlp_account account = {0};
    struct cli_otlp_sink *sink = open_sink(options, &account);
    struct cli_otlp_export *export = sink ? cli_otlp_export_new(options, sink, &account) : NULL;
    bool trouble = !export, go_on = !trouble;

    for (; go_on && *paths; paths++)
        go_on = cli_otlp_export_archive(export, *paths, &trouble);
    if (export) {
        trouble |= !cli_otlp_export_end(export);
        trouble |= !sink->finish(sink, trouble);
        if (!trouble && options->verify && !options->dry_run)
            trouble |= !cli_otlp_verify(options, cli_otlp_export_traces(export), &account) &&
                       !account.missing;
        if (!options->output)
            warn_of_age(&account);
        trouble |= !show_account(options, &account, cli_otlp_export_traces(export));
    }
    cli_otlp_export_free(export);
    if (sink)
        sink->free(sink);
    return conclude(&account, trouble);
}

int main(int argc, char **argv)
{
    struct cli_otlp_options options = {
        .filter = rn_filter_new(),
        .spans = {.max_spans = RN_SPAN_MAX_SPANS, .max_bytes = RN_SPAN_MAX_BYTES},
        .gzip = true,
        .retry_ms = 120000,
        .in_flight = 4,
        .batch_spans = 8192,
        .batch_bytes = 3u << 20,
        .rate_bytes = 12u << 20,
        .rate_traces = 500,
        .verify_ms = CLI_OTLP_NOT_GIVEN,
    };
    int status = RN_EXIT_TROUBLE;

    cli_start(argc, argv);
    if (!options.filter)
        cli_fail("out of memory");
    else
        status = cli_otlp_parse(&options, argc, argv);
    if (status < 0 && !cli_otlp_environment(&options))
        status = RN_EXIT_TROUBLE;
    if (!options.timeout_ms)
        options.timeout_ms = 10000;
    if (options.verify_ms == CLI_OTLP_NOT_GIVEN)
        options.verify_ms = 60000;
    if (status < 0)
        status = export_all(&options, argv + optind);
    cli_otlp_options_free(&options);
    return status;
}
