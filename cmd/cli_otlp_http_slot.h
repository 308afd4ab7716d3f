/* SPDX-License-Identifier: MIT */
/* Inside the HTTP client: what cli_otlp_http.c sets up and cli_otlp_http_run.c runs. */
#ifndef RN_CLI_OTLP_HTTP_SLOT_H
#define RN_CLI_OTLP_HTTP_SLOT_H

#include "cli_otlp_http.h"

#include <curl/curl.h>

struct http_slot {
    CURL *easy;
    struct rn_buf request; /* gRPC: with its head */
    struct rn_buf body, message, details, retry_after, content_type;
    int grpc_status;
    unsigned tries; /* times that the request was begun */
    CURLcode result;
    char error[CURL_ERROR_SIZE];
};

struct cli_http {
    const struct cli_otlp_options *options;
    CURLM *multi;
    struct curl_slist *headers;
    struct http_slot
        query; /* its handle is made when it is needed, and kept: so is the connection */
    struct curl_slist *query_headers;
    struct http_slot *slots;
    unsigned count;
};

/* What both kinds of requests have in common; `slot` has a handle. */
void cli_http_slot_set_common(struct cli_http *http, struct http_slot *slot, const char *url);
bool cli_http_add_header(struct curl_slist **list, const char *line);
void cli_http_slot_close(struct cli_http *http, struct http_slot *slot);

#endif
