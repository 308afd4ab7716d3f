/* SPDX-License-Identifier: MIT */
#include "cli_info.h"

#include "formats/escape.h"
#include "formats/xlat.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

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

static void show_command(const struct cli_info *info, struct rn_buf *out)
{
    const struct rn_manifest *manifest = info->manifest;
    if (manifest->argv) {
        label(out, "Command");
        for (char **word = manifest->argv; *word; word++) {
            if (word != manifest->argv)
                rn_buf_byte(out, ' ');
            show_word(out, *word);
        }
        rn_buf_byte(out, '\n');
    }
    if (manifest->attached_pid) {
        rn_buf_printf(out, "%-12sprocess %u", "Attached to", manifest->attached_pid);
        rn_buf_text(out, info->attached_exe ? ", " : "");
        show(out, info->attached_exe ? info->attached_exe : "");
        rn_buf_byte(out, '\n');
    }
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
    if (manifest->scrubbed && manifest->content_head == 0)
        rn_buf_text(out, "one keyed fingerprint for each file, stream and connection\n");
    else if (manifest->content_head == UINT64_MAX)
        rn_buf_text(out, "all bytes of each transfer are kept\n");
    else if (manifest->content_head == 0)
        rn_buf_text(out, "fingerprints only\n");
    else
        rn_buf_printf(out, "fingerprints, and the first %llu bytes of each transfer\n",
                      (unsigned long long)manifest->content_head);
    line(out, "Stacks", manifest->stack);
    line(out, "Selection", manifest->selection);
    line(out, "Scrubbed by", manifest->scrubbed);
    line(out, "Scrub key", manifest->scrub_key);
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

static void count_line(struct rn_buf *out, const char *name, uint64_t count, const char *text)
{
    if (count)
        rn_buf_printf(out, "%-12s%llu%s\n", name, (unsigned long long)count, text);
}

/* Which engine saw how many calls, where it was not one alone. */
static void show_engines(const struct cli_info *info, struct rn_buf *out)
{
    uint64_t calls = info->counts[RN_KIND_SYSCALL];
    if (!cli_info_has_engines(info) || info->traced > calls)
        return;
    label(out, "Engines");
    rn_buf_printf(out, "%llu system calls inline, %llu by ptrace\n",
                  (unsigned long long)(calls - info->traced), (unsigned long long)info->traced);
}

static void show_streams(const struct cli_info *info, struct rn_buf *out)
{
    const uint64_t *types = info->stream_types;
    if (!info->scanned)
        return;
    count_line(out, "Processes", info->processes.count, "");
    count_line(out, "Threads", types[RN_STREAM_THREAD], "");
    count_line(out, "Queues", types[RN_STREAM_QUEUE], "");
    count_line(out, "Sources", types[RN_STREAM_SOURCE], " other streams of events");
    count_line(out, "In flight", info->inflight, " system calls that had not returned at the end");
}

/* 512 bytes, 1.5 KiB (1536 bytes) */
static void show_bytes(struct rn_buf *out, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    double value = (double)bytes / 1024;
    unsigned unit = 0;
    for (; value >= 1024 && unit + 2 < sizeof(units); unit++)
        value /= 1024;
    if (bytes >= 1024)
        rn_buf_printf(out, "%.1f %ciB (%llu bytes)", value, units[unit], (unsigned long long)bytes);
    else
        rn_buf_printf(out, "%llu bytes", (unsigned long long)bytes);
}

static void show_size(const struct cli_info *info, struct rn_buf *out)
{
    if (info->has_size) {
        label(out, "Size");
        show_bytes(out, info->size);
        if (info->events)
            rn_buf_printf(out, ", %.2f bytes an event", (double)info->size / (double)info->events);
        rn_buf_byte(out, '\n');
    }
    rn_buf_printf(out, "%-12s%llu, in %llu segment%s\n", "Members",
                  (unsigned long long)info->members, (unsigned long long)info->segments,
                  info->segments == 1 ? "" : "s");
    label(out, "Sealed");
    rn_buf_text(out, info->sealed ? "yes" : "no");
    if (info->sealed && info->index && info->index->sealed_by) {
        rn_buf_text(out, ", by ");
        show(out, info->index->sealed_by);
    }
    rn_buf_byte(out, '\n');
}

static void show_unsealed(const struct cli_info *info, struct rn_buf *out)
{
    label(out, "NOT SEALED");
    if (info->live) {
        rn_buf_text(out, "rn-record is still running: this is what it has written so far\n");
    } else if (info->is_part) {
        rn_buf_text(out,
                    "rn-record was killed; to make an archive of what is there: rn-info --seal ");
        show_word(out, info->name);
        rn_buf_byte(out, '\n');
    } else {
        rn_buf_text(out, "its end is missing: it was cut, or is still being written\n");
    }
}

/* What a reader must know before anything else. */
static void show_warnings(const struct cli_info *info, struct rn_buf *out)
{
    if (!info->sealed)
        show_unsealed(info, out);
    if (info->lost == UINT64_MAX)
        rn_buf_text(out, "INCOMPLETE  an unknown number of events is missing\n");
    else if (info->lost)
        rn_buf_printf(out, "INCOMPLETE  %llu events are missing\n", (unsigned long long)info->lost);
    cli_info_show_remarks(info, true, out);
    if (info->damage)
        rn_buf_printf(out, "DAMAGED     %llu place%s could not be read\n",
                      (unsigned long long)info->damage, info->damage == 1 ? "" : "s");
    else if (info->incomplete && info->sealed && !info->lost)
        rn_buf_text(out, "INCOMPLETE  part of this recording could not be read\n");
}

void cli_info_text(const struct cli_info *info, struct rn_buf *out)
{
    const struct rn_manifest *manifest = info->manifest;
    line(out, "Recording", info->name);
    show_warnings(info, out);
    show_command(info, out);
    line(out, "Host", manifest->host);
    line(out, "System", manifest->os);
    show_when(info, out);
    if (info->index && info->index->has_status) {
        label(out, "Ended");
        cli_info_status(info->index->status, out);
        rn_buf_byte(out, '\n');
    }
    show_counts(info, out);
    show_engines(info, out);
    show_streams(info, out);
    cli_info_show_remarks(info, false, out);
    if (info->remarks_left_out)
        rn_buf_printf(out, "%-12s%llu more notices and losses\n", "Left out",
                      (unsigned long long)info->remarks_left_out);
    if (manifest->vdso)
        line(out, "Not seen", "clock_gettime, gettimeofday, time and getcpu where the vDSO answers");
    show_settings(manifest, out);
    show_ticks(manifest, out);
    cli_info_show_clocks(info, out);
    show_uuid(manifest->uuid, out);
    show_size(info, out);
}
