/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"

#include "formats/fnv.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MAX 1024u

static size_t bytes_of(const struct rn_chrome_open *open)
{
    return sizeof *open + open->name_size + open->cat_size + open->args_size;
}

/* What the event at hand says, kept. NULL in *out: there is no place, which is noted. */
static enum rn_status keep(struct rn_chrome *chrome, uint64_t time, uint32_t stream,
                           struct rn_chrome_open **out, struct rn_error *err)
{
    size_t size = sizeof **out + chrome->name.size + chrome->cat.size + chrome->args.size;
    struct rn_chrome_open *open;

    *out = NULL;
    if (chrome->open_bytes + size > RN_CHROME_OPEN_MAX) {
        rn_import_note(chrome->import, "begins and ends without place: too much was open", 1);
        return RN_OK;
    }
    open = calloc(1, size);
    if (!open)
        return rn_fail(err, RN_E_NOMEM, "no memory for what has begun");
    open->time = time;
    open->stream = stream;
    open->flags = chrome->flags;
    open->span = chrome->span;
    open->name_size = (uint32_t)chrome->name.size;
    open->cat_size = (uint32_t)chrome->cat.size;
    open->args_size = (uint32_t)chrome->args.size;
    memcpy(open->text, chrome->name.size ? chrome->name.data : (uint8_t *)"", open->name_size);
    memcpy(open->text + open->name_size, chrome->cat.size ? chrome->cat.data : (uint8_t *)"",
           open->cat_size);
    memcpy(open->text + open->name_size + open->cat_size,
           chrome->args.size ? chrome->args.data : (uint8_t *)"", open->args_size);
    chrome->open_bytes += size;
    *out = open;
    return RN_OK;
}

static void drop(struct rn_chrome *chrome, struct rn_chrome_open *open)
{
    chrome->open_bytes -= bytes_of(open);
    free(open);
}

/* {"a":1} and {"b":2}: {"a":1,"b":2}. */
static void join_args(struct rn_buf *args, const char *more, size_t size)
{
    if (size == 0)
        return;
    if (args->size == 0) {
        rn_buf_append(args, more, size);
        return;
    }
    args->data[args->size - 1] = ',';
    rn_buf_append(args, more + 1, size - 1);
}

/* The event at hand gets the name of the begin, and the arguments of both, begin first. */
static void take_begin(struct rn_chrome *chrome, const struct rn_chrome_open *begin)
{
    struct rn_buf ends = chrome->args;

    rn_buf_clear(&chrome->source);
    rn_buf_clear(&chrome->name);
    rn_buf_clear(&chrome->cat);
    rn_buf_append(&chrome->name, begin->text, begin->name_size);
    rn_buf_append(&chrome->cat, begin->text + begin->name_size, begin->cat_size);
    chrome->args = (struct rn_buf)RN_BUF_INIT;
    join_args(&chrome->args, begin->text + begin->name_size + begin->cat_size, begin->args_size);
    join_args(&chrome->args, (const char *)ends.data, ends.size);
    rn_buf_free(&ends);
}

static enum rn_status emit(struct rn_chrome *chrome, const struct rn_chrome_open *begin,
                           uint64_t end, bool async, uint32_t flags, struct rn_error *err)
{
    struct rn_event span = {.kind = RN_KIND_SPAN,
                            .flags = flags | begin->flags,
                            .stream = begin->stream,
                            .start = begin->time,
                            .duration = end - begin->time};

    span.u.span = begin->span;
    if (async) {
        span.u.span.form = RN_SPAN_ASYNC;
        span.u.span.id = begin->id;
    }
    take_begin(chrome, begin);
    return rn_chrome_emit(chrome, &span, err);
}

enum rn_status rn_chrome_begin(struct rn_chrome *chrome, struct rn_chrome_thread *thread,
                               uint64_t time, struct rn_error *err)
{
    struct rn_chrome_open *open;
    enum rn_status status;

    if (thread->depth == RN_CHROME_DEPTH_MAX) {
        rn_import_note(chrome->import, "begins (phase B) over 10000 in each other", 1);
        return RN_OK;
    }
    status = keep(chrome, time, thread->stream, &open, err);
    if (status == RN_OK && open) {
        open->next = thread->open;
        thread->open = open;
        thread->depth++;
    }
    return status;
}

enum rn_status rn_chrome_close(struct rn_chrome *chrome, struct rn_chrome_thread *thread,
                               uint64_t time, struct rn_error *err)
{
    struct rn_chrome_open *begin = thread->open;
    enum rn_status status;

    if (!begin || begin->time > time) {
        rn_import_note(chrome->import, "ends (phase E) without a begin", 1);
        return RN_OK;
    }
    thread->open = begin->next;
    thread->depth--;
    status = emit(chrome, begin, time, false, 0, err);
    drop(chrome, begin);
    return status;
}

