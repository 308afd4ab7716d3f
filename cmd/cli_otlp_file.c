/* SPDX-License-Identifier: MIT */
/* Batches into a file: JSON Lines, or protobuf, of which many messages one behind the other are one
 * message. And batches to nowhere, for --dry-run. */
#include "cli_otlp.h"

#include "formats/otlp_json.h"

#include <stdlib.h>
#include <string.h>

struct file {
    struct cli_otlp_sink sink; /* first */
    struct cli_otlp_account *account;
    struct cli_output *output;
    struct rn_buf line;
    bool json, failed;
};

static void count(struct cli_otlp_account *account, struct rn_otlp_batch *batch, size_t bytes)
{
    account->requests++;
    account->traces += batch->traces;
    account->bytes += bytes;
    cli_otlp_tally_add(&account->sent, batch->tally);
    rn_otlp_batch_clear(batch);
}

static bool file_submit(struct cli_otlp_sink *sink, struct rn_otlp_batch *batch)
{
    struct file *file = (struct file *)sink;
    struct rn_error err = RN_ERROR_INIT;
    size_t size = batch->body.size;

    if (file->json && rn_otlp_json_line(batch->body.data, size, &file->line, &err) != RN_OK) {
        cli_error(&err);
        file->failed = true;
    }
    file->account->wire_bytes += file->json ? file->line.size : size;
    if (file->failed || !cli_output_write(file->output, file->json ? &file->line : &batch->body)) {
        file->failed = true;
        cli_otlp_tally_add(&file->account->failed, batch->tally);
        rn_otlp_batch_clear(batch);
        return false;
    }
    count(file->account, batch, size);
    return true;
}

static bool no_wait(struct cli_otlp_sink *sink)
{
    (void)sink;
    return true;
}

/* A file that was there is not replaced by the output of a failure. */
static bool file_finish(struct cli_otlp_sink *sink, bool trouble)
{
    struct file *file = (struct file *)sink;
    struct cli_output *output = file->output;

    file->output = NULL;
    if (!file->failed && (!trouble || file->account->sent.spans))
        return cli_output_close(output, NULL);
    cli_output_abandon(output);
    return !file->failed;
}

static void file_free(struct cli_otlp_sink *sink)
{
    struct file *file = (struct file *)sink;

    cli_output_abandon(file->output);
    rn_buf_free(&file->line);
    free(file);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);

    return length >= tail && !strcmp(name + length - tail, end);
}

/* NULL-safe; standard output and unknown names are JSON. */
static bool is_json(const struct cli_otlp_options *options)
{
    if (options->format != OTLP_BY_NAME)
        return options->format == OTLP_JSONL;
    return !ends_with(options->output, ".pb") && !ends_with(options->output, ".binpb");
}

struct cli_otlp_sink *cli_otlp_file_new(const struct cli_otlp_options *options,
                                        struct cli_otlp_account *account)
{
    struct file *file = calloc(1, sizeof *file);

    if (!file) {
        cli_fail("out of memory");
        return NULL;
    }
    file->sink = (struct cli_otlp_sink){file_submit, no_wait, file_finish, file_free};
    file->account = account;
    account->local = "written";
    file->json = is_json(options);
    file->output = cli_output_open(options->output);
    if (file->output)
        return &file->sink;
    free(file);
    return NULL;
}

struct nowhere {
    struct cli_otlp_sink sink; /* first */
    struct cli_otlp_account *account;
};

static bool nowhere_submit(struct cli_otlp_sink *sink, struct rn_otlp_batch *batch)
{
    if (cli_verbose)
        cli_warn("a request of %zu spans, %zu bytes", batch->count, batch->body.size);
    count(((struct nowhere *)sink)->account, batch, batch->body.size);
    return true;
}

static bool nowhere_finish(struct cli_otlp_sink *sink, bool trouble)
{
    (void)sink;
    (void)trouble;
    return true;
}

static void nowhere_free(struct cli_otlp_sink *sink)
{
    free(sink);
}

struct cli_otlp_sink *cli_otlp_nowhere_new(struct cli_otlp_account *account)
{
    struct nowhere *nowhere = calloc(1, sizeof *nowhere);

    if (!nowhere) {
        cli_fail("out of memory");
        return NULL;
    }
    nowhere->sink = (struct cli_otlp_sink){nowhere_submit, no_wait, nowhere_finish, nowhere_free};
    nowhere->account = account;
    account->local = "counted";
    return &nowhere->sink;
}
