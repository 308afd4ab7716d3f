/* SPDX-License-Identifier: MIT */
#include "cli_info.h"

#include "formats/escape.h"
#include "formats/xlat.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

static const char *const loss_reasons[] = {
    [RN_LOSS_OTHER] = "other",         [RN_LOSS_RING_FULL] = "ring-full",
    [RN_LOSS_DISK_FULL] = "disk-full", [RN_LOSS_MAX_SIZE] = "max-size",
    [RN_LOSS_LAST] = "last",           [RN_LOSS_KILLED] = "killed",
    [RN_LOSS_DAMAGED] = "damaged",
};

const char *cli_info_loss_reason(uint64_t reason)
{
    return reason < sizeof(loss_reasons) / sizeof(loss_reasons[0]) ? loss_reasons[reason] : "other";
}

void cli_info_status(int status, struct rn_buf *out)
{
    if (WIFEXITED(status)) {
        rn_buf_printf(out, "exit status %d", WEXITSTATUS(status));
    } else if (WIFSIGNALED(status)) {
        rn_buf_printf(out, "killed by %s%s", rn_signal_name((unsigned)WTERMSIG(status)),
                      WCOREDUMP(status) ? " (core dumped)" : "");
    } else {
        rn_buf_printf(out, "wait status 0x%x", (unsigned)status);
    }
}

static void label(struct rn_buf *out, const char *name)
{
    rn_buf_printf(out, "%-12s", name);
}

static void show(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

static void line(struct rn_buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    label(out, name);
    show(out, text);
    rn_buf_byte(out, '\n');
}

/* As it would be typed into a shell. */
static void show_word(struct rn_buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=@%+,-";
    if (word[0] && strspn(word, plain) == strlen(word)) {
        rn_buf_text(out, word);
        return;
    }
    rn_buf_byte(out, '\'');
    for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
        rn_escape_terminal(out, (const uint8_t *)word, (size_t)(quote - word));
        rn_buf_text(out, "'\\''");
    }
    show(out, word);
    rn_buf_byte(out, '\'');
}

static void show_command(const struct rn_manifest *manifest, struct rn_buf *out)
{
    if (manifest->argv) {
        label(out, "Command");
        for (char **word = manifest->argv; *word; word++) {
            if (word != manifest->argv)
                rn_buf_byte(out, ' ');
            show_word(out, *word);
        }
        rn_buf_byte(out, '\n');
    }
    if (manifest->attached_pid)
        rn_buf_printf(out, "%-12sprocess %u\n", "Attached to", manifest->attached_pid);
    line(out, "Directory", manifest->cwd);
}

static void show_seconds(struct rn_buf *out, uint64_t ns)
{
    rn_buf_printf(out, "%llu.%06llu s", (unsigned long long)(ns / 1000000000),
                  (unsigned long long)(ns % 1000000000 / 1000));
}

static void show_when(const struct cli_info *info, struct rn_buf *out)
{
    const struct rn_manifest *manifest = info->manifest;
    time_t seconds = (time_t)(manifest->start.realtime_ns / 1000000000);
    struct tm when;
    char text[64];
    label(out, "Recorded");
    if (localtime_r(&seconds, &when) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &when))
        rn_buf_printf(out, "%s, for ", text);
    show_seconds(out, info->duration_ns);
    rn_buf_byte(out, '\n');
    label(out, "Recorder");
    show(out, manifest->creator ? manifest->creator : "unknown");
    rn_buf_text(out, ", engine ");
    show(out, manifest->engine ? manifest->engine : "unknown");
    rn_buf_byte(out, '\n');
}

static void show_ticks(const struct rn_manifest *manifest, struct rn_buf *out)
{
    double rate = manifest->tick_unit == RN_TICK_TSC && manifest->tick_hz
                      ? 1e9 / (double)manifest->tick_hz
                      : 1;
    double tick_ns = rate * (double)(1ull << (manifest->tick_shift & 63));
    rn_buf_printf(out, "%-12s%s, %.2f ns a tick\n", "Clock",
                  manifest->tick_unit == RN_TICK_TSC ? "time stamp counter" : "CLOCK_MONOTONIC",
                  tick_ns);
}

static void show_settings(const struct rn_manifest *manifest, struct rn_buf *out)
{
    label(out, "Content");
    if (manifest->content_head == UINT64_MAX)
        rn_buf_text(out, "all bytes of each transfer are kept\n");
    else if (manifest->content_head == 0)
        rn_buf_text(out, "fingerprints only\n");
    else
        rn_buf_printf(out, "fingerprints, and the first %llu bytes of each transfer\n",
                      (unsigned long long)manifest->content_head);
    line(out, "Selection", manifest->selection);
}

static void show_uuid(const uint8_t uuid[16], struct rn_buf *out)
{
    label(out, "UUID");
    for (unsigned i = 0; i < 16; i++)
        rn_buf_printf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
    rn_buf_byte(out, '\n');
}

