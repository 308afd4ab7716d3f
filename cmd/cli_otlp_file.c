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

static void count(struct cli_otlp_account *account, struct rn_otlp_batch *batch)
{
    account->requests++;
    account->traces += batch->traces;
    account->bytes += batch->body.size;
    cli_otlp_tally_add(&account->sent, batch->tally);
    rn_otlp_batch_clear(batch);
}

static bool file_submit(struct cli_otlp_sink *sink, struct rn_otlp_batch *batch)
{
    struct file *file = (struct file *)sink;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf *data = file->json ? &file->line : &batch->body;
    size_t size;

    if (file->json && rn_otlp_json_line(batch->body.data, batch->body.size, &file->line, &err)) {
        cli_error(&err);
        file->failed = true;
    }
    size = batch->body.size;
    if (!file->failed)
        file->account->wire_bytes += data->size;
    if (file->failed || !cli_output_write(file->output, data)) {
        cli_otlp_tally_add(&file->account->failed, batch->tally);
        rn_otlp_batch_clear(batch);
        file->failed = true;
        return false;
    }
    batch->body.size = size; /* written and cleared, or not; it is counted */
    count(file->account, batch);
    return true;
}

static bool no_wait(struct cli_otlp_sink *sink)
{
    (void)sink;
    return true;
}

static bool file_finish(struct cli_otlp_sink *sink)
{
    struct file *file = (struct file *)sink;
    struct cli_output *output = file->output;

    file->output = NULL;
    if (!file->failed)
        return cli_output_close(output, NULL);
    cli_output_abandon(output);
    return false;
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
    count(((struct nowhere *)sink)->account, batch);
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
    nowhere->sink = (struct cli_otlp_sink){nowhere_submit, no_wait, no_wait, nowhere_free};
    nowhere->account = account;
    return &nowhere->sink;
}
