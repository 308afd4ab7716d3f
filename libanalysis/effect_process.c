/* SPDX-License-Identifier: MIT */
/* Processes and threads, what they inherit, and what one can know of another: who was made after
 * something happened, or has waited for the end of who did it, knows. */
#include "effect_model.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KNOWS_DEPTH 256u

static void *table_new(struct rn_effects *effects, struct rn_id_map *map, uint64_t id, size_t size)
{
    void *value;

    if (map->count >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return NULL;
    }
    value = calloc(1, size);
    if (!value || !rn_id_map_set(map, id, value)) {
        free(value);
        effects->failed = true;
        return NULL;
    }
    return value;
}

static struct effect_place_of_process *fs_new(struct rn_effects *effects)
{
    struct effect_place_of_process *fs = calloc(1, sizeof *fs);

    if (!fs) {
        effects->failed = true;
        return NULL;
    }
    fs->holders = 1;
    fs->umask = 022;
    return fs;
}

static void fs_drop(struct effect_place_of_process *fs)
{
    if (!fs || --fs->holders)
        return;
    free(fs->cwd);
    free(fs);
}

static struct effect_place_of_process *fs_inherit(struct rn_effects *effects,
                                                  struct effect_place_of_process *fs, bool shared)
{
    struct effect_place_of_process *copy;

    if (!fs)
        return NULL;
    if (shared) {
        fs->holders++;
        return fs;
    }
    copy = fs_new(effects);
    if (copy) {
        copy->umask = fs->umask;
        copy->cwd = fs->cwd ? strdup(fs->cwd) : NULL;
    }
    return copy;
}

static void process_drop(struct rn_effects *effects, struct effect_process *process)
{
    if (!process || --process->holders)
        return;
    effect_table_drop(effects, process->files);
    fs_drop(process->fs);
    free(process);
}

static struct effect_process *process_of(struct rn_effects *effects, const struct rn_stream *row)
{
    struct effect_process *process = rn_id_map_get(&effects->processes, row->pid);

    if (process && !process->ended)
        return process;
    if (process) { /* the number is used again */
        rn_id_map_remove(&effects->processes, row->pid);
        process_drop(effects, process);
    }
    process = table_new(effects, &effects->processes, row->pid, sizeof *process);
    if (!process)
        return NULL;
    process->pid = row->pid;
    process->holders = 1;
    process->fs = fs_new(effects);
    effects->summary.processes++;
    return process;
}

void effect_feed_stream(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_stream *row = &event->u.stream_info;
    struct effect_thread *thread = rn_id_map_get(&effects->threads, row->id);

    if (row->type != RN_STREAM_THREAD || thread)
        return;
    thread = table_new(effects, &effects->threads, row->id, sizeof *thread);
    if (!thread)
        return;
    thread->stream = row->id;
    thread->tid = row->tid;
    thread->process = process_of(effects, row);
    thread->creator = rn_id_map_get(&effects->threads, row->parent);
    thread->created_at = event->start;
    if (thread->process) {
        thread->process->holders++;
        thread->process->threads++;
    }
    if (!rn_id_map_set(&effects->by_tid, row->tid, thread))
        effects->failed = true;
    effects->summary.threads++;
    effects->live_threads++;
}

static void set_text(struct rn_effects *effects, char **to, const struct rn_attachment *text)
{
    if (!text || !text->data)
        return;
    free(*to);
    *to = strndup((const char *)text->data, text->size);
    if (!*to)
        effects->failed = true;
}

/* An imported trace need not say in which directory the program began. Names relative to it still
 * are names: below one that is not known, deep enough for "..". */
static void begin_somewhere(struct rn_effects *effects, struct effect_place_of_process *fs)
{
    static const char somewhere[] = "/?/?/?/?/?/?/?/?";

    if (effects->first_cwd || !fs || fs->cwd)
        return;
    effects->first_cwd = strdup(somewhere);
    fs->cwd = strdup(somewhere);
    if (!effects->first_cwd || !fs->cwd)
        effects->failed = true;
}

/* START, ATTACH, EXEC. */
static void feed_image(struct rn_effects *effects, struct effect_thread *thread,
                       const struct rn_event *event)
{
    struct effect_process *process = thread->process;
    const struct rn_process *facts = &event->u.process;

    if (process->fs) {
        set_text(effects, &process->fs->cwd, rn_event_attachment(event, RN_ATT_CWD, RN_ARG_ANY));
        process->fs->umask = (uint32_t)facts->umask;
    }
    process->euid = facts->euid;
    process->egid = facts->egid;
    if (!effects->root) {
        effects->root = process;
        process->holders++;
        effects->root_thread = thread;
        effects->attached = facts->op == RN_PROCESS_ATTACH;
        effects->recorder = facts->op == RN_PROCESS_START ? facts->parent_pid : 0;
        effects->first_start = event->start;
        set_text(effects, &effects->first_cwd, rn_event_attachment(event, RN_ATT_CWD, RN_ARG_ANY));
        begin_somewhere(effects, process->fs);
    }
    if (facts->op == RN_PROCESS_EXEC) {
        effect_table_exec(effects, process);
        process->started = true;
    }
}

