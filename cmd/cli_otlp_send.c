/* SPDX-License-Identifier: MIT */
#include "cli_otlp_send.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND      UINT64_C(1000000000)
#define MS          UINT64_C(1000000)
#define PROGRESS_NS (SECOND / 4)
#define GZIP_LEVEL  1

uint64_t cli_otlp_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static bool shows_progress(void)
{
    return !cli_quiet && !cli_verbose && isatty(STDERR_FILENO);
}

void cli_send_clear_progress(struct send *send)
{
    if (!shows_progress() || !send->progress_ns)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    send->progress_ns = 0;
}

/* Every answer settles spans, so this is where a person sees that something goes on. */
static void show_progress(struct send *send)
{
    uint64_t now = cli_otlp_now();

    if (!shows_progress() || now < send->progress_ns)
        return;
    send->progress_ns = now + PROGRESS_NS;
    fprintf(stderr, "\r\033[K%llu spans acknowledged, %llu requests, %.1f MB",
            (unsigned long long)send->account->sent.spans,
            (unsigned long long)send->account->requests, (double)send->account->bytes / 1e6);
    fflush(stderr);
}

void cli_send_stop(struct send *send, const char *format, ...)
{
    char message[700];
    va_list arguments;

    if (send->stopped)
        return;
    send->stopped = true;
    cli_send_clear_progress(send);
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    cli_fail("%s: %s%s", send->options->shown, message,
             send->options->checkpoint ? "; run the same command again to go on"
                                       : "; with --checkpoint FILE it can be gone on with");
}

static void refuse_checkpoint(struct send *send)
{
    if (!send->stopped)
        cli_fail("%s: is the checkpoint of another export: other recordings, options or version; "
                 "remove it, or name another file",
                 send->options->checkpoint);
    send->stopped = true;
}

/* The bytes of the range at hand. */
static bool make_body(struct send_slot *slot, struct rn_error *err)
{
    const struct send_range *range = send_range(slot);

    rn_otlp_batch_clear(&slot->piece);
    return range->count == slot->batch.count ||
           rn_otlp_batch_slice(&slot->batch, range->first, range->count, &slot->piece, err) ==
               RN_OK;
}

static void launch(struct send *send, unsigned number)
{
    struct send_slot *slot = &send->slots[number];
    struct rn_error err = RN_ERROR_INIT;
    const struct rn_buf *body;
    bool made = make_body(slot, &err);

    body = slot->piece.count ? &slot->piece.body : &slot->batch.body;
    send->account->bytes += body->size;
    rn_buf_clear(&slot->packed);
    if (made && send->gzip) {
        made = rn_otlp_gzip_add(send->gzip, body->data, body->size, &slot->packed, &err) == RN_OK;
        body = &slot->packed;
    }
    slot->sent_ns = cli_otlp_now();
    if (slot->attempts++ == 0)
        slot->first_ns = slot->sent_ns;
    send->account->requests++;
    slot->state = SEND_FLYING;
    if (!made)
        cli_error(&err);
    if (made && cli_http_post(send->http, number, body->data, body->size))
        return;
    send->stopped = true;
    cli_send_give_up(send, slot);
}

static uint64_t earliest(const struct send *send, uint64_t now)
{
    uint64_t due = now + SECOND;

    for (unsigned i = 0; i < send->options->in_flight; i++)
        if (send->slots[i].state == SEND_WAITING && send->slots[i].due_ns < due)
            due = send->slots[i].due_ns;
    return due < send->pause_ns && send->pause_ns < now + SECOND ? send->pause_ns : due;
}

/* Start what is due, and wait until something ends, or until `until_ns`. */
static void pump(struct send *send, uint64_t until_ns)
{
    uint64_t now = cli_otlp_now(), due;
    int done;

    for (unsigned i = 0; i < send->options->in_flight; i++) {
        struct send_slot *slot = &send->slots[i];

        if (send->stopped && slot->state == SEND_WAITING)
            cli_send_give_up(send, slot);
        else if (slot->state == SEND_WAITING && slot->due_ns <= now && send->pause_ns <= now)
            launch(send, i);
    }
    due = earliest(send, now);
    if (until_ns < due)
        due = until_ns;
    done = cli_http_wait(send->http, due > now ? (due - now) / MS + 1 : 0);
    if (done >= 0)
        cli_send_settle(send, (unsigned)done);
    show_progress(send);
}

static struct send_slot *idle_slot(struct send *send)
{
    for (unsigned i = 0; i < send->options->in_flight; i++)
        if (send->slots[i].state == SEND_IDLE)
            return &send->slots[i];
    return NULL;
}

