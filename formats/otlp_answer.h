/* SPDX-License-Identifier: MIT */
/* What a receiver's answer to a request means: taken, try again, too large, one of the spans is
 * bad, or no use in going on. From the OTLP specification 1.x, the gRPC status codes, and what
 * servers were seen to answer. Pure: nothing is sent or waited for here. */
#ifndef RN_OTLP_ANSWER_H
#define RN_OTLP_ANSWER_H

#include "otlp_encode.h"

enum rn_otlp_verdict {
    RN_OTLP_TAKEN,
    RN_OTLP_PARTLY, /* `rejected` spans were not taken; never sent again */
    RN_OTLP_RETRY,
    RN_OTLP_SPLIT,  /* the request is too large */
    RN_OTLP_BISECT, /* something in it is refused */
    RN_OTLP_STOP,   /* all requests would fare the same */
};

/* An answer as it came. All texts are borrowed and hostile. */
struct rn_otlp_answer {
    bool grpc;
    long http_status;                 /* 0: none */
    int grpc_status;                  /* -1: none */
    struct rn_otlp_text grpc_message; /* percent-encoded, as it came */
    struct rn_otlp_text grpc_details; /* grpc-status-details-bin: base64 */
    struct rn_otlp_text retry_after;
    struct rn_otlp_text content_type;
    struct rn_otlp_text body;
    int64_t now; /* seconds since the Epoch, for dates in retry_after */
};

struct rn_otlp_ruling {
    enum rn_otlp_verdict verdict;
    int64_t after_ms; /* with RETRY: what the server asks for; -1 nothing */
    uint64_t rejected;
    char message[400]; /* the server's, or what to do; printable */
};

void rn_otlp_judge(const struct rn_otlp_answer *answer, struct rn_otlp_ruling *ruling);

/* Seconds or an HTTP date (RFC 9110), as milliseconds from `now` on; -1: neither. At most a day. */
int64_t rn_otlp_retry_after(struct rn_otlp_text value, int64_t now);

#endif
