/* SPDX-License-Identifier: MIT */
#include "cli_report.h"

#include "formats/escape.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define COMMAND_MAX 200u /* bytes of a command line in a heading */

void cli_report_text(struct rn_buf *out, const char *text)
{
    rn_escape_html(out, (const uint8_t *)text, strlen(text));
}

void cli_report_duration(struct rn_buf *out, double ns)
{
    if (ns < 1e3)
        rn_buf_printf(out, "%.0f ns", ns);
    else if (ns < 1e6)
        rn_buf_printf(out, "%.4g &micro;s", ns / 1e3);
    else if (ns < 1e9)
        rn_buf_printf(out, "%.4g ms", ns / 1e6);
    else
        rn_buf_printf(out, "%.5g s", ns / 1e9);
}

/* A file beside the scripts for gnuplot, as it is. */
static bool put_file(const char *name, struct rn_buf *out)
{
    char path[PATH_MAX];
    FILE *file;
    size_t got;

    if (!cli_share_path(path, sizeof path, name))
        return false;
    file = fopen(path, "re");
    if (!file) {
        cli_fail("%s: cannot open: %s", path, strerror(errno));
        return false;
    }
    do {
        uint8_t *room = rn_buf_reserve(out, 1 << 14);

        got = room ? fread(room, 1, 1 << 14, file) : 0;
        out->size += got;
    } while (got);
    fclose(file);
    return !out->failed;
}

/* In a script element only "</script" and "<!--" mean something: no "<" is left. */
static void put_json(struct rn_buf *out, const struct rn_buf *json)
{
    size_t begin = 0;

    for (size_t i = 0; i < json->size; i++) {
        char reference[8];

        if (json->data[i] != '<' && json->data[i] != '>' && json->data[i] != '&')
            continue;
        rn_buf_append(out, json->data + begin, i - begin);
        snprintf(reference, sizeof reference, "\\u%04x", json->data[i]);
        rn_buf_text(out, reference);
        begin = i + 1;
    }
    rn_buf_append(out, json->data + begin, json->size - begin);
}

/* A script on the command line may be long: all of it is in what rn-info says. */
static void put_command(const struct cli_info *info, struct rn_buf *out)
{
    char **argv = info->manifest->argv;
    size_t room = COMMAND_MAX;

    for (size_t i = 0; argv && argv[i] && room; i++) {
        size_t length = strlen(argv[i]);
        size_t shown = length < room ? length : room;

        rn_buf_text(out, i ? " " : "");
        for (size_t at = 0; at < shown; at++) {
            size_t line = strcspn(argv[i] + at, "\n");

            if (line > shown - at)
                line = shown - at;
            rn_escape_html(out, (const uint8_t *)argv[i] + at, line);
            at += line;
            rn_buf_text(out, at < shown ? " " : "");
        }
        room -= shown;
    }
    rn_buf_text(out, room == 0 ? "&hellip;" : "");
    if (!argv || !argv[0])
        cli_report_text(out, info->name);
}

/* What whoever reads the rest must know. */
static void put_warnings(const struct cli_info *info, struct rn_buf *out)
{
    bool any = false;

    for (size_t i = 0; i < info->remark_count; i++) {
        const struct cli_info_remark *remark = &info->remarks[i];

        if (!remark->text || (!remark->is_loss && (remark->code == RN_NOTICE_OVERHEAD ||
                                                   remark->code == RN_NOTICE_ENGINE)))
            continue;
        rn_buf_text(out, any ? "<br>" : "<div class=warning>");
        rn_buf_text(out, remark->is_loss ? "Lost: " : "");
        cli_report_text(out, remark->text);
        any = true;
    }
    if (info->incomplete) {
        rn_buf_text(out, any ? "<br>" : "<div class=warning>");
        rn_buf_text(out, "The recording is incomplete.");
        any = true;
    }
    rn_buf_text(out, any ? "</div>\n" : "");
}

static void put_facts(const struct cli_info *info, struct rn_buf *out)
{
    rn_buf_text(out, "<ul class=facts><li><b>");
    cli_report_duration(out, (double)info->duration_ns);
    rn_buf_printf(out, "</b> recorded<li><b>%llu</b> events", (unsigned long long)info->events);
    if (info->scanned)
        rn_buf_printf(out, "<li><b>%zu</b> processes<li><b>%llu</b> threads", info->processes.count,
                      (unsigned long long)info->stream_types[RN_STREAM_THREAD]);
    if (info->scanned && info->stream_types[RN_STREAM_QUEUE])
        rn_buf_printf(out, "<li><b>%llu</b> queues of devices",
                      (unsigned long long)info->stream_types[RN_STREAM_QUEUE]);
    if (info->manifest->host) {
        rn_buf_text(out, "<li>on <b>");
        cli_report_text(out, info->manifest->host);
        rn_buf_text(out, "</b>");
    }
    rn_buf_text(out, "</ul>\n");
}

