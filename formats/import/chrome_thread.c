/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"
#include "formats/fnv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 256u
#define THREADS_MAX    (3 * RN_IMPORT_MAX_STREAMS) /* also those that are only named */

/* Where processes are named and not numbered ("CPU functions", "Spans"), these are their numbers:
 * above all that systems give, and below 2^53. */
#define TEXT_ID ((uint64_t)1 << 48)

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for the threads of a trace");
}

/* The slot that a text is in, or would be. */
static uint16_t *slot_of(struct rn_chrome *chrome, const char *text, size_t size)
{
    const size_t slots = sizeof chrome->text_slots / sizeof *chrome->text_slots;
    size_t at = rn_fnv(RN_FNV_BEGIN, text, size) % slots;

    for (; chrome->text_slots[at]; at = (at + 1) % slots) {
        const char *known = chrome->texts[chrome->text_slots[at] - 1];

        if (strncmp(known, text, size) == 0 && known[size] == '\0')
            break;
    }
    return &chrome->text_slots[at];
}

/* The number of a process or thread; *text: as it is named, NULL where it is a number. */
static enum rn_status number_of(struct rn_chrome *chrome, const struct rn_scan_value *value,
                                uint64_t *number, const char **text, struct rn_error *err)
{
    uint16_t *slot;
    size_t size, i;

    *text = NULL;
    *number = 0;
    if (value->type == RN_JSON_NONE || value->type == RN_JSON_NULL ||
        (rn_scan_u64(value, number) && *number < RN_CHROME_PROCESS))
        return RN_OK;
    size = strnlen(value->data, value->size < NAME_MAX_BYTES ? value->size : NAME_MAX_BYTES);
    slot = slot_of(chrome, value->data, size);
    i = *slot ? *slot - 1u : chrome->text_count;
    if (i == RN_CHROME_TEXTS_MAX) {
        rn_import_note(chrome->import, "processes or threads with a name as number, over 4096", 1);
        i--;
    } else if (i == chrome->text_count) {
        chrome->texts[i] = strndup(value->data, size);
        if (!chrome->texts[i])
            return no_memory(err);
        *slot = (uint16_t)++chrome->text_count;
    }
    *text = chrome->texts[i];
    *number = TEXT_ID + i;
    return RN_OK;
}

static struct rn_chrome_thread **bucket_of(struct rn_chrome *chrome, uint64_t pid, uint64_t tid)
{
    uint64_t mix = (pid * 0x9e3779b97f4a7c15u ^ tid) * 0xbf58476d1ce4e5b9u;

    return &chrome->threads[(mix >> 40) % RN_CHROME_THREAD_BUCKETS];
}

static enum rn_status find(struct rn_chrome *chrome, uint64_t pid, uint64_t tid, const char *name,
                           struct rn_chrome_thread **out, struct rn_error *err)
{
    struct rn_chrome_thread **bucket = bucket_of(chrome, pid, tid), *thread = *bucket;

    while (thread && (thread->pid != pid || thread->tid != tid))
        thread = thread->next;
    *out = thread;
    if (thread)
        return RN_OK;
    if (chrome->thread_count == THREADS_MAX)
        return rn_fail(err, RN_E_LIMIT, "more than %u threads and processes", THREADS_MAX);
    thread = calloc(1, sizeof *thread);
    if (!thread || (name && !(thread->name = strdup(name)))) {
        free(thread);
        return no_memory(err);
    }
    chrome->thread_count++;
    thread->pid = pid;
    thread->tid = tid;
    thread->next = *bucket;
    *bucket = thread;
    *out = thread;
    return RN_OK;
}

static enum rn_status find_named(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                 struct rn_chrome_thread **out, struct rn_error *err)
{
    struct rn_chrome_thread *process;
    const char *pid_text, *tid_text;
    uint64_t pid, tid;
    enum rn_status status = number_of(chrome, &event->pid, &pid, &pid_text, err);

