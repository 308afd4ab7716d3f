/* SPDX-License-Identifier: MIT */
/* speedscope's own format (https://www.speedscope.app/file-format-schema.json): one "evented"
 * profile a track, whose slices are frames that open and close. What is written of a profile must
 * stand in one place, while slices come in order of time: they are put in order of tracks first.
 *
 * Times are nanoseconds since the first slice, so that a double holds them. Memory:
 * RN_SPEEDSCOPE_BUDGET before slices go to files in TMPDIR; the names, at most NAMES_MAX or
 * NAME_BYTES of them. */
#include "speedscope_write.h"

#include "formats/escape.h"
#include "formats/fnv.h"
#include "formats/spill_sort.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX  (1u << 18)
#define NAME_BYTES (16u << 20)
#define CELLS      (NAMES_MAX * 2)
#define DEPTH_MAX  4096u
#define FLUSH      (64u << 10)

struct piece {
    uint64_t start, end; /* ns since the first slice */
    uint32_t name;
};

struct profile {
    uint64_t id;
    size_t name; /* where in `texts` */
    uint64_t slices, end;
};

struct state {
    struct rn_spill_sort *sort;
    bool begun;
    uint64_t base, order;
    struct rn_buf texts; /* names of frames and profiles, as JSON, a NUL each */
    struct rn_buf scratch;
    uint32_t *cells; /* 1 + number of a name */
    size_t *names;   /* where each is in `texts` */
    uint32_t name_count;
    struct profile *profiles;
    size_t profile_count, profile_room;
    uint64_t moments, counters, arguments, arrows, crowded, deep;
    /* The frames that are open in the profile that is being written. */
    struct piece open[DEPTH_MAX];
    unsigned depth;
    bool first; /* nothing is in the list that is being written yet */
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "out of memory");
}

static enum rn_status begin(struct rn_slice_writer *writer, const struct rn_slice_facts *facts,
                            struct rn_error *err)
{
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        return no_memory(err);
    writer->state = state;
    state->sort = rn_spill_sort_new(RN_SPEEDSCOPE_BUDGET);
    state->cells = calloc(CELLS, sizeof(*state->cells));
    state->names = calloc(NAMES_MAX, sizeof(*state->names));
    if (!state->sort || !state->cells || !state->names)
        return no_memory(err);
    rn_buf_text(writer->out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
                             "\"exporter\":");
    rn_escape_json(writer->out, (const uint8_t *)facts->creator, strlen(facts->creator));
    rn_buf_text(writer->out, ",\"profiles\":[");
    return RN_OK;
}

/* Append a text as a JSON string, whatever its bytes are. Returns where it begins. */
static size_t keep_text(struct state *state, const char *text)
{
    size_t at = state->texts.size;
    rn_buf_clear(&state->scratch);
    rn_escape_terminal(&state->scratch, (const uint8_t *)text, strlen(text));
    rn_escape_json(&state->texts, state->scratch.data, state->scratch.size);
    rn_buf_byte(&state->texts, 0);
    return at;
}

static const char *text_at(const struct state *state, size_t at)
{
    return (const char *)state->texts.data + at;
}

/* The number of a frame of that name. The last one is for all names that there is no room for. */
static uint32_t frame_of(struct state *state, const char *name)
{
    uint32_t cell = (uint32_t)(rn_fnv(RN_FNV_BEGIN, name, strlen(name)) % CELLS);
    size_t before = state->texts.size;
    size_t at = keep_text(state, name);
    if (state->texts.failed)
        return 0;
    while (state->cells[cell] &&
           strcmp(text_at(state, state->names[state->cells[cell] - 1]), text_at(state, at)) != 0)
        cell = (cell + 1) % CELLS;
    bool full = state->name_count >= NAMES_MAX - 1 || state->texts.size > NAME_BYTES;
    if (state->cells[cell] || (full && strcmp(name, "(other)") != 0)) {
        state->texts.size = before;
        state->crowded += !state->cells[cell];
        return state->cells[cell] ? state->cells[cell] - 1 : frame_of(state, "(other)");
    }
    state->names[state->name_count++] = at;
    state->cells[cell] = state->name_count;
    return state->name_count - 1;
}

