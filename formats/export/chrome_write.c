/* SPDX-License-Identifier: MIT */
#include "chrome_write_private.h"
#include "formats/json_scan.h"
#include "slice_formats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR_NS 3600000000000u

static enum rn_status result(const struct rn_slice_writer *writer, struct rn_error *err)
{
    const struct rn_chrome_writer *state = writer->state;

    return writer->out->failed || state->text.failed
               ? rn_fail(err, RN_E_NOMEM, "no memory to write a trace")
               : RN_OK;
}

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to write a trace");
}

void rn_chrome_write_text(struct rn_slice_writer *writer, const char *data, size_t size)
{
    uint64_t bytes = rn_scan_quote(writer->out, data, size);

    if (bytes)
        writer->note(writer->note_context, "bytes of names that are no UTF-8, written as \\xNN",
                     bytes);
}

static void put_text(struct rn_slice_writer *writer, const char *text)
{
    rn_chrome_write_text(writer, text, strlen(text));
}

static void put_key(struct rn_slice_writer *writer, const char *key)
{
    rn_buf_text(writer->out, key);
}

/* Microseconds with three decimals, which are all of the nanoseconds. */
static void put_us(struct rn_buf *out, int64_t ns)
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    char decimals[4] = {'.', (char)('0' + size / 100 % 10), (char)('0' + size / 10 % 10),
                        (char)('0' + size % 10)};

    if (ns < 0)
        rn_buf_byte(out, '-');
    rn_buf_decimal(out, size / 1000);
    rn_buf_append(out, decimals, sizeof decimals);
}

static void put_ts(struct rn_slice_writer *writer, uint64_t ns)
{
    const struct rn_chrome_writer *state = writer->state;

    put_key(writer, ",\"ts\":");
    put_us(writer->out, (int64_t)(ns - state->base_ns));
}