static void wait_for_pace(struct send *send, const struct rn_otlp_batch *batch)
{
    uint64_t now = cli_otlp_now();
    uint64_t bytes =
        cli_send_pace(&send->byte_ns, now, batch->body.size, send->options->rate_bytes);
    uint64_t traces =
        cli_send_pace(&send->trace_ns, now, batch->traces, send->options->rate_traces);
    uint64_t start = bytes > traces ? bytes : traces;

    while (!send->stopped && cli_otlp_now() < start)
        pump(send, start);
}

static void count_done(struct send *send, const struct rn_otlp_batch *batch,
                       const struct cli_otlp_outcome *outcome)
{
    cli_otlp_tally_add(&send->account->sent, outcome->sent);
    cli_otlp_tally_add(&send->account->rejected, outcome->rejected);
    send->account->before += batch->count;
}

static void fill(struct send_slot *slot, struct rn_otlp_batch *batch, uint64_t number,
                 bool in_doubt)
{
    struct rn_otlp_batch spare = slot->batch;

    slot->batch = *batch;
    spare.scope = batch->scope;
    *batch = spare;
    slot->number = number;
    slot->digest = slot->batch.digest;
    slot->ranges[0] = (struct send_range){0, slot->batch.count, in_doubt};
    slot->range_count = 1;
    slot->attempts = slot->broken = 0;
    slot->outcome = (struct cli_otlp_outcome){0};
    slot->state = SEND_WAITING;
    slot->due_ns = 0;
}

static bool submit(struct cli_otlp_sink *sink, struct rn_otlp_batch *batch)
{
    struct send *send = (struct send *)sink;
    uint64_t number = ++send->next_number;
    struct send_slot *slot = NULL;
    struct cli_otlp_outcome outcome;
    enum cli_otlp_past past =
        cli_otlp_checkpoint_past(send->checkpoint, number, batch->digest, &outcome);

    if (past == OTLP_DONE && !send->stopped) {
        count_done(send, batch, &outcome);
        rn_otlp_batch_clear(batch);
        return true;
    }
    if (past == OTLP_OTHER)
        refuse_checkpoint(send);
    wait_for_pace(send, batch);
    while (!send->stopped && !(slot = idle_slot(send)))
        pump(send, UINT64_MAX);
    if (!send->stopped && !cli_otlp_checkpoint_begin(send->checkpoint, number, batch->digest))
        send->stopped = true;
    if (send->stopped) {
        cli_otlp_tally_add(&send->account->failed, batch->tally);
    } else {
        send->account->traces += batch->traces;
        fill(slot, batch, number, past == OTLP_IN_DOUBT);
        pump(send, 0);
    }
    rn_otlp_batch_clear(batch);
    return !send->stopped;
}

static bool drain(struct cli_otlp_sink *sink)
{
    struct send *send = (struct send *)sink;
    bool busy = true;

    while (busy) {
        busy = false;
        for (unsigned i = 0; i < send->options->in_flight; i++)
            busy |= send->slots[i].state != SEND_IDLE;
        if (busy)
            pump(send, UINT64_MAX);
    }
    return !send->stopped;
}

static bool finish(struct cli_otlp_sink *sink, bool trouble)
{
    (void)trouble;
    bool whole = drain(sink);

    cli_send_clear_progress((struct send *)sink);
    return whole;
}

static void send_free(struct cli_otlp_sink *sink)
{
    struct send *send = (struct send *)sink;

    cli_http_free(send->http); /* before the bodies that it may still be sending */
    for (unsigned i = 0; i < send->options->in_flight && send->slots; i++) {
        rn_otlp_batch_free(&send->slots[i].batch);
        rn_otlp_batch_free(&send->slots[i].piece);
        rn_buf_free(&send->slots[i].packed);
    }
    free(send->slots);
    rn_otlp_gzip_free(send->gzip);
    cli_otlp_checkpoint_free(send->checkpoint);
    free(send);
}

struct cli_otlp_sink *cli_otlp_send_new(const struct cli_otlp_options *options,
                                        struct cli_otlp_account *account)
{
    struct send *send = calloc(1, sizeof *send);

    if (!send) {
        cli_fail("out of memory");
        return NULL;
    }
    send->sink = (struct cli_otlp_sink){submit, drain, finish, send_free};
    send->options = options;
    send->account = account;
    send->random = cli_otlp_now() | 1;
    send->slots = calloc(options->in_flight, sizeof *send->slots);
    if (options->gzip)
        send->gzip = rn_otlp_gzip_new(GZIP_LEVEL);
    if (!send->slots || (options->gzip && !send->gzip))
        cli_fail("out of memory");
    else if ((send->checkpoint = cli_otlp_checkpoint_open(options->checkpoint)))
        send->http = cli_http_new(options);
    if (send->http)
        return &send->sink;
    send_free(&send->sink);
    return NULL;
}