    if (status == RN_OK)
        status = number_of(chrome, &event->tid, &tid, &tid_text, err);
    if (status == RN_OK && event->tid.type == RN_JSON_NONE)
        tid = pid;
    if (status == RN_OK)
        status = find(chrome, pid, RN_CHROME_PROCESS, pid_text, &process, err);
    return status == RN_OK ? find(chrome, pid, tid, tid_text, out, err) : status;
}

/* Most events are of the thread of the one before: then its texts are the same. */
enum rn_status rn_chrome_thread_of(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                   struct rn_chrome_thread **out, struct rn_error *err)
{
    size_t first = event->pid.size, second = event->tid.size, size = first + second + 2;
    char key[sizeof chrome->latest_key];
    enum rn_status status;

    if (size > sizeof key)
        return find_named(chrome, event, out, err);
    key[0] = (char)event->tid.type; /* none is not the same as an empty one */
    key[1] = (char)first;
    memcpy(key + 2, first ? event->pid.data : "", first);
    memcpy(key + 2 + first, second ? event->tid.data : "", second);
    if (chrome->latest && size == chrome->latest_size &&
        memcmp(key, chrome->latest_key, size) == 0) {
        *out = chrome->latest;
        return RN_OK;
    }
    status = find_named(chrome, event, out, err);
    if (status == RN_OK) {
        chrome->latest = *out;
        chrome->latest_size = size;
        memcpy(chrome->latest_key, key, size);
    }
    return status;
}

/* A thread's stream, where it has none yet. */
static enum rn_status give_stream(struct rn_chrome *chrome, struct rn_chrome_thread *thread,
                                  struct rn_error *err)
{
    struct rn_chrome_thread *process;
    enum rn_status status;

    if (thread->stream)
        return RN_OK;
    status = rn_import_thread(chrome->import, thread->pid, thread->tid, NULL, &thread->stream, err);
    if (status == RN_OK)
        status = find(chrome, thread->pid, RN_CHROME_PROCESS, NULL, &process, err);
    if (status == RN_OK && (!process->stream || thread->tid == thread->pid)) {
        process->stream = thread->stream;
        process->main = thread->tid;
    }
    return status;
}

enum rn_status rn_chrome_stream_of(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                   struct rn_chrome_thread **out, struct rn_error *err)
{
    enum rn_status status = rn_chrome_thread_of(chrome, event, out, err);

    return status == RN_OK ? give_stream(chrome, *out, err) : status;
}

enum rn_status rn_chrome_image_stated(struct rn_chrome *chrome, uint64_t pid, struct rn_error *err)
{
    struct rn_chrome_thread *process;
    enum rn_status status = find(chrome, pid, RN_CHROME_PROCESS, NULL, &process, err);

    if (status == RN_OK)
        process->stated = true;
    return status;
}

/* Our own files say what a track is that is no thread: the number of a queue, the thread or queue
 * that a lane is of, the number of something else. */
static enum rn_status take_own_track(struct rn_chrome *chrome, struct rn_chrome_thread *track,
                                     const struct rn_scan_value *key,
                                     const struct rn_scan_value *value, struct rn_error *err)
{
    struct rn_chrome_thread *base;
    enum rn_status status = RN_OK;
    uint64_t number;

    if (track->stream || !rn_scan_u64(value, &number))
        return RN_OK;
    if (rn_scan_is(key, "rn.queue")) {
        status = rn_import_queue(chrome->import, track->pid, track->tid, number, NULL,
                                 &track->stream, err);
    } else if (rn_scan_is(key, "rn.lane_of")) {
        status = find(chrome, track->pid, number, NULL, &base, err);
        if (status == RN_OK)
            status = give_stream(chrome, base, err);
        if (status == RN_OK)
            track->stream = base->stream;
        track->lane = true;
    } else if (rn_scan_is(key, "rn.track")) {
        status = rn_import_track(chrome->import, track->pid, number, track->name ? track->name : "",
                                 &track->stream, err);
        track->lane = true;
    }
    return status;
}

