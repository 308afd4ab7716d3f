/* SPDX-License-Identifier: MIT */
/* Requests to a receiver, several at a time, over libcurl: HTTP/1.1, HTTP/2, and gRPC, which is
 * HTTP/2 with a five-byte head before each message and the status in the trailers. */
#ifndef RN_CLI_OTLP_HTTP_H
#define RN_CLI_OTLP_HTTP_H

#include "cli_otlp.h"

#include "formats/otlp_answer.h"

/* How a request ended that has no answer. */
enum cli_http_failure {
    HTTP_ANSWERED,
    HTTP_NO_NAME,  /* the host name cannot be resolved */
    HTTP_REFUSED,  /* nobody listens there; nothing was sent */
    HTTP_TLS,      /* certificates, versions: will not get better */
    HTTP_TIMEOUT,  /* no answer in time */
    HTTP_BROKEN,   /* the connection broke */
    HTTP_PROTOCOL, /* something else is spoken on that port */
    HTTP_UNUSABLE, /* this build or these options cannot do that */
};

/* An absolute URL of http or https, with a host. */
bool cli_http_is_url(const char *text);

struct cli_http;
/* NULL after a message. */
struct cli_http *cli_http_new(const struct cli_otlp_options *options);
void cli_http_free(struct cli_http *http);

/* Send on that slot (0 to in_flight - 1), which is idle; `body` stays the caller's and must stay
 * until the slot is done. False after a message. */
bool cli_http_post(struct cli_http *http, unsigned slot, const uint8_t *body, size_t size);
/* Wait at most that long for a slot to be done. -1: none; a slot number else. */
int cli_http_wait(struct cli_http *http, uint64_t milliseconds);

/* Of a slot that is done: valid until it is used again. */
enum cli_http_failure cli_http_failure(const struct cli_http *http, unsigned slot);
const char *cli_http_failure_text(const struct cli_http *http, unsigned slot); /* one line */
/* How much of its body went out to a connection. */
uint64_t cli_http_sent_bytes(const struct cli_http *http, unsigned slot);
/* Some of the request was sent, so that the receiver may have taken it. */
bool cli_http_was_sent(const struct cli_http *http, unsigned slot);
void cli_http_answer(const struct cli_http *http, unsigned slot, struct rn_otlp_answer *answer);

/* GET from the query API, one at a time. False: *failure says how; else *status is the answer's. */
bool cli_http_get(struct cli_http *http, const char *url, struct rn_buf *body, long *status,
                  char *failure, size_t failure_size);

#endif