/* {"ph":"X","pid":1,"tid":2 */
static void open_event(struct rn_slice_writer *writer, char phase, uint64_t pid, uint64_t tid)
{
    struct rn_chrome_writer *state = writer->state;

    rn_buf_text(writer->out, state->begun ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
    state->begun = true;
    rn_buf_byte(writer->out, (uint8_t)phase);
    put_key(writer, "\",\"pid\":");
    rn_buf_decimal(writer->out, pid);
    put_key(writer, ",\"tid\":");
    rn_buf_decimal(writer->out, tid);
}

static void put_names(struct rn_slice_writer *writer, const char *name, const char *category)
{
    put_key(writer, ",\"name\":");
    put_text(writer, name);
    if (*category) {
        put_key(writer, ",\"cat\":");
        put_text(writer, category);
    }
}

/* What is known of the recording, where the format has place for anything. */
static void put_other_data(struct rn_slice_writer *writer, const struct rn_slice_facts *facts)
{
    put_key(writer, "\"otherData\":{\"creator\":");
    put_text(writer, facts->creator);
    if (facts->manifest->host) {
        put_key(writer, ",\"host\":");
        put_text(writer, facts->manifest->host);
    }
    if (facts->manifest->os) {
        put_key(writer, ",\"os\":");
        put_text(writer, facts->manifest->os);
    }
    if (facts->lost == UINT64_MAX) {
        put_key(writer, ",\"lost_events\":\"unknown\"");
    } else if (facts->lost) {
        put_key(writer, ",\"lost_events\":");
        rn_buf_decimal(writer->out, facts->lost);
    }
    put_key(writer, "}");
}

/* Viewers keep times as doubles, which have no place for nanoseconds since 1970: so they are since
 * a whole hour before the begin, told as PyTorch tells it. */
static enum rn_status begin(struct rn_slice_writer *writer, const struct rn_slice_facts *facts,
                            struct rn_error *err)
{
    struct rn_chrome_writer *state = calloc(1, sizeof *state);
    uint64_t start = facts->manifest->start.realtime_ns;

    writer->state = state;
    if (!state)
        return no_memory(err);
    state->base_ns = start - start % HOUR_NS;
    put_key(writer, "{\"displayTimeUnit\":\"ns\",\"baseTimeNanoseconds\":");
    rn_buf_decimal(writer->out, state->base_ns);
    rn_buf_byte(writer->out, ',');
    put_other_data(writer, facts);
    put_key(writer, ",\n\"traceEvents\":[");
    return result(writer, err);
}

/* A pid that was used again is another process: it gets a number that no process has. */
static enum rn_status number_process(struct rn_slice_writer *writer, const struct rn_track *track,
                                     uint64_t *pid, struct rn_error *err)
{
    struct rn_chrome_writer *state = writer->state;
    struct rn_track_entry *known = rn_track_get(&state->pids, track->pid + 1);

    if (!known)
        return no_memory(err);
    if (!known->tid)
        known->tid = track->serial + 1;
    *pid = track->pid;
    if (known->tid != track->serial + 1) {
        *pid += (track->serial & 0xfffff) << 32;
        writer->note(writer->note_context, "processes whose number was used again, renumbered", 1);
    }
    return RN_OK;
}

static void put_metadata(struct rn_slice_writer *writer, const struct rn_track_entry *entry,
                         const struct rn_track *track, uint64_t of)
{
    struct rn_buf *out = writer->out;
    bool process = track->type == RN_TRACK_PROCESS;

    /* That is what is called so of which no name is known. */
    if ((process || track->type == RN_TRACK_THREAD) && strcmp(track->name, "?") == 0)
        return;
    open_event(writer, 'M', entry->pid, entry->tid);
    put_names(writer, process ? "process_name" : "thread_name", "");
    put_key(writer, ",\"args\":{\"name\":");
    put_text(writer, track->name);
    if (track->type == RN_TRACK_LANE) {
        /* The name is that of the thread or queue; its lanes are told apart by a number. */
        out->size--;
        rn_buf_printf(out, " (%llu)\",\"rn.lane_of\":%llu", (unsigned long long)track->number + 2,
                      (unsigned long long)of);
    } else if (track->type == RN_TRACK_QUEUE) {
        rn_buf_printf(out, ",\"rn.queue\":%llu", (unsigned long long)track->tid);
    } else if (track->type == RN_TRACK_OTHER) {
        rn_buf_printf(out, ",\"rn.track\":%llu", (unsigned long long)track->tid);
    }
    put_key(writer, "}}");
}

/* A counter's name is its own, its id and its series, of which the format has all three. */
static bool keep_counter(struct rn_track_entry *entry, const struct rn_track *track)
{
    size_t length = strlen(track->name);
    char id[32] = "";
    int id_size;

    free(entry->name);
    entry->name = strdup(track->name);
    if (!entry->name)
        return false;
    entry->base = entry->name;
    entry->series = "value";
    entry->number = track->number;
    if (track->series) {
        length = (size_t)(track->series - track->name);
        entry->series = entry->name + length;
        length -= length != 0;
        entry->name[length] = '\0';
    }
    if (track->number) {
        id_size = snprintf(id, sizeof id, " [%llx]", (unsigned long long)track->number);
        if (length >= (size_t)id_size && strcmp(entry->name + length - id_size, id) == 0)
            entry->name[length - (size_t)id_size] = '\0';
    }
    return true;
}

static enum rn_status put_track(struct rn_slice_writer *writer, const struct rn_track *track,
                                struct rn_error *err)
{
    struct rn_chrome_writer *state = writer->state;
    struct rn_track_entry *entry = rn_track_get(&state->tracks, track->id);
    const struct rn_track_entry *parent = rn_track_find(&state->tracks, track->parent);
    enum rn_status status = RN_OK;

    if (!entry)
        return no_memory(err);
    entry->type = track->type;
    entry->pid = parent ? parent->pid : track->pid;
    entry->tid = track->tid;
    if (track->type == RN_TRACK_PROCESS)
        status = number_process(writer, track, &entry->pid, err);
    else if (track->type == RN_TRACK_QUEUE)
        entry->tid = RN_CHROME_QUEUES + ++state->next_track;
    else if (track->type == RN_TRACK_LANE || track->type == RN_TRACK_OTHER)
        entry->tid = RN_CHROME_LANES + ++state->next_track;
    if (status != RN_OK)
        return status;
    if (track->type != RN_TRACK_COUNTER) {
        put_metadata(writer, entry, track, parent ? parent->tid : 0);
        return result(writer, err);
    }
    entry->tid = parent ? parent->tid : track->tid;
    return keep_counter(entry, track) ? RN_OK : no_memory(err);
}

static void put_id(struct rn_slice_writer *writer, uint64_t id)
{
    put_key(writer, ",\"id\":\"");
    rn_buf_hex(writer->out, id);
    rn_buf_byte(writer->out, '"');
}

/* A point of an arrow, at the begin of a slice or where a point was recorded. */
static void put_arrow(struct rn_slice_writer *writer, const struct rn_track_entry *track,
                      uint64_t ns, char phase, uint64_t id, const char *name, const char *category)
{
    open_event(writer, phase, track->pid, track->tid);
    put_ts(writer, ns);
    put_id(writer, id);
    put_names(writer, name, category);
    put_key(writer, phase == 'f' ? ",\"bp\":\"e\"}" : "}");
}

static void put_point(struct rn_slice_writer *writer, const struct rn_track_entry *track,
                      const struct rn_slice *slice)
{
    bool out = slice->flow_out, in = slice->flow_in;
    uint64_t id = rn_chrome_write_number(slice, "id");

    if (!id && (out || in))
        id = out ? slice->flow_out : slice->flow_in;
    if (out || in)
        put_arrow(writer, track, slice->start_ns,
                  out && in ? 't'
                  : out     ? 's'
                            : 'f',
                  id, slice->name, slice->category);
}

static void put_launches(struct rn_slice_writer *writer, const struct rn_track_entry *track,
                         const struct rn_slice *slice)
{
    if (slice->flow_out)
        put_arrow(writer, track, slice->start_ns, 's', slice->flow_out, "launch", "launch");
    if (slice->flow_in)
        put_arrow(writer, track, slice->start_ns, 'f', slice->flow_in, "launch", "launch");
}

/* Begin and end of a span that may overlap with others: viewers pair them by id and category. One
 * that has no id gets one of its own, which does not look like a number. */
static void put_async(struct rn_slice_writer *writer, const struct rn_track_entry *track,
                      const struct rn_slice *slice)
{
    struct rn_chrome_writer *state = writer->state;
    uint64_t id = rn_chrome_write_number(slice, "id"), own = id ? 0 : ++state->next_id;

    for (unsigned i = 0; i < 2; i++) {
        open_event(writer, i ? 'e' : 'b', track->pid, track->tid);
        put_ts(writer, slice->start_ns + (i ? slice->duration_ns : 0));
        if (id)
            put_id(writer, id);
        else
            rn_buf_printf(writer->out, ",\"id\":\"#%llu\"", (unsigned long long)own);
        put_names(writer, slice->name, rn_chrome_write_category(slice));
        if (i == 0)
            rn_chrome_write_args(writer, slice);
        rn_buf_byte(writer->out, '}');
    }
}

static enum rn_status put_slice(struct rn_slice_writer *writer, const struct rn_slice *slice,
                                struct rn_error *err)
{
    struct rn_chrome_writer *state = writer->state;
    const struct rn_track_entry *track = rn_track_find(&state->tracks, slice->track);
    uint64_t id = slice->kind == RN_KIND_SPAN ? rn_chrome_write_number(slice, "id") : 0;

    if (!track)
        return rn_fail(err, RN_E_USAGE, "a slice on a track that was not told");
    if (slice->kind == RN_KIND_FLOW || slice->kind == RN_KIND_EDGE) {
        put_point(writer, track, slice);
        return result(writer, err);
    }
    if (slice->kind == RN_KIND_SPAN && !slice->instant &&
        rn_chrome_write_number(slice, "form") == RN_SPAN_ASYNC) {
        put_async(writer, track, slice);
        return result(writer, err);
    }
    open_event(writer, !slice->instant ? 'X' : id ? 'n' : 'i', track->pid, track->tid);
    put_ts(writer, slice->start_ns);
    if (!slice->instant) {
        put_key(writer, ",\"dur\":");
        put_us(writer->out, (int64_t)slice->duration_ns);
    } else if (id) {
        put_id(writer, id);
    } else {
        put_key(writer, ",\"s\":\"t\"");
    }
    put_names(writer, slice->name, rn_chrome_write_category(slice));
    rn_chrome_write_args(writer, slice);
    rn_buf_byte(writer->out, '}');
    put_launches(writer, track, slice);
    return result(writer, err);
}

/* As short as can be so that the same number is read. */
static void put_double(struct rn_slice_writer *writer, double value)
{
    char text[32];

    if (!isfinite(value)) {
        put_text(writer, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
        writer->note(writer->note_context, "values that JSON has no number for, written as strings",
                     1);
        return;
    }
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    rn_buf_text(writer->out, text);
}

static enum rn_status put_counter(struct rn_slice_writer *writer, uint64_t id, uint64_t ns,
                                  double value, struct rn_error *err)
{
    struct rn_chrome_writer *state = writer->state;
    const struct rn_track_entry *track = rn_track_find(&state->tracks, id);

    if (!track || !track->name)
        return rn_fail(err, RN_E_USAGE, "a counter on a track that was not told");
    open_event(writer, 'C', track->pid, track->tid);
    put_ts(writer, ns);
    if (track->number)
        put_id(writer, track->number);
    put_names(writer, track->base, "");
    put_key(writer, ",\"args\":{");
    put_text(writer, track->series);
    rn_buf_byte(writer->out, ':');
    put_double(writer, value);
    put_key(writer, "}}");
    return result(writer, err);
}

static enum rn_status end(struct rn_slice_writer *writer, struct rn_error *err)
{
    put_key(writer, "\n]}\n");
    return result(writer, err);
}

static void free_state(struct rn_slice_writer *writer)
{
    struct rn_chrome_writer *state = writer->state;

    if (!state)
        return;
    rn_track_table_free(&state->tracks);
    rn_track_table_free(&state->pids);
    rn_buf_free(&state->text);
    free(state);
    writer->state = NULL;
}

const struct rn_slice_format rn_chrome_slices = {
    .name = "chrome",
    .text = "Trace Event Format (JSON): for ui.perfetto.dev, chrome://tracing, speedscope",
    .begin = begin,
    .track = put_track,
    .slice = put_slice,
    .counter = put_counter,
    .end = end,
    .free_state = free_state,
};
