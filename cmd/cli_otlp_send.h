/* SPDX-License-Identifier: MIT */
/* The sink that sends: what its files share. A slot has one batch from its first request until
 * every span of it is settled; it may be cut into ranges on the way. */
#ifndef RN_CLI_OTLP_SEND_H
#define RN_CLI_OTLP_SEND_H

#include "cli_otlp_http.h"

#include "formats/otlp_gzip.h"

/* A batch of 2^30 bytes is halved at most that often. */
#define SEND_RANGES 64

struct send_range {
    size_t first, count;
    bool unanswered; /* it was sent, and no answer came: it may have been taken */
};

enum send_state { SEND_IDLE, SEND_FLYING, SEND_WAITING };

struct send_slot {
    enum send_state state;
    uint64_t due_ns; /* WAITING */
    uint64_t number, digest;
    struct rn_otlp_batch batch, piece; /* piece: of the range at hand, where it is not all */
    struct rn_buf packed;
    struct send_range ranges[SEND_RANGES]; /* still to be settled, the next one last */
    unsigned range_count;
    unsigned attempts, broken; /* of the range at hand */
    uint64_t first_ns, sent_ns;
    struct cli_otlp_outcome outcome;
};

struct send {
    struct cli_otlp_sink sink; /* first */
    const struct cli_otlp_options *options;
    struct cli_otlp_account *account;
    struct cli_otlp_checkpoint *checkpoint;
    struct cli_http *http;
    struct rn_otlp_gzip *gzip;
    struct send_slot *slots;
    uint64_t next_number;
    uint64_t answered;          /* requests with any answer of a receiver that took something */
    uint64_t broken, refused;   /* before that: connections that broke, spans refused */
    uint64_t pause_ns;          /* no request before that: a server asked for it */
    uint64_t byte_ns, trace_ns; /* pacing: when the next may go */
    uint64_t progress_ns;
    uint64_t random;
    bool stopped;
};

static inline struct send_range *send_range(struct send_slot *slot)
{
    return &slot->ranges[slot->range_count - 1];
}

/* cli_otlp_send.c: no more requests; tells why, once. */
void cli_send_clear_progress(struct send *send); /* before a message */
void cli_send_stop(struct send *send, const char *format, ...) RN_PRINTF(2, 3);
/* cli_otlp_send_retry.c: a request of the slot has ended. */
void cli_send_settle(struct send *send, unsigned number);
/* cli_otlp_send_time.c: how long to wait before the next try; the first is 1. */
uint64_t cli_send_backoff_ms(struct send *send, unsigned attempts);
/* When `amount` more may go at so much a second; what was saved up is at most a second's worth. */
uint64_t cli_send_pace(uint64_t *next_ns, uint64_t now, uint64_t amount, uint64_t rate);
/* Give up what the slot still has. */
void cli_send_give_up(struct send *send, struct send_slot *slot);

#endif