/* "args":{"name":...}, which is what metadata has of a name. */
static enum rn_status take_name(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                struct rn_chrome_thread *thread, struct rn_error *err)
{
    struct rn_scan_text text = rn_scan_inside(&event->args);
    struct rn_scan_value key, value;

    while (event->args.type == RN_JSON_OBJECT && rn_scan_member(&text, &key, &value) == 1) {
        if (chrome->own && key.size > 3 && memcmp(key.data, "rn.", 3) == 0) {
            enum rn_status status = take_own_track(chrome, thread, &key, &value, err);

            if (status != RN_OK)
                return status;
        }
        if (!rn_scan_is(&key, "name") || value.type != RN_JSON_STRING || value.size == 0)
            continue;
        rn_chrome_text(chrome, &chrome->name, &value);
        free(thread->name);
        thread->name =
            strndup((const char *)chrome->name.data,
                    chrome->name.size < NAME_MAX_BYTES ? chrome->name.size : NAME_MAX_BYTES);
        if (!thread->name)
            return no_memory(err);
    }
    return RN_OK;
}

enum rn_status rn_chrome_name_thread(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                     struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    enum rn_status status = find_named(chrome, event, &thread, err);

    return status == RN_OK ? take_name(chrome, event, thread, err) : status;
}

enum rn_status rn_chrome_name_process(struct rn_chrome *chrome, const struct rn_chrome_event *event,
                                      struct rn_error *err)
{
    struct rn_chrome_thread *process;
    const char *text;
    uint64_t pid;
    enum rn_status status = number_of(chrome, &event->pid, &pid, &text, err);

    if (status == RN_OK)
        status = find(chrome, pid, RN_CHROME_PROCESS, text, &process, err);
    return status == RN_OK ? take_name(chrome, event, process, err) : status;
}

/* A process with a name, as if it had been met running. */
static enum rn_status state_process(struct rn_chrome *chrome, struct rn_chrome_thread *process,
                                    struct rn_error *err)
{
    struct rn_chrome_thread *thread;
    enum rn_status status = find(chrome, process->pid, process->main, NULL, &thread, err);
    struct rn_attachment names[2] = {
        {.type = RN_ATT_EXE,
         .arg = RN_ARG_NONE,
         .size = (uint32_t)strlen(process->name),
         .data = (const uint8_t *)process->name},
        {.type = RN_ATT_NAME, .arg = RN_ARG_NONE},
    };
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = process->stream,
                             .start = chrome->first,
                             .u.process = {.op = RN_PROCESS_ATTACH},
                             .attachment_count = 1,
                             .attachments = names};

    if (status != RN_OK)
        return status;
    event.u.process.pid = process->pid ? process->pid : process->main;
    event.u.process.tid = process->main;
    if (thread->name) {
        names[1].size = (uint32_t)strlen(thread->name);
        names[1].data = (const uint8_t *)thread->name;
        event.attachment_count = 2;
    }
    return rn_import_add(chrome->import, &event, err);
}

enum rn_status rn_chrome_state_names(struct rn_chrome *chrome, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < RN_CHROME_THREAD_BUCKETS; i++) {
        struct rn_chrome_thread *thread = chrome->threads[i];

        for (; thread && status == RN_OK; thread = thread->next) {
            if (!thread->name || !*thread->name || !thread->stream || thread->lane ||
                thread->stated)
                continue;
            if (thread->tid == RN_CHROME_PROCESS)
                status = state_process(chrome, thread, err);
            else
                status = rn_import_name(chrome->import, thread->stream, thread->name, err);
        }
    }
    return status;
}

void rn_chrome_thread_free(struct rn_chrome *chrome)
{
    for (size_t i = 0; i < RN_CHROME_THREAD_BUCKETS; i++) {
        struct rn_chrome_thread *thread = chrome->threads[i];

        while (thread) {
            struct rn_chrome_thread *next = thread->next;

            free(thread->name);
            free(thread);
            thread = next;
        }
    }
    for (size_t i = 0; i < chrome->text_count; i++)
        free(chrome->texts[i]);
}