static void feed_fork(struct rn_effects *effects, struct effect_thread *thread,
                      const struct rn_event *event)
{
    const struct rn_process *fork = &event->u.process;
    struct effect_thread *child = rn_id_map_get(&effects->threads, fork->child_stream);
    struct effect_process *from = thread->process, *to = child ? child->process : NULL;

    if (!child || child == thread)
        return;
    child->creator = thread;
    child->created_at = event->start;
    if (!from || !to || from == to || to->files)
        return;
    to->euid = from->euid;
    to->egid = from->egid;
    to->files = effect_table_inherit(effects, from->files, fork->clone_flags & CLONE_FILES);
    fs_drop(to->fs);
    to->fs = fs_inherit(effects, from->fs, fork->clone_flags & CLONE_FS);
}

static void end_thread(struct rn_effects *effects, struct effect_thread *thread, uint64_t at)
{
    if (thread->ended)
        return;
    thread->ended = true;
    thread->ended_at = at;
    effects->summary.call_sum += effect_mix(thread->call_sum);
    if (effects->live_threads)
        effects->live_threads--;
    if (thread->process && thread->process->threads)
        thread->process->threads--;
}

static void feed_exit(struct rn_effects *effects, struct effect_thread *thread,
                      const struct rn_event *event)
{
    const struct rn_process *exit = &event->u.process;
    struct rn_effects_summary *summary = &effects->summary;
    struct effect_process *process = thread->process;

    end_thread(effects, thread, event->start);
    if (process->ended)
        return;
    process->ended = true;
    summary->cpu_ns += exit->user_ns + exit->system_ns;
    if (exit->max_rss_bytes > summary->max_rss_bytes)
        summary->max_rss_bytes = exit->max_rss_bytes;
    if (process == effects->root && !effects->root_ended) {
        effects->root_ended = true;
        summary->has_status = true;
        summary->status = (int)exit->status;
        summary->status_place = effects->place;
        summary->wall_ns = rn_clock_duration(
            &effects->clock,
            event->start > effects->first_start ? event->start - effects->first_start : 0);
    }
    effect_table_drop(effects, process->files);
    process->files = NULL;
}

void effect_feed_process(struct rn_effects *effects, const struct rn_event *event)
{
    struct effect_thread *thread = rn_id_map_get(&effects->threads, event->stream);

    if (!thread || !thread->process || (event->flags & RN_EVENT_SNAPSHOT))
        return;
    switch (event->u.process.op) {
    case RN_PROCESS_START:
    case RN_PROCESS_ATTACH:
    case RN_PROCESS_EXEC:
        feed_image(effects, thread, event);
        break;
    case RN_PROCESS_FORK:
        feed_fork(effects, thread, event);
        break;
    case RN_PROCESS_EXIT:
        feed_exit(effects, thread, event);
        break;
    case RN_PROCESS_THREAD_EXIT:
        end_thread(effects, thread, event->start);
        break;
    default:
        break;
    }
}

/* Which process was waited for: the result, or with waitid the siginfo. */
static uint64_t waited_pid(const struct effect_call *call)
{
    const struct rn_attachment *info = rn_event_attachment(call->event, RN_ATT_STRUCT, 2);
    int32_t pid;

    if ((int64_t)call->syscall->ret > 0)
        return call->syscall->ret;
    if (!info || !info->data || info->size < 16)
        return 0;
    memcpy(&pid, info->data + 12, sizeof pid);
    return pid > 0 ? (uint64_t)pid : 0;
}

void effect_wait(struct effect_call *call)
{
    uint64_t pid = call->failed ? 0 : waited_pid(call);
    struct effect_thread *child = pid ? rn_id_map_get(&call->effects->by_tid, pid) : NULL;

    if (!child || child->reaper)
        return;
    child->reaper = call->thread;
    child->reaped_at = call->effects->end;
}

/* By which way the end of a thread is known: to who waited for its process, and with threads of one
 * process to the maker, who is taken to have joined it. */
static const struct effect_thread *known_to(const struct effect_thread *thread, uint64_t *at)
{
    if (thread->reaper) {
        *at = thread->reaped_at;
        return thread->reaper;
    }
    if (thread->ended && thread->creator && thread->creator->process == thread->process) {
        *at = thread->ended_at;
        return thread->creator;
    }
    return NULL;
}

/* Is it among what `thread` did, or what it was made after? */
static bool is_past(const struct effect_thread *thread, uint64_t at,
                    const struct effect_thread *other, uint64_t other_at)
{
    for (unsigned depth = 0; thread && depth < KNOWS_DEPTH; depth++) {
        if (thread == other)
            return other_at <= at;
        at = thread->created_at < at ? thread->created_at : at;
        thread = thread->creator;
    }
    return false;
}

bool effect_knows(const struct effect_thread *thread, uint64_t at,
                  const struct effect_thread *other, uint64_t other_at)
{
    for (unsigned depth = 0; other && depth < KNOWS_DEPTH; depth++) {
        if (is_past(thread, at, other, other_at))
            return true;
        other = known_to(other, &other_at);
    }
    return false;
}

void effect_processes_free(struct rn_effects *effects)
{
    for (size_t i = 0; i < effects->threads.capacity; i++) {
        struct effect_thread *thread = effects->threads.slots[i].value;

        if (thread)
            process_drop(effects, thread->process);
    }
    for (size_t i = 0; i < effects->processes.capacity; i++)
        process_drop(effects, effects->processes.slots[i].value);
    process_drop(effects, effects->root);
    for (size_t i = 0; i < effects->threads.capacity; i++)
        free(effects->threads.slots[i].value);
    rn_id_map_free(&effects->threads);
    rn_id_map_free(&effects->processes);
    rn_id_map_free(&effects->by_tid);
}