static enum rn_status track(struct rn_slice_writer *writer, const struct rn_track *track,
                            struct rn_error *err)
{
    struct state *state = writer->state;
    struct rn_buf name = RN_BUF_INIT;
    if (track->type == RN_TRACK_COUNTER)
        return RN_OK;
    if (state->profile_count == state->profile_room) {
        size_t room = state->profile_room * 2 + 64;
        struct profile *larger = reallocarray(state->profiles, room, sizeof(*larger));
        if (!larger)
            return no_memory(err);
        state->profiles = larger;
        state->profile_room = room;
    }
    rn_buf_text(&name, track->name);
    if (track->type == RN_TRACK_THREAD)
        rn_buf_printf(&name, " (%llu/%llu)", (unsigned long long)track->pid,
                      (unsigned long long)track->tid);
    else if (track->type == RN_TRACK_LANE)
        rn_buf_printf(&name, " (lane %llu)", (unsigned long long)track->number);
    rn_buf_byte(&name, 0);
    struct profile *profile = &state->profiles[state->profile_count++];
    *profile = (struct profile){.id = track->id};
    bool failed = name.failed;
    if (!failed)
        profile->name = keep_text(state, (const char *)name.data);
    rn_buf_free(&name);
    return failed || state->texts.failed ? no_memory(err) : RN_OK;
}

/* Ids grow in the order in which tracks are told, so that this is a binary search; where they did
 * not, it would be wrong, hence the look at all of them. */
