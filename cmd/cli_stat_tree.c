/* SPDX-License-Identifier: MIT */
#include "cli_stat_tree.h"

#include "cli_stat_rows.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMN = 9 };

/* ---- text ---- */

/* Depth is limited by that of the tree. */
static void text_line(const struct cli_stat_tree *tree, const struct rn_call_tree_node *node,
                      uint32_t depth, struct rn_buf *out)
{
    const struct rn_call_tree_node *root = rn_call_tree_root(tree->tree);

    rn_buf_printf(out, "%6.2f ",
                  root->total_ns ? 100 * (double)node->total_ns / (double)root->total_ns : 0);
    cli_stat_text_value(out, STAT_TOTAL, (double)node->total_ns, COLUMN);
    rn_buf_byte(out, ' ');
    cli_stat_text_value(out, STAT_TOTAL, (double)node->self_ns, COLUMN);
    rn_buf_printf(out, " %10" PRIu64 "  %*s", node->calls, 2 * (int)depth, "");
    cli_stat_text_name(out, node->name);
    rn_buf_byte(out, '\n');
}

static void text_node(const struct cli_stat_tree *tree, const struct rn_call_tree_node *node,
                      struct rn_buf *out)
{
    const struct rn_call_tree_node *root = rn_call_tree_root(tree->tree);
    char name[] = "(others)";
    struct rn_call_tree_node others = {.name = name};
    size_t shown = 0;

    text_line(tree, node, node->depth, out);
    for (const struct rn_call_tree_node *child = node->child; child; child = child->next) {
        if ((!tree->top || shown < tree->top) &&
            (double)child->total_ns >= CLI_STAT_TREE_SHARE * (double)root->total_ns) {
            text_node(tree, child, out);
            shown++;
            continue;
        }
        others.calls += child->calls;
        others.total_ns += child->total_ns;
    }
    if (others.calls) {
        others.self_ns = others.total_ns;
        text_line(tree, &others, node->depth + 1, out);
    }
}

void cli_stat_tree_text(const struct cli_stat_tree *tree, struct rn_buf *out)
{
    rn_buf_printf(out, "%6s %*s %*s %10s  function\n", "% time", COLUMN, "total", COLUMN, "self",
                  "calls");
    text_node(tree, rn_call_tree_root(tree->tree), out);
    if (rn_call_tree_overflowed(tree->tree))
        rn_buf_printf(out, "\nNot all is here: what is not in the first %u nodes is in (other)\n",
                      RN_CALL_TREE_NODES);
    if (tree->totals->lost || tree->totals->lost_more || tree->totals->incomplete)
        rn_buf_text(out, "\nNot all is here: events are missing\n");
}

/* ---- JSON ---- */

static void json_node(const struct cli_stat_tree *tree, const struct rn_call_tree_node *node,
                      struct rn_buf *out)
{
    size_t shown = 0;

    rn_buf_text(out, "{\"name\":");
    rn_escape_json(out, (const uint8_t *)node->name, strlen(node->name));
    rn_buf_printf(out,
                  ",\"calls\":%" PRIu64 ",\"total_ns\":%" PRIu64 ",\"self_calls\":%" PRIu64
                  ",\"self_ns\":%" PRIu64 ",\"children\":[",
                  node->calls, node->total_ns, node->self_calls, node->self_ns);
    for (const struct rn_call_tree_node *child = node->child;
         child && (!tree->top || shown < tree->top); child = child->next) {
        rn_buf_text(out, shown++ ? ",\n" : "\n");
        json_node(tree, child, out);
    }
    rn_buf_text(out, "]}");
}

void cli_stat_tree_json(const struct cli_stat_tree *tree, struct rn_buf *out)
{
    const struct rn_summary_totals *totals = tree->totals;

    rn_buf_printf(out,
                  "{\"schema\":\"rn-stat-tree/1\",\"recordings\":%" PRIu64
                  ",\"incomplete\":%s,\"overflowed\":%s,\n\"root\":",
                  totals->recordings,
                  totals->lost || totals->lost_more || totals->incomplete ? "true" : "false",
                  rn_call_tree_overflowed(tree->tree) ? "true" : "false");
    json_node(tree, rn_call_tree_root(tree->tree), out);
    rn_buf_text(out, "}\n");
}

/* ---- reading ---- */

static void render_text(const void *tree, struct rn_buf *out)
{
    cli_stat_tree_text(tree, out);
}

static void render_json(const void *tree, struct rn_buf *out)
{
    cli_stat_tree_json(tree, out);
}

static bool print(const struct cli_stat_job *job, const struct cli_stat_sums *sums,
                  struct rn_call_tree *tree)
{
    const struct cli_stat_tree shown = {
        .tree = tree, .totals = rn_summary_totals(sums->events), .top = job->order.top};

    if (!shown.totals->recordings)
        return false;
    rn_call_tree_sort(tree);
    return cli_stat_print(job->output_path, job->format == STAT_JSON ? render_json : render_text,
                          &shown);
}

int cli_stat_tree(const struct cli_stat_job *job, char **paths)
{
    struct rn_call_tree *tree = rn_call_tree_new();
    struct rn_error first = RN_ERROR_INIT;
    struct cli_stat_sums sums = {.events = NULL};
    bool made = tree && cli_stat_sums_make_tree(&sums, job->filter, tree), whole = made;

    if (!made)
        cli_fail("out of memory");
    else
        rn_summary_locate(sums.events, &job->locate.options);
    for (; made && *paths; paths++) {
        struct rn_error err = RN_ERROR_INIT;

        whole &= cli_stat_sums_read(&sums, job->filter, *paths, &err);
        if (first.status == RN_OK)
            first = err;
    }
    if (made)
        whole &= print(job, &sums, tree);
    if (first.status != RN_OK)
        cli_error(&first);
    cli_stat_sums_free(&sums);
    rn_call_tree_free(tree);
    return whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
