/* SPDX-License-Identifier: MIT */
/* One JSON object a recording; the schema is in rn-info(1). */
#include "cli_info.h"

#include "formats/escape.h"
#include "formats/xlat.h"

#include <string.h>
#include <sys/wait.h>

/* Every key but the first is written with its comma. */
static void key(struct rn_buf *out, const char *name)
{
    rn_buf_printf(out, ",\"%s\":", name);
}

static void put_text(struct rn_buf *out, const char *text)
{
    if (text)
        rn_escape_json(out, (const uint8_t *)text, strlen(text));
    else
        rn_buf_text(out, "null");
}

static void text_field(struct rn_buf *out, const char *name, const char *text)
{
    key(out, name);
    put_text(out, text);
}

static void number_field(struct rn_buf *out, const char *name, uint64_t number)
{
    key(out, name);
    rn_buf_decimal(out, number);
}

static void bool_field(struct rn_buf *out, const char *name, bool value)
{
    key(out, name);
    rn_buf_text(out, value ? "true" : "false");
}

/* A number that may be over 2^53, where other readers of JSON lose digits. */
static void long_field(struct rn_buf *out, const char *name, uint64_t number)
{
    key(out, name);
    rn_buf_printf(out, "\"%llu\"", (unsigned long long)number);
}

static void put_uuid(struct rn_buf *out, const uint8_t uuid[16])
{
    key(out, "uuid");
    rn_buf_byte(out, '"');
    for (unsigned i = 0; i < 16; i++)
        rn_buf_printf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
    rn_buf_byte(out, '"');
}

static void put_command(struct rn_buf *out, const struct cli_info *info)
{
    const struct rn_manifest *manifest = info->manifest;
    key(out, "command");
    if (!manifest->argv) {
        rn_buf_text(out, "null");
    } else {
        rn_buf_byte(out, '[');
        for (char **word = manifest->argv; *word; word++) {
            if (word != manifest->argv)
                rn_buf_byte(out, ',');
            put_text(out, *word);
        }
        rn_buf_byte(out, ']');
    }
    if (manifest->attached_pid) {
        number_field(out, "attached_pid", manifest->attached_pid);
        text_field(out, "attached_exe", info->attached_exe);
    }
}

static void put_manifest(struct rn_buf *out, const struct cli_info *info)
{
    const struct rn_manifest *manifest = info->manifest;
    put_uuid(out, manifest->uuid);
    put_command(out, info);
    text_field(out, "directory", manifest->cwd);
    text_field(out, "host", manifest->host);
    text_field(out, "system", manifest->os);
    text_field(out, "boot_id", manifest->boot_id);
    text_field(out, "creator", manifest->creator);
    text_field(out, "engine", manifest->engine);
    text_field(out, "selection", manifest->selection);
    text_field(out, "scrubbed", manifest->scrubbed);
    text_field(out, "scrub_key", manifest->scrub_key);
    text_field(out, "stack", manifest->stack);
    key(out, "not_seen");
    rn_buf_text(out, manifest->vdso ? "[\"vdso\"]" : "[]");
    key(out, "content_head_bytes");
    if (manifest->content_head == UINT64_MAX)
        rn_buf_text(out, "null");
    else
        rn_buf_decimal(out, manifest->content_head);
    long_field(out, "start_realtime_ns", manifest->start.realtime_ns);
    text_field(out, "clock", manifest->tick_unit == RN_TICK_TSC ? "tsc" : "monotonic");
    number_field(out, "tick_shift", manifest->tick_shift);
    number_field(out, "tick_hz", manifest->tick_hz);
}