static struct profile *profile_of(struct state *state, uint64_t id)
{
    size_t low = 0, high = state->profile_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (state->profiles[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < state->profile_count && state->profiles[low].id == id)
        return &state->profiles[low];
    for (size_t i = 0; i < state->profile_count; i++)
        if (state->profiles[i].id == id)
            return &state->profiles[i];
    return NULL;
}

static enum rn_status slice(struct rn_slice_writer *writer, const struct rn_slice *slice,
                            struct rn_error *err)
{
    struct state *state = writer->state;
    state->arguments += slice->arg_count > 0;
    state->arrows += slice->flow_out != 0;
    state->arrows += slice->flow_in != 0;
    if (slice->instant) {
        state->moments++;
        return RN_OK;
    }
    struct profile *profile = profile_of(state, slice->track);
    if (!profile)
        return rn_fail(err, RN_E_USAGE, "a slice of an unknown track");
    if (!state->begun) {
        state->begun = true;
        state->base = slice->start_ns;
    }
    uint64_t start = slice->start_ns > state->base ? slice->start_ns - state->base : 0;
    struct piece piece = {start, start + slice->duration_ns, frame_of(state, slice->name)};
    profile->slices++;
    if (piece.end > profile->end)
        profile->end = piece.end;
    struct rn_buf *bytes = rn_spill_sort_begin(state->sort, err);
    if (!bytes)
        return err->status;
    rn_buf_append(bytes, &piece, sizeof(piece));
    if (bytes->failed || state->texts.failed)
        return no_memory(err);
    return rn_spill_sort_add(state->sort, (uint64_t)(profile - state->profiles), state->order++,
                             err);
}

static enum rn_status counter(struct rn_slice_writer *writer, uint64_t track, uint64_t ns,
                              double value, struct rn_error *err)
{
    struct state *state = writer->state;
    (void)track;
    (void)ns;
    (void)value;
    (void)err;
    state->counters++;
    return RN_OK;
}

static void put_change(struct rn_slice_writer *writer, char type, uint64_t at, uint32_t frame)
{
    struct state *state = writer->state;
    rn_buf_text(writer->out, state->first ? "{\"type\":\"" : ",{\"type\":\"");
    rn_buf_byte(writer->out, (uint8_t)type);
    rn_buf_text(writer->out, "\",\"at\":");
    rn_buf_decimal(writer->out, at);
    rn_buf_text(writer->out, ",\"frame\":");
    rn_buf_decimal(writer->out, frame);
    rn_buf_byte(writer->out, '}');
    state->first = false;
}

/* Close what has ended at `now`. */
static void close_until(struct rn_slice_writer *writer, uint64_t now)
{
    struct state *state = writer->state;
    while (state->depth && state->open[state->depth - 1].end <= now) {
        const struct piece *top = &state->open[--state->depth];
        put_change(writer, 'C', top->end, top->name);
    }
}

static void open_frame(struct rn_slice_writer *writer, const struct piece *piece)
{
    struct state *state = writer->state;
    close_until(writer, piece->start);
    if (state->depth == DEPTH_MAX) {
        state->deep++;
        return;
    }
    state->open[state->depth] = *piece;
    /* What would outlast what is around it, as clocks differ, is cut. */
    if (state->depth && state->open[state->depth - 1].end < piece->end)
        state->open[state->depth].end = state->open[state->depth - 1].end;
    state->depth++;
    put_change(writer, 'O', piece->start, piece->name);
}

static void begin_profile(struct rn_slice_writer *writer, const struct profile *profile, bool first)
{
    struct state *state = writer->state;
    rn_buf_text(writer->out,
                first ? "\n{\"type\":\"evented\",\"name\":" : ",\n{\"type\":\"evented\",\"name\":");
    rn_buf_text(writer->out, text_at(state, profile->name));
    rn_buf_text(writer->out, ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":");
    rn_buf_decimal(writer->out, profile->end);
    rn_buf_text(writer->out, ",\"events\":[");
    state->first = true;
}

static void end_profile(struct rn_slice_writer *writer)
{
    close_until(writer, UINT64_MAX);
    rn_buf_text(writer->out, "]}");
}

static enum rn_status flush(struct rn_slice_writer *writer)
{
    return writer->out->size < FLUSH || !writer->flush ||
                   writer->flush(writer->flush_context, writer->out)
               ? RN_OK
               : RN_E_SYSTEM;
}

static enum rn_status write_profiles(struct rn_slice_writer *writer, struct rn_error *err)
{
    struct state *state = writer->state;
    const uint8_t *bytes;
    size_t size, at = SIZE_MAX;
    uint64_t left = 0;
    enum rn_status status;
    /* Pieces come by profile: as many of each as were counted. */
    while ((status = rn_spill_sort_next(state->sort, &bytes, &size, err)) == RN_OK) {
        bool first = at == SIZE_MAX;
        struct piece piece;
        memcpy(&piece, bytes, sizeof(piece));
        if (left == 0) {
            do
                at++;
            while (!state->profiles[at].slices);
            left = state->profiles[at].slices;
            begin_profile(writer, &state->profiles[at], first);
        }
        open_frame(writer, &piece);
        if (--left == 0)
            end_profile(writer);
        status = flush(writer);
        if (status != RN_OK)
            return status;
    }
    return status;
}

static void note(struct rn_slice_writer *writer, const char *what, uint64_t count)
{
    if (count)
        writer->note(writer->note_context, what, count);
}

static enum rn_status end(struct rn_slice_writer *writer, struct rn_error *err)
{
    struct state *state = writer->state;
    if (!state->order)
        return rn_fail(err, RN_E_FORMAT,
                       "has nothing that takes time, which is all that speedscope shows");
    enum rn_status status = write_profiles(writer, err);
    if (status != RN_EOF)
        return status;
    rn_buf_text(writer->out, "\n],\"shared\":{\"frames\":[");
    for (uint32_t i = 0; i < state->name_count; i++) {
        rn_buf_text(writer->out, i ? ",\n{\"name\":" : "\n{\"name\":");
        rn_buf_text(writer->out, text_at(state, state->names[i]));
        rn_buf_byte(writer->out, '}');
        if ((status = flush(writer)) != RN_OK)
            return status;
    }
    rn_buf_text(writer->out, "\n]}}\n");
    note(writer, "moments, which speedscope does not show", state->moments);
    note(writer, "values of counters, which speedscope does not show", state->counters);
    note(writer, "slices whose arguments were left out", state->arguments);
    note(writer, "ends of arrows, which speedscope does not show", state->arrows);
    note(writer, "slices of too many names, called (other)", state->crowded);
    note(writer, "slices that lie too deep", state->deep);
    return RN_OK;
}

static void free_state(struct rn_slice_writer *writer)
{
    struct state *state = writer->state;
    if (!state)
        return;
    rn_spill_sort_free(state->sort);
    rn_buf_free(&state->texts);
    rn_buf_free(&state->scratch);
    free(state->cells);
    free(state->names);
    free(state->profiles);
    free(state);
    writer->state = NULL;
}

const struct rn_slice_format rn_speedscope_format = {
    .name = "speedscope",
    .text = "speedscope's own JSON",
    .begin = begin,
    .track = track,
    .slice = slice,
    .counter = counter,
    .end = end,
    .free_state = free_state,
};
