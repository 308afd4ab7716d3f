/* SPDX-License-Identifier: MIT */
/* What to do after a request: settle its spans, try again, cut it, or stop. */
#include "cli_otlp_send.h"

#include "formats/otlp_json.h"

#include <string.h>

#define MS                    UINT64_C(1000000)
#define GRACE_MS              UINT64_C(2000) /* for a receiver that was never there */
#define BROKEN_BEFORE_ANSWER  6u
#define REFUSED_BEFORE_ANSWER 8u

static struct rn_otlp_tally range_tally(struct send_slot *slot)
{
    return rn_otlp_batch_tally(&slot->batch, send_range(slot)->first, send_range(slot)->count);
}

/* The range at hand is done; on to the next one. */
static void next_range(struct send_slot *slot)
{
    slot->range_count--;
    slot->attempts = slot->broken = 0;
    slot->state = SEND_WAITING;
    slot->due_ns = 0;
}

static void count_outcome(struct send *send, struct send_slot *slot)
{
    cli_otlp_tally_add(&send->account->sent, slot->outcome.sent);
    cli_otlp_tally_add(&send->account->rejected, slot->outcome.rejected);
}

void cli_send_give_up(struct send *send, struct send_slot *slot)
{
    bool in_doubt = slot->outcome.sent.spans || slot->outcome.rejected.spans;

    for (unsigned i = 0; i < slot->range_count; i++)
        in_doubt |= slot->ranges[i].unanswered;
    if (!in_doubt && !cli_otlp_checkpoint_undone(send->checkpoint, slot->number, slot->digest))
        send->stopped = true;
    while (slot->range_count) {
        cli_otlp_tally_add(send_range(slot)->unanswered ? &send->account->in_doubt
                                                        : &send->account->failed,
                           range_tally(slot));
        next_range(slot);
    }
    count_outcome(send, slot);
    slot->state = SEND_IDLE;
}

/* What was sent before without an answer, and is taken now, may be stored twice. */
static void note_again(struct send *send, struct send_slot *slot)
{
    if (!send_range(slot)->unanswered)
        return;
    send->account->again += send_range(slot)->count;
    cli_send_clear_progress(send);
    cli_warn("batch %llu: %zu spans had been sent before, and nobody had answered; they may be "
             "stored twice",
             (unsigned long long)slot->number, send_range(slot)->count);
}

static void take(struct send *send, struct send_slot *slot)
{
    send->answered++;
    note_again(send, slot);
    cli_otlp_tally_add(&slot->outcome.sent, range_tally(slot));
    next_range(slot);
}

/* Which of the spans were rejected is not told: as many events are counted as there can be. */
static void take_partly(struct send *send, struct send_slot *slot,
                        const struct rn_otlp_ruling *ruling)
{
    struct rn_otlp_tally all = range_tally(slot), lost = {0};

    lost.spans = ruling->rejected < all.spans ? ruling->rejected : all.spans;
    lost.events = lost.spans < all.events ? lost.spans : all.events;
    if (lost.spans == all.spans)
        lost = all;
    cli_send_clear_progress(send);
    cli_fail("%s: %llu of %llu spans of batch %llu were rejected: %s", send->options->shown,
             (unsigned long long)lost.spans, (unsigned long long)all.spans,
             (unsigned long long)slot->number, ruling->message);
    all.spans -= lost.spans;
    all.events -= lost.events;
    all.folded -= lost.folded;
    send->answered++;
    note_again(send, slot);
    cli_otlp_tally_add(&slot->outcome.sent, all);
    cli_otlp_tally_add(&slot->outcome.rejected, lost);
    next_range(slot);
}

static void reject_one(struct send *send, struct send_slot *slot, const char *why)
{
    const struct rn_otlp_ref *ref = &slot->batch.refs[send_range(slot)->first];
    struct rn_buf name = RN_BUF_INIT;
    struct rn_error err = RN_ERROR_INIT;

    if (rn_otlp_span_describe(slot->batch.body.data + ref->offset, ref->size, &name, &err) != RN_OK)
        rn_buf_text(&name, "of unknown name");
    cli_send_clear_progress(send);
    cli_fail("%s: span %.*s was rejected: %s", send->options->shown, (int)name.size,
             name.data ? (const char *)name.data : "", why);
    rn_buf_free(&name);
    cli_otlp_tally_add(&slot->outcome.rejected, range_tally(slot));
    next_range(slot);
    if (!send->answered && ++send->refused >= REFUSED_BEFORE_ANSWER)
        cli_send_stop(send, "the server has refused every span so far: %s", why);
}

static void cut(struct send *send, struct send_slot *slot, const char *why)
{
    struct send_range *whole = send_range(slot);
    size_t half = whole->count / 2;

    if (whole->count == 1 || slot->range_count == SEND_RANGES) {
        reject_one(send, slot, why);
        return;
    }
    slot->ranges[slot->range_count++] = (struct send_range){whole->first, half, whole->unanswered};
    whole->first += half;
    whole->count -= half;
    slot->attempts = slot->broken = 0;
    slot->state = SEND_WAITING;
    slot->due_ns = 0;
}

