/* SPDX-License-Identifier: MIT */
#include "reader_join.h"

#include <stdlib.h>
#include <string.h>

struct part {
    struct rn_reader *reader;
    const struct rn_manifest_source *place;
    uint32_t number;
    bool over;
    uint64_t key; /* of the event, in ticks of the whole */
    struct rn_event event;
    /* Numbers of its device clocks: clocks[i] is the one that the whole has as clock_numbers[i]. */
    uint64_t *clocks;
    uint32_t *clock_numbers;
    size_t clock_count;
};

struct rn_reader_join {
    uint32_t clock_count; /* numbers of device clocks that were given */
    struct part **parts;
    size_t count, room;
    struct part *whole; /* NULL: none; not among the parts */
    rn_reader_join_idle_fn *is_idle;
    void *idle_context;
    bool whole_ready;
    struct part **heap; /* those that have an event; least key first */
    size_t heap_count;
    size_t begun; /* parts that were asked for their first event */
    struct part *last;
    bool last_spent; /* its event was handed out: it must be asked for another one */
};

struct rn_reader_join *rn_reader_join_new(void)
{
    return calloc(1, sizeof(struct rn_reader_join));
}

void rn_reader_join_free(struct rn_reader_join *join)
{
    if (!join)
        return;
    for (size_t i = 0; i < join->count; i++) {
        free(join->parts[i]->clocks);
        free(join->parts[i]->clock_numbers);
        free(join->parts[i]);
    }
    free(join->parts);
    free(join->heap);
    free(join->whole);
    free(join);
}

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory to read several recordings");
}

enum rn_status rn_reader_join_add(struct rn_reader_join *join, struct rn_reader *reader,
                                  const struct rn_manifest_source *place, uint32_t number,
                                  struct rn_error *err)
{
    struct part *part;

    if (join->count == join->room) {
        size_t room = join->room ? 2 * join->room : 8;
        struct part **parts = realloc(join->parts, room * sizeof(struct part *));
        struct part **heap;

        if (!parts)
            return no_memory(err);
        join->parts = parts;
        heap = realloc(join->heap, room * sizeof(struct part *));
        if (!heap)
            return no_memory(err);
        join->heap = heap;
        join->room = room;
    }
    part = calloc(1, sizeof *part);
    if (!part)
        return no_memory(err);
    *part = (struct part){.reader = reader, .place = place, .number = number};
    join->parts[join->count++] = part;
    return RN_OK;
}

enum rn_status rn_reader_join_add_whole(struct rn_reader_join *join, struct rn_reader *reader,
                                        rn_reader_join_idle_fn *is_idle, void *context,
                                        struct rn_error *err)
{
    join->whole = calloc(1, sizeof *join->whole);
    if (!join->whole)
        return no_memory(err);
    join->whole->reader = reader;
    join->is_idle = is_idle;
    join->idle_context = context;
    return RN_OK;
}

/* ---- the heap ---- */

static bool is_less(const struct part *a, const struct part *b)
{
    return a->key != b->key ? a->key < b->key : a->number < b->number;
}

static void sift_down(struct rn_reader_join *join)
{
    struct part *part = join->heap[0];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < join->heap_count) {
        if (child + 1 < join->heap_count && is_less(join->heap[child + 1], join->heap[child]))
            child++;
        if (!is_less(join->heap[child], part))
            break;
        join->heap[at] = join->heap[child];
        at = child;
    }
    join->heap[at] = part;
}

static void push(struct rn_reader_join *join, struct part *part)
{
    size_t at = join->heap_count++;

    while (at && is_less(part, join->heap[(at - 1) / 2])) {
        join->heap[at] = join->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    join->heap[at] = part;
}

static void pop(struct rn_reader_join *join)
{
    join->heap[0] = join->heap[--join->heap_count];
    if (join->heap_count)
        sift_down(join);
}

/* ---- where a row is in the whole ---- */

static const struct rn_clock_piece *piece_at(const struct rn_manifest_source *place, uint64_t raw)
{
    size_t low = 0, high = place->piece_count;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (place->pieces[middle].raw <= raw)
            low = middle;
        else
            high = middle;
    }
    return &place->pieces[low];
}

