/* SPDX-License-Identifier: MIT */
/* One JSON document, or CSV; the schemas are in rn-stat(1). */
#include "cli_stat_compare.h"

#include "formats/escape.h"

#include <string.h>

static void put_string(struct rn_buf *out, const char *text)
{
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static void put_side(const struct cli_stat_side *side, const char *name, struct rn_buf *out)
{
    rn_buf_printf(out, ",\n\"%s\":[", name);
    for (size_t i = 0; i < side->count; i++) {
        rn_buf_text(out, i ? "," : "");
        put_string(out, side->paths[i]);
    }
    rn_buf_byte(out, ']');
}

/* Values are whole numbers, but for means and medians of an even number. */
static void put_row(const struct cli_comparison *comparison, const struct rn_comparison_row *row,
                    struct rn_buf *out)
{
    rn_buf_printf(out,
                  "{\"family\":\"%s\",\"name\":", cli_comparison_family(comparison, row->family));
    put_string(out, row->name);
    rn_buf_printf(out, ",\"verdict\":\"%s\",\"certain\":%s,\"a\":%.3f,\"b\":%.3f",
                  cli_comparison_verdict(comparison, row), row->certain ? "true" : "false", row->a,
                  row->b);
    rn_buf_printf(out, ",\"calls_a\":%.1f,\"calls_b\":%.1f", row->calls_a, row->calls_b);
    if (row->ratio > 0)
        rn_buf_printf(out, ",\"ratio\":%.6f", row->ratio);
    else
        rn_buf_text(out, ",\"ratio\":null");
    if (row->bounded && row->ratio > 0)
        rn_buf_printf(out, ",\"low\":%.6f,\"high\":%.6f", row->low, row->high);
    else
        rn_buf_text(out, ",\"low\":null,\"high\":null");
    rn_buf_printf(out, ",\"p\":%.6g,\"q\":%.6g,\"within_runs\":%s}", row->p, row->q,
                  row->within_runs ? "true" : "false");
}

static bool is_shown(const struct cli_comparison *comparison, size_t i, size_t *place)
{
    size_t top = comparison->job->order.top;

    *place = i && comparison->rows[i - 1].family == comparison->rows[i].family ? *place + 1 : 0;
    return !top || *place < top;
}

void cli_comparison_json(const struct cli_comparison *comparison, struct rn_buf *out)
{
    const struct cli_stat_job *job = comparison->job;
    const char *separator = "";
    size_t place = 0;

    rn_buf_printf(out,
                  "{\"schema\":\"rn-stat-compare/1\",\"by\":\"%s\",\"number\":\"%s\","
                  "\"threshold_percent\":%g,\"incomplete\":%s",
                  cli_stat_by_names[job->by], cli_stat_metrics[job->order.metric].field,
                  100 * job->threshold, comparison->lacks_events ? "true" : "false");
    put_side(&comparison->sides[0], "a", out);
    put_side(&comparison->sides[1], "b", out);
    rn_buf_text(out, ",\n\"groups\":[");
    for (size_t i = 0; i < comparison->count; i++) {
        if (!is_shown(comparison, i, &place))
            continue;
        rn_buf_printf(out, "%s\n", separator);
        put_row(comparison, &comparison->rows[i], out);
        separator = ",";
    }
    rn_buf_text(out, "]}\n");
}

void cli_comparison_csv(const struct cli_comparison *comparison, struct rn_buf *out)
{
    size_t place = 0;

    rn_buf_text(out, "family,name,verdict,certain,a,b,calls_a,calls_b,ratio,low,high,p,q\r\n");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct rn_comparison_row *row = &comparison->rows[i];

        if (!is_shown(comparison, i, &place))
            continue;
        rn_buf_printf(out, "%s,", cli_comparison_family(comparison, row->family));
        rn_escape_csv(out, (const uint8_t *)row->name, strlen(row->name));
        rn_buf_printf(out, ",%s,%d,%.3f,%.3f,%.1f,%.1f,", cli_comparison_verdict(comparison, row),
                      row->certain, row->a, row->b, row->calls_a, row->calls_b);
        if (row->ratio > 0)
            rn_buf_printf(out, "%.6f", row->ratio);
        if (row->bounded && row->ratio > 0)
            rn_buf_printf(out, ",%.6f,%.6f", row->low, row->high);
        else
            rn_buf_text(out, ",,");
        rn_buf_printf(out, ",%.6g,%.6g\r\n", row->p, row->q);
    }
}