static void put_end(struct rn_buf *out, const struct cli_info *info)
{
    number_field(out, "duration_ns", info->duration_ns);
    if (!info->index || !info->index->has_status)
        return;
    int status = info->index->status;
    if (WIFEXITED(status))
        number_field(out, "exit_status", (uint64_t)WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        text_field(out, "killed_by", rn_signal_name((unsigned)WTERMSIG(status)));
}

static void put_counts(struct rn_buf *out, const struct cli_info *info)
{
    const char *comma = "";
    number_field(out, "events", info->events);
    key(out, "counts");
    rn_buf_byte(out, '{');
    for (uint8_t kind = 1; kind < RN_KIND_LIMIT; kind++) {
        const char *name = rn_kind_name(kind);
        if (!RN_KIND_IS_EVENT(kind) || !info->counts[kind])
            continue;
        if (name)
            rn_buf_printf(out, "%s\"%s\":", comma, name);
        else
            rn_buf_printf(out, "%s\"%u\":", comma, kind);
        rn_buf_decimal(out, info->counts[kind]);
        comma = ",";
    }
    rn_buf_byte(out, '}');
    number_field(out, "skipped", info->skipped);
}

static void put_remark(struct rn_buf *out, const struct cli_info_remark *remark)
{
    if (remark->is_loss) {
        const char *kind =
            remark->kind < RN_KIND_LIMIT ? rn_kind_name((uint8_t)remark->kind) : NULL;
        rn_buf_printf(out, "{\"reason\":\"%s\"", cli_info_loss_reason(remark->code));
        text_field(out, "kind", kind);
        key(out, "count");
        if (remark->count)
            rn_buf_decimal(out, remark->count);
        else
            rn_buf_text(out, "null");
    } else {
        rn_buf_printf(out, "{\"code\":%llu", (unsigned long long)remark->code);
        number_field(out, "count", remark->count);
    }
    text_field(out, "text", remark->text);
    rn_buf_byte(out, '}');
}

static void put_remarks(struct rn_buf *out, const struct cli_info *info, const char *name,
                        bool is_loss)
{
    const char *comma = "";
    key(out, name);
    rn_buf_byte(out, '[');
    for (size_t i = 0; i < info->remark_count; i++) {
        if (info->remarks[i].is_loss != is_loss)
            continue;
        rn_buf_text(out, comma);
        put_remark(out, &info->remarks[i]);
        comma = ",";
    }
    rn_buf_byte(out, ']');
}

static void put_scanned(struct rn_buf *out, const struct cli_info *info)
{
    if (!info->scanned)
        return;
    number_field(out, "processes", info->processes.count);
    number_field(out, "streams", info->streams.count);
    number_field(out, "threads", info->stream_types[RN_STREAM_THREAD]);
    number_field(out, "in_flight", info->inflight);
    if (cli_info_has_engines(info) && info->traced <= info->counts[RN_KIND_SYSCALL]) {
        number_field(out, "inline_calls", info->counts[RN_KIND_SYSCALL] - info->traced);
        number_field(out, "traced_calls", info->traced);
    }
    key(out, "device_clocks");
    rn_buf_byte(out, '[');
    cli_info_put_clocks(info, out);
    rn_buf_byte(out, ']');
    put_remarks(out, info, "notices", false);
    put_remarks(out, info, "losses", true);
    number_field(out, "remarks_left_out", info->remarks_left_out);
}

static void put_size(struct rn_buf *out, const struct cli_info *info)
{
    number_field(out, "members", info->members);
    number_field(out, "segments", info->segments);
    if (!info->has_size)
        return;
    number_field(out, "size_bytes", info->size);
    if (info->events) {
        key(out, "bytes_per_event");
        rn_buf_printf(out, "%.3f", (double)info->size / (double)info->events);
    }
}

void cli_info_json(const struct cli_info *info, struct rn_buf *out)
{
    rn_buf_text(out, "{\"schema\":\"rn-info/1\"");
    text_field(out, "name", info->name);
    bool_field(out, "sealed", info->sealed);
    bool_field(out, "live", info->live);
    bool_field(out, "incomplete", info->incomplete || info->lost || info->damage);
    number_field(out, "damaged_places", info->damage);
    key(out, "lost_events");
    if (info->lost == UINT64_MAX)
        rn_buf_text(out, "null");
    else
        rn_buf_decimal(out, info->lost);
    put_manifest(out, info);
    put_end(out, info);
    put_counts(out, info);
    put_scanned(out, info);
    put_size(out, info);
    rn_buf_text(out, "}\n");
}