/* The difference is taken before it is made a double: exact to a tick over months. */
static uint64_t along(uint64_t from, double ticks)
{
    if (ticks < 0)
        return -ticks >= (double)from ? 0 : from - (uint64_t)-ticks;
    if (ticks >= 9.2e18)
        return UINT64_MAX;
    return from > UINT64_MAX - (uint64_t)ticks ? UINT64_MAX : from + (uint64_t)ticks;
}

uint64_t rn_clock_pieces_map(const struct rn_manifest_source *place, uint64_t raw)
{
    const struct rn_clock_piece *piece, *next;
    uint64_t mapped;

    if (!place || !place->pieces)
        return raw;
    piece = piece_at(place, raw);
    next = piece + 1;
    mapped = along(piece->merged, raw >= piece->raw ? (double)(raw - piece->raw) * piece->rate
                                                    : -(double)(piece->raw - raw) * piece->rate);
    /* Rounding must not make time run backwards where pieces meet. */
    if (next < place->pieces + place->piece_count && mapped > next->merged)
        mapped = next->merged;
    return mapped;
}

uint64_t rn_clock_pieces_span(const struct rn_manifest_source *place, uint64_t raw,
                              uint64_t duration)
{
    uint64_t end = raw > UINT64_MAX - duration ? UINT64_MAX : raw + duration;

    if (!place || !place->pieces)
        return duration;
    return rn_clock_pieces_map(place, end) - rn_clock_pieces_map(place, raw);
}

/* Fields that are ticks, other than start and duration. */
static void map_fields(struct rn_event *event, const struct rn_manifest_source *place)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);

    for (unsigned i = 0; schema && i < schema->words; i++) {
        uint64_t *word = &event->u.words[i];

        if (schema->fields[i].unit == RN_FIELD_MOMENT && *word)
            *word = rn_clock_pieces_map(place, *word);
        else if (schema->fields[i].unit == RN_FIELD_DURATION)
            *word = along(0, (double)*word * piece_at(place, event->start)->rate);
    }
}

void rn_event_place_in_whole(struct rn_event *event, const struct rn_manifest_source *place)
{
    uint64_t *other = NULL; /* another stream that it names; 0 none */

    event->stream = (uint32_t)rn_manifest_source_stream(place, event->stream);
    if (event->kind == RN_KIND_STREAM) {
        event->u.stream_info.id = rn_manifest_source_stream(place, event->u.stream_info.id);
        other = &event->u.stream_info.parent;
    } else if (event->kind == RN_KIND_PROCESS) {
        other = &event->u.process.child_stream;
    } else if (event->kind == RN_KIND_OBJECT) {
        other = &event->u.object.place_stream;
    }
    if (other && *other)
        *other = rn_manifest_source_stream(place, *other);
    if (!place->pieces)
        return;
    map_fields(event, place);
    event->duration = rn_clock_pieces_span(place, event->start, event->duration);
    event->start = rn_clock_pieces_map(place, event->start);
}

/* ---- from row to row ---- */

/* Rows that have no place in time come as soon as they are met. */
static uint64_t key_of(const struct rn_event *event)
{
    return RN_KIND_IS_EVENT(event->kind) && !(event->flags & RN_EVENT_SNAPSHOT) ? event->start : 0;
}

/* Readings of a clock that is not that of the whole say nothing there, of a machine's as of a
 * device's. */
static bool is_of_whole(const struct part *part, const struct rn_event *event)
{
    if (!part->place || !part->place->pieces)
        return true;
    return event->kind != RN_KIND_DEVICE_CLOCK && event->kind != RN_KIND_CLOCK;
}

/* Each source numbers the clocks of its devices by itself. Those of sources whose readings are left
 * out, and those beyond what there are numbers for, are none. */
static enum rn_status number_clock(struct rn_reader_join *join, struct part *part, uint64_t *clock,
                                   struct rn_error *err)
{
    uint64_t *clocks;
    uint32_t *numbers;