/* What makes an id: itself, its scope and category; within the process where it says so. */
static void identify(const struct rn_chrome_event *event, uint64_t *key, uint64_t *id)
{
    struct rn_scan_text text = rn_scan_inside(&event->id2);
    struct rn_scan_value name, value = event->id;
    uint64_t hash = rn_fnv(RN_FNV_BEGIN, event->cat.data ? event->cat.data : "", event->cat.size);

    if (event->id2.type == RN_JSON_OBJECT && rn_scan_member(&text, &name, &value) == 1 &&
        rn_scan_is(&name, "local"))
        hash = rn_fnv(hash, event->pid.data ? event->pid.data : "", event->pid.size);
    hash = rn_fnv(hash, event->scope.data ? event->scope.data : "", event->scope.size);
    *id = rn_chrome_id(&value);
    *key = rn_fnv(hash, value.data ? value.data : "", value.size);
}

static bool same_name(const struct rn_chrome *chrome, const struct rn_chrome_open *open)
{
    return open->name_size == chrome->name.size &&
           memcmp(open->text, chrome->name.size ? chrome->name.data : (uint8_t *)"",
                  open->name_size) == 0;
}

/* The other half of the event at hand: of a begin the end that comes first after it; of an end the
 * latest begin before it, by its name, or any where the end has none. */
static struct rn_chrome_open **find_half(struct rn_chrome *chrome, uint64_t key, uint64_t time,
                                         bool is_end)
{
    struct rn_chrome_open **link = &chrome->ids[key % RN_CHROME_OPEN_BUCKETS], **best = NULL;

    /* Of what lies in one bucket the latest are looked at: time stays linear. */
    for (unsigned looked = 0; *link && looked < LOOK_MAX; link = &(*link)->next, looked++) {
        const struct rn_chrome_open *open = *link;

        if (open->key != key || open->is_end == is_end ||
            (is_end ? open->time > time : open->time < time) ||
            (!same_name(chrome, open) && (is_end ? chrome->name.size : open->name_size)))
            continue;
        /* Of halves of one time the one that was told last is the inner one. */
        if (!best || (is_end ? open->time > (*best)->time : open->time < (*best)->time))
            best = link;
    }
    return best;
}

static enum rn_status join_halves(struct rn_chrome *chrome, struct rn_chrome_open **link,
                                  uint64_t time, bool is_end, struct rn_chrome_open *now,
                                  struct rn_error *err)
{
    struct rn_chrome_open *other = *link;
    enum rn_status status;

    *link = other->next;
    if (is_end) {
        status = emit(chrome, other, time, true, 0, err);
    } else {
        rn_buf_clear(&chrome->args);
        rn_buf_append(&chrome->args, other->text + other->name_size + other->cat_size,
                      other->args_size);
        status = emit(chrome, now, other->time, true, 0, err);
    }
    drop(chrome, other);
    return status;
}

enum rn_status rn_chrome_async(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                               struct rn_chrome_thread *thread, uint64_t time, bool is_end,
                               struct rn_error *err)
{
    struct rn_chrome_open **other, **bucket, *now = NULL;
    enum rn_status status = RN_OK;
    uint64_t key, id;

    identify(event, &key, &id);
    other = find_half(chrome, key, time, is_end);
    if (!other || !is_end)
        status = keep(chrome, time, thread->stream, &now, err);
    if (status != RN_OK || (!now && (!other || !is_end)))
        return status;
    if (now) {
        now->key = key;
        now->id = id;
        now->is_end = is_end;
    }
    if (other) {
        status = join_halves(chrome, other, time, is_end, now, err);
        if (now)
            drop(chrome, now);
        return status;
    }
    bucket = &chrome->ids[key % RN_CHROME_OPEN_BUCKETS];
    now->next = *bucket;
    *bucket = now;
    return RN_OK;
}

/* It has not ended in the file: until the last that is known. */
static enum rn_status leave_open(struct rn_chrome *chrome, const struct rn_chrome_open *open,
                                 bool async, struct rn_error *err)
{
    uint64_t end = chrome->last > open->time ? chrome->last : open->time;

    if (open->is_end) {
        rn_import_note(chrome->import, "ends under an id (phase e, F) without a begin", 1);
        return RN_OK;
    }
    rn_import_note(chrome->import, "begins without an end, now unfinished until the last event", 1);
    rn_buf_clear(&chrome->args);
    return emit(chrome, open, end, async, RN_EVENT_UNFINISHED, err);
}

enum rn_status rn_chrome_unfinished(struct rn_chrome *chrome, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < RN_CHROME_THREAD_BUCKETS; i++)
        for (struct rn_chrome_thread *thread = chrome->threads[i]; thread; thread = thread->next)
            for (struct rn_chrome_open *open = thread->open; open && status == RN_OK;
                 open = open->next)
                status = leave_open(chrome, open, false, err);
    for (size_t i = 0; i < RN_CHROME_OPEN_BUCKETS; i++)
        for (struct rn_chrome_open *open = chrome->ids[i]; open && status == RN_OK;
             open = open->next)
            status = leave_open(chrome, open, true, err);
    return status;
}

static void free_list(struct rn_chrome_open *open)
{
    while (open) {
        struct rn_chrome_open *next = open->next;

        free(open);
        open = next;
    }
}

void rn_chrome_pair_free(struct rn_chrome *chrome)
{
    for (size_t i = 0; i < RN_CHROME_THREAD_BUCKETS; i++)
        for (struct rn_chrome_thread *thread = chrome->threads[i]; thread; thread = thread->next)
            free_list(thread->open);
    for (size_t i = 0; i < RN_CHROME_OPEN_BUCKETS; i++)
        free_list(chrome->ids[i]);
}