static void retry(struct send *send, struct send_slot *slot, int64_t after_ms, uint64_t patience_ms,
                  const char *why)
{
    uint64_t delay = after_ms >= 0 ? (uint64_t)after_ms : cli_send_backoff_ms(send, slot->attempts);
    uint64_t now = cli_otlp_now();

    if (now + delay * MS > slot->first_ns + patience_ms * MS) {
        cli_send_stop(send, "given up after %u tries: %s", slot->attempts, why);
        return;
    }
    if (after_ms > 0 && now + delay * MS > send->pause_ns)
        send->pause_ns = now + delay * MS;
    send->account->retries++;
    slot->state = SEND_WAITING;
    slot->due_ns = now + delay * MS;
}

static void obey(struct send *send, struct send_slot *slot, const struct rn_otlp_ruling *ruling)
{
    switch (ruling->verdict) {
    case RN_OTLP_TAKEN:
        take(send, slot);
        break;
    case RN_OTLP_PARTLY:
        take_partly(send, slot, ruling);
        break;
    case RN_OTLP_RETRY:
        retry(send, slot, ruling->after_ms, send->options->retry_ms, ruling->message);
        break;
    case RN_OTLP_SPLIT:
    case RN_OTLP_BISECT:
        cut(send, slot, ruling->message);
        break;
    case RN_OTLP_STOP:
        cli_send_stop(send, "%s", ruling->message);
        break;
    }
}

static void broken(struct send *send, struct send_slot *slot, const char *why)
{
    slot->broken++;
    if (!send->answered && ++send->broken >= BROKEN_BEFORE_ANSWER)
        cli_send_stop(send,
                      "the connection breaks each time (%s): check the endpoint's port, http:// or "
                      "https://, certificates and --protocol",
                      why);
    else if (slot->broken >= 2 && send_range(slot)->count > 1)
        cut(send, slot, why);
    else
        retry(send, slot, -1, send->options->retry_ms, why);
}

static void wrong_protocol(struct send *send, const char *why)
{
    cli_send_stop(send, "no OTLP over %s is spoken there (%s); %s",
                  send->options->grpc ? "gRPC" : "HTTP", why,
                  send->options->grpc ? "HTTP usually is on port 4318: --protocol http/protobuf"
                                      : "gRPC usually is on port 4317: --protocol grpc");
}

static void fail(struct send *send, struct send_slot *slot, unsigned number)
{
    const char *why = cli_http_failure_text(send->http, number);
    uint64_t grace =
        send->answered || send->options->retry_ms < GRACE_MS ? send->options->retry_ms : GRACE_MS;

    switch (cli_http_failure(send->http, number)) {
    case HTTP_NO_NAME:
        if (send->answered)
            retry(send, slot, -1, grace, why);
        else
            cli_send_stop(send, "%s: check the name in the endpoint", why);
        break;
    case HTTP_REFUSED:
        retry(send, slot, -1, grace, why);
        break;
    case HTTP_TLS:
        cli_send_stop(send, "%s: check https://, --certificate and the client's certificate", why);
        break;
    case HTTP_TIMEOUT:
        retry(send, slot, -1, send->options->retry_ms, why);
        break;
    case HTTP_PROTOCOL:
        if (!send->answered) {
            wrong_protocol(send, why);
            break;
        }
        /* Fallthrough: it was right before, so this is a broken connection. */
        __attribute__((fallthrough));
    case HTTP_BROKEN:
        broken(send, slot, why);
        break;
    default:
        cli_send_stop(send, "%s", why);
        break;
    }
}

static void tell(struct send_slot *slot, uint64_t sent, const char *what)
{
    uint64_t us = (cli_otlp_now() - slot->sent_ns) / 1000;

    if (cli_verbose)
        cli_warn("batch %llu: %zu spans, %zu bytes (%llu sent): %s after %llu.%03llu ms",
                 (unsigned long long)slot->number, send_range(slot)->count,
                 slot->piece.count ? slot->piece.body.size : slot->batch.body.size,
                 (unsigned long long)sent, what, (unsigned long long)us / 1000,
                 (unsigned long long)us % 1000);
}

static const char *verdict_text(const struct rn_otlp_ruling *ruling)
{
    static const char *const texts[] = {"taken",     "partly rejected", "to be tried again",
                                        "too large", "refused",         "stop"};

    return texts[ruling->verdict];
}

void cli_send_settle(struct send *send, unsigned number)
{
    struct send_slot *slot = &send->slots[number];
    uint64_t sent = cli_http_sent_bytes(send->http, number);
    struct rn_otlp_answer answer;
    struct rn_otlp_ruling ruling;

    slot->state = SEND_WAITING;
    slot->due_ns = UINT64_MAX;
    send->account->wire_bytes += sent;
    if (cli_http_failure(send->http, number) != HTTP_ANSWERED) {
        send_range(slot)->unanswered |= cli_http_was_sent(send->http, number);
        tell(slot, sent, cli_http_failure_text(send->http, number));
        fail(send, slot, number);
    } else {
        cli_http_answer(send->http, number, &answer);
        rn_otlp_judge(&answer, &ruling);
        tell(slot, sent, verdict_text(&ruling));
        obey(send, slot, &ruling);
    }
    if (slot->range_count)
        return;
    slot->state = SEND_IDLE;
    count_outcome(send, slot);
    if (!cli_otlp_checkpoint_done(send->checkpoint, slot->number, slot->digest, &slot->outcome))
        send->stopped = true;
}