static void show_counts(const struct cli_info *info, struct rn_buf *out)
{
    const char *separator = ": ";
    rn_buf_printf(out, "%-12s%llu", "Events", (unsigned long long)info->events);
    for (uint8_t kind = 1; kind < RN_KIND_LIMIT; kind++) {
        const char *name = rn_kind_name(kind);
        if (!RN_KIND_IS_EVENT(kind) || !info->counts[kind])
            continue;
        rn_buf_printf(out, "%s%llu ", separator, (unsigned long long)info->counts[kind]);
        if (name)
            rn_buf_text(out, name);
        else
            rn_buf_printf(out, "of unknown kind %u", kind);
        separator = ", ";
    }
    rn_buf_byte(out, '\n');
    if (info->skipped)
        rn_buf_printf(out, "%-12s%llu events of kinds unknown to this version\n", "Skipped",
                      (unsigned long long)info->skipped);
}

static void show_streams(const struct cli_info *info, struct rn_buf *out)
{
    if (!info->scanned)
        return;
    rn_buf_printf(out, "%-12s%zu\n", "Processes", info->processes.count);
    rn_buf_printf(out, "%-12s%zu: %llu threads, %llu queues, %llu others\n", "Streams",
                  info->streams.count, (unsigned long long)info->stream_types[RN_STREAM_THREAD],
                  (unsigned long long)info->stream_types[RN_STREAM_QUEUE],
                  (unsigned long long)info->stream_types[RN_STREAM_SOURCE]);
    if (info->inflight)
        rn_buf_printf(out, "%-12s%llu system calls had not returned at the end\n", "In flight",
                      (unsigned long long)info->inflight);
}

static void show_size(const struct cli_info *info, struct rn_buf *out)
{
    if (info->has_size) {
        rn_buf_printf(out, "%-12s%llu bytes", "Size", (unsigned long long)info->size);
        if (info->events)
            rn_buf_printf(out, ", %.2f an event", (double)info->size / (double)info->events);
        rn_buf_byte(out, '\n');
    }
    rn_buf_printf(out, "%-12s%llu in %llu segments\n", "Members", (unsigned long long)info->members,
                  (unsigned long long)info->segments);
    label(out, "Sealed");
    rn_buf_text(out, info->sealed ? "yes" : "no");
    if (info->sealed && info->index && info->index->sealed_by) {
        rn_buf_text(out, ", by ");
        show(out, info->index->sealed_by);
    }
    rn_buf_byte(out, '\n');
}

static void show_remark(const struct cli_info_remark *remark, struct rn_buf *out)
{
    const char *kind = rn_kind_name((uint8_t)(remark->kind < RN_KIND_LIMIT ? remark->kind : 0));
    label(out, remark->is_loss ? "Lost" : "Notice");
    if (remark->is_loss) {
        if (remark->count)
            rn_buf_printf(out, "%llu ", (unsigned long long)remark->count);
        else
            rn_buf_text(out, "an unknown number of ");
        rn_buf_printf(out, "%s%sevents, %s", kind ? kind : "", kind ? " " : "",
                      cli_info_loss_reason(remark->code));
        rn_buf_text(out, remark->text[0] ? ": " : "");
    }
    show(out, remark->text);
    if (!remark->is_loss && remark->count > 1)
        rn_buf_printf(out, " (%llu times)", (unsigned long long)remark->count);
    rn_buf_byte(out, '\n');
}

/* What a reader must know before anything else. */
static void show_warnings(const struct cli_info *info, struct rn_buf *out)
{
    if (!info->sealed)
        rn_buf_text(out, "NOT SEALED  the recorder is still running, or was killed: then "
                         "'rn-info --seal' makes an archive of it\n");
    if (info->lost == UINT64_MAX)
        rn_buf_text(out, "INCOMPLETE  an unknown number of events is not in this recording\n");
    else if (info->lost)
        rn_buf_printf(out, "INCOMPLETE  %llu events are not in this recording\n",
                      (unsigned long long)info->lost);
    if (info->damage)
        rn_buf_printf(out, "DAMAGED     %llu places could not be read\n",
                      (unsigned long long)info->damage);
    else if (info->incomplete && info->sealed && !info->lost)
        rn_buf_text(out, "INCOMPLETE  part of this recording could not be read\n");
}

void cli_info_text(const struct cli_info *info, struct rn_buf *out)
{
    const struct rn_manifest *manifest = info->manifest;
    line(out, "Recording", info->name);
    show_warnings(info, out);
    show_command(manifest, out);
    line(out, "Host", manifest->host);
    line(out, "System", manifest->os);
    show_when(info, out);
    if (info->index && info->index->has_status) {
        label(out, "Ended");
        cli_info_status(info->index->status, out);
        rn_buf_byte(out, '\n');
    }
    show_counts(info, out);
    show_streams(info, out);
    for (size_t i = 0; i < info->remark_count; i++)
        show_remark(&info->remarks[i], out);
    if (info->remarks_left_out)
        rn_buf_printf(out, "%-12s%llu more notices and losses\n", "Left out",
                      (unsigned long long)info->remarks_left_out);
    show_settings(manifest, out);
    show_ticks(manifest, out);
    show_uuid(manifest->uuid, out);
    show_size(info, out);
}
