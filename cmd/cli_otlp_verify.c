/* SPDX-License-Identifier: MIT */
/* Reading back: the only sure sign that a trace is stored. */
#include "cli_otlp_http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_NS       500000000
#define NAMED_MISSING 20u

static void make_url(const char *base, const uint8_t id[16], char *out, size_t size)
{
    size_t length = strlen(base);
    char hex[33];

    for (unsigned i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", id[i]);
    while (length && base[length - 1] == '/')
        length--;
    snprintf(out, size, "%.*s/api/traces/%s", (int)length, base, hex);
}

struct readback {
    struct cli_http *http;
    const char *base;
    struct rn_buf body;
    uint64_t end_ns;
    uint64_t repeated;
};

enum found { FOUND, NOT_YET, NO_ANSWER };

static enum found look(struct readback *readback, const struct cli_otlp_trace *trace,
                       struct rn_otlp_set *set, char *why, size_t why_size)
{
    struct rn_error err = RN_ERROR_INIT;
    uint64_t repeated = 0;
    char url[1024];
    long status = 0;

    *set = (struct rn_otlp_set){0};
    make_url(readback->base, trace->id, url, sizeof url);
    if (!cli_http_get(readback->http, url, &readback->body, &status, why, why_size))
        return NO_ANSWER;
    if (status == 401 || status == 403) {
        snprintf(why, why_size, "the query API does not let you (%ld): give --header", status);
        return NO_ANSWER;
    }
    if (status != 200 ||
        rn_otlp_readback(readback->body.data, readback->body.size, set, &repeated, &err) != RN_OK) {
        snprintf(why, why_size, "HTTP status %ld", status);
        return NOT_YET;
    }
    if (set->spans != trace->set.spans || set->sum != trace->set.sum)
        return NOT_YET;
    readback->repeated += repeated;
    return FOUND;
}

/* A store needs some seconds after a burst. */
static enum found look_until(struct readback *readback, const struct cli_otlp_trace *trace,
                             struct rn_otlp_set *set, char *why, size_t why_size)
{
    const struct timespec wait = {.tv_nsec = WAIT_NS};
    enum found found;

    while ((found = look(readback, trace, set, why, why_size)) != FOUND &&
           cli_otlp_now() < readback->end_ns)
        nanosleep(&wait, NULL);
    return found;
}

static void name_missing(const struct cli_otlp_trace *trace, const struct rn_otlp_set *set,
                         const char *base, uint64_t number)
{
    char url[1024];

    make_url(base, trace->id, url, sizeof url);
    if (number <= NAMED_MISSING)
        cli_fail("%s: %llu of %llu spans are there", url, (unsigned long long)set->spans,
                 (unsigned long long)trace->set.spans);
    else if (number == NAMED_MISSING + 1)
        cli_fail("%s: further traces that are not whole are not named", base);
}

bool cli_otlp_verify(const struct cli_otlp_options *options, const struct cli_otlp_traces *traces,
                     struct cli_otlp_account *account)
{
    struct readback readback = {
        .base = options->verify, .http = cli_http_new(options), .body = RN_BUF_INIT};
    uint64_t missing = 0;
    char why[300] = "";

    readback.end_ns = cli_otlp_now() + options->verify_ms * 1000000;
    for (size_t i = 0; readback.http && i < traces->count; i++) {
        const struct cli_otlp_trace *trace = &traces->items[i];
        struct rn_otlp_set set;
        enum found found = look_until(&readback, trace, &set, why, sizeof why);

        if (found == FOUND) {
            account->verified += trace->set.spans;
            continue;
        }
        account->missing += trace->set.spans > set.spans ? trace->set.spans - set.spans : 0;
        account->verified += set.spans < trace->set.spans ? set.spans : trace->set.spans;
        if (found == NO_ANSWER) {
            cli_fail("%s: cannot read back: %s", options->verify, why);
            missing = traces->count;
            break;
        }
        name_missing(trace, &set, options->verify, ++missing);
    }
    if (readback.repeated)
        cli_warn("%s: %llu spans are stored more than once", options->verify,
                 (unsigned long long)readback.repeated);
    rn_buf_free(&readback.body);
    if (!readback.http)
        return false;
    cli_http_free(readback.http);
    return missing == 0;
}