    for (size_t i = 0; i < part->clock_count && *clock; i++) {
        if (part->clocks[i] == *clock) {
            *clock = part->clock_numbers[i];
            return RN_OK;
        }
    }
    if (*clock == 0 || part->place->pieces || join->clock_count == RN_DEVICE_CLOCK_MAX) {
        *clock = 0;
        return RN_OK;
    }
    clocks = reallocarray(part->clocks, part->clock_count + 1, sizeof *clocks);
    if (clocks)
        part->clocks = clocks;
    numbers = reallocarray(part->clock_numbers, part->clock_count + 1, sizeof *numbers);
    if (numbers)
        part->clock_numbers = numbers;
    if (!clocks || !numbers)
        return rn_fail(err, RN_E_NOMEM, "no memory for the clocks of devices");
    clocks[part->clock_count] = *clock;
    numbers[part->clock_count++] = ++join->clock_count;
    *clock = join->clock_count;
    return RN_OK;
}

static enum rn_status number_clocks(struct rn_reader_join *join, struct part *part,
                                    struct rn_error *err)
{
    if (!part->place)
        return RN_OK;
    if (part->event.kind == RN_KIND_STREAM)
        return number_clock(join, part, &part->event.u.stream_info.clock, err);
    if (part->event.kind == RN_KIND_DEVICE_CLOCK)
        return number_clock(join, part, &part->event.u.device_clock.clock, err);
    return RN_OK;
}

static enum rn_status fetch(struct rn_reader_join *join, struct part *part, struct rn_error *err)
{
    enum rn_status status;

    do
        status = rn_reader_next_event(part->reader, &part->event, err);
    while (status == RN_OK && !is_of_whole(part, &part->event));
    if (status != RN_OK)
        return status;
    part->event.source = part->number;
    if (part->place)
        rn_event_place_in_whole(&part->event, part->place);
    part->key = key_of(&part->event);
    return number_clocks(join, part, err);
}

static enum rn_status refresh(struct rn_reader_join *join, struct rn_error *err)
{
    struct part *part = join->last;
    enum rn_status status;

    if (!part || !join->last_spent)
        return RN_OK;
    if (part == join->whole) {
        join->last_spent = join->whole_ready = false;
        return RN_OK;
    }
    status = fetch(join, part, err);
    if (status != RN_OK && status != RN_EOF)
        return status;
    join->last_spent = false;
    if (status == RN_OK)
        sift_down(join);
    else
        pop(join);
    return RN_OK;
}

static enum rn_status begin(struct rn_reader_join *join, struct rn_error *err)
{
    while (join->begun < join->count) {
        struct part *part = join->parts[join->begun];
        enum rn_status status = fetch(join, part, err);

        if (status != RN_OK && status != RN_EOF) {
            join->last = part;
            return status;
        }
        join->begun++;
        if (status == RN_OK)
            push(join, part);
    }
    return RN_OK;
}

static enum rn_status look_at_whole(struct rn_reader_join *join, struct rn_error *err)
{
    enum rn_status status;

    if (!join->whole || join->whole_ready || join->is_idle(join->idle_context))
        return RN_OK;
    status = fetch(join, join->whole, err);
    join->whole_ready = status == RN_OK;
    if (status == RN_EOF)
        return RN_OK;
    if (status != RN_OK)
        join->last = join->whole;
    return status;
}

enum rn_status rn_reader_join_next(struct rn_reader_join *join, struct rn_event *event,
                                   struct rn_error *err)
{
    enum rn_status status = refresh(join, err);
    struct part *part;

    if (status == RN_OK)
        status = begin(join, err);
    if (status == RN_OK)
        status = look_at_whole(join, err);
    if (status != RN_OK)
        return status;
    part = join->heap_count ? join->heap[0] : NULL;
    if (join->whole_ready && (!part || join->whole->key <= part->key))
        part = join->whole;
    if (!part)
        return RN_EOF;
    join->last = part;
    join->last_spent = true;
    *event = part->event;
    return RN_OK;
}

struct rn_reader *rn_reader_join_last(const struct rn_reader_join *join)
{
    return join->last ? join->last->reader : NULL;
}
