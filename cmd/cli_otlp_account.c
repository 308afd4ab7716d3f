/* SPDX-License-Identifier: MIT */
/* The account of an export: whatever was read went somewhere. */
#include "cli_otlp.h"

#include <inttypes.h>

void cli_otlp_tally_add(struct rn_otlp_tally *to, struct rn_otlp_tally add)
{
    to->spans += add.spans;
    to->events += add.events;
    to->folded += add.folded;
}

static uint64_t all_events(const struct rn_otlp_tally *tally)
{
    return tally->events + tally->folded;
}

bool cli_otlp_account_adds_up(const struct cli_otlp_account *account)
{
    return account->read == account->filtered + all_events(&account->sent) +
                                all_events(&account->rejected) + all_events(&account->failed) +
                                all_events(&account->in_doubt);
}

static void local_text(const struct cli_otlp_account *account, struct rn_buf *out)
{
    rn_buf_printf(out,
                  "events: read %" PRIu64 " = %s %" PRIu64 " + aggregated %" PRIu64
                  " + filtered %" PRIu64 " + failed %" PRIu64 "\n",
                  account->read, account->local, account->sent.events, account->sent.folded,
                  account->filtered, all_events(&account->failed));
    rn_buf_printf(out,
                  "spans: %s %" PRIu64 ", failed %" PRIu64 "; %" PRIu64 " traces, %" PRIu64
                  " requests, %" PRIu64 " bytes\n",
                  account->local, account->sent.spans, account->failed.spans, account->traces,
                  account->requests, account->bytes);
}

void cli_otlp_account_text(const struct cli_otlp_account *account, struct rn_buf *out)
{
    if (account->local) {
        local_text(account, out);
        return;
    }
    rn_buf_printf(out,
                  "events: read %" PRIu64 " = sent %" PRIu64 " + aggregated %" PRIu64
                  " + filtered %" PRIu64 " + rejected %" PRIu64 " + failed %" PRIu64
                  " + in doubt %" PRIu64 "\n",
                  account->read, account->sent.events, account->sent.folded, account->filtered,
                  all_events(&account->rejected), all_events(&account->failed),
                  all_events(&account->in_doubt));
    rn_buf_printf(out,
                  "spans: acknowledged %" PRIu64 ", rejected %" PRIu64 ", failed %" PRIu64
                  ", in doubt %" PRIu64 "; %" PRIu64 " traces, %" PRIu64 " requests, %" PRIu64
                  " bytes (%" PRIu64 " sent)",
                  account->sent.spans, account->rejected.spans, account->failed.spans,
                  account->in_doubt.spans, account->traces, account->requests, account->bytes,
                  account->wire_bytes);
    if (account->before)
        rn_buf_printf(out, "; %" PRIu64 " by an earlier run", account->before);
    if (account->again)
        rn_buf_printf(out, "; %" PRIu64 " sent again, may be stored twice", account->again);
    if (account->verified || account->missing)
        rn_buf_printf(out, "; %" PRIu64 " read back, %" PRIu64 " missing", account->verified,
                      account->missing);
    rn_buf_byte(out, '\n');
}

static void json_tally(struct rn_buf *out, const char *name, const struct rn_otlp_tally *tally)
{
    rn_buf_printf(
        out, ",\"%s\":{\"spans\":%" PRIu64 ",\"events\":%" PRIu64 ",\"aggregated\":%" PRIu64 "}",
        name, tally->spans, tally->events, tally->folded);
}

void cli_otlp_account_json(const struct cli_otlp_account *account, struct rn_buf *out)
{
    rn_buf_printf(out, "{\"version\":1,\"read\":%" PRIu64 ",\"filtered\":%" PRIu64, account->read,
                  account->filtered);
    json_tally(out, "sent", &account->sent);
    json_tally(out, "rejected", &account->rejected);
    json_tally(out, "failed", &account->failed);
    json_tally(out, "in_doubt", &account->in_doubt);
    rn_buf_printf(out,
                  ",\"spans_before\":%" PRIu64 ",\"spans_again\":%" PRIu64 ",\"traces\":%" PRIu64
                  ",\"requests\":%" PRIu64 ",\"retries\":%" PRIu64 ",\"bytes\":%" PRIu64
                  ",\"wire_bytes\":%" PRIu64 ",\"verified\":%" PRIu64 ",\"missing\":%" PRIu64
                  ",\"first_ns\":\"%" PRIu64 "\",\"last_ns\":\"%" PRIu64 "\"}\n",
                  account->before, account->again, account->traces, account->requests,
                  account->retries, account->bytes, account->wire_bytes, account->verified,
                  account->missing, account->first_ns, account->last_ns);
}