/* Scripts of any other origin than this file's own element are refused by whoever shows it. */
static bool put_head(const struct cli_info *info, struct rn_buf *out, char nonce[33])
{
    uint8_t random[16];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        cli_fail("no random numbers: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    rn_buf_printf(out,
                  "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
                  "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src "
                  "data:; style-src 'unsafe-inline'; script-src 'nonce-%s'\">\n"
                  "<meta name=viewport content=\"width=device-width\">\n<title>",
                  nonce);
    put_command(info, out);
    rn_buf_text(out, " &ndash; recording</title>\n<style>\n");
    return put_file("report/report.css", out);
}

static bool put_body(const struct cli_report *report, const struct cli_info *info,
                     const char *nonce, struct rn_buf *out)
{
    struct rn_buf json = RN_BUF_INIT, table = RN_BUF_INIT, facts = RN_BUF_INIT;
    bool done = cli_report_timeline(report, &json, &table);

    rn_buf_text(out, "</style>\n<h1>");
    put_command(info, out);
    rn_buf_text(out, "</h1>\n");
    put_facts(info, out);
    if (!rn_filter_is_empty(report->filter))
        rn_buf_text(out,
                    "<div class=warning>Time line, pictures and tables are of a selection of the "
                    "events; the numbers above are of all.</div>\n");
    put_warnings(info, out);
    rn_buf_text(
        out, "<nav><a href=\"#time\">Time line</a><a href=\"#pictures\">Pictures</a>"
             "<a href=\"#tables\">Tables</a><a href=\"#about\">The recording</a></nav>\n"
             "<h2 id=time>Time line</h2>\n<noscript><p>The time line needs JavaScript.</noscript>\n"
             "<p id=controls><button id=zoom-in>+</button> <button id=zoom-out>&minus;</button> "
             "<button id=zoom-all>all</button> Wheel and keys + &minus; zoom, dragging and arrows "
             "move, 0 shows all. Zoomed in, the longest events are there one by one.\n"
             "<div id=timeline><canvas tabindex=0 role=img aria-label=\"Time line of threads and "
             "queues\"></canvas><div id=tip></div></div>\n<ul id=legend></ul>\n"
             "<h2 id=pictures>Pictures</h2>\n");
    done = done && cli_report_pictures(report, out);
    rn_buf_text(out, "<h2 id=tables>Tables</h2>\n");
    done = done && cli_report_tables(report, out);
    rn_buf_append(out, table.data, table.size);
    rn_buf_text(out, "<h2 id=about>The recording</h2>\n<pre>");
    cli_info_text(info, &facts);
    rn_buf_byte(&facts, 0);
    /* Line by line: elsewhere a line break would be shown as what it is. */
    for (char *line = (char *)facts.data, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            break;
        rn_escape_html(out, (const uint8_t *)line, (size_t)(end - line));
        rn_buf_byte(out, '\n');
    }
    rn_buf_text(out, "</pre>\n<footer>Written by rn-plot " RN_VERSION
                     ". This file needs no network and nothing beside it.</footer>\n"
                     "<script type=\"application/json\" id=data>");
    put_json(out, &json);
    rn_buf_printf(out, "</script>\n<script nonce=%s>\n", nonce);
    done = done && put_file("report/report.js", out);
    rn_buf_text(out, "</script>\n</html>\n");
    rn_buf_free(&json);
    rn_buf_free(&table);
    rn_buf_free(&facts);
    return done;
}

int cli_report_write(const struct cli_report *report)
{
    struct cli_output *output = NULL;
    struct rn_buf out = RN_BUF_INIT;
    struct cli_info info;
    char nonce[33];
    bool done = cli_info_read(&info, report->path, false), whole = done;

    whole = done && info.damage == 0;
    done = done && put_head(&info, &out, nonce) && put_body(report, &info, nonce, &out);
    if (done && out.failed) {
        cli_fail("out of memory");
        done = false;
    }
    if (done)
        output = cli_output_open(report->output_path);
    done = output && cli_output_close(output, &out);
    rn_buf_free(&out);
    cli_info_clear(&info);
    return done && whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}
