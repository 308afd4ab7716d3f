/* SPDX-License-Identifier: MIT */
/* Which process a stream is of, what forks and ends, and who waits for that. */
#include "edge_model.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

uint64_t edge_process_key(uint32_t source, uint64_t pid)
{
    return ((uint64_t)source << 32 | (uint32_t)pid) + 1;
}

static struct edge_process *process_get(struct rn_edge_finder *finder, uint32_t source,
                                        uint64_t pid)
{
    uint64_t key = edge_process_key(source, pid);
    struct edge_process *process = rn_id_map_get(&finder->processes, key);

    if (process)
        return process;
    process = edge_take_memory(finder, sizeof *process) ? calloc(1, sizeof *process) : NULL;
    if (!process)
        return NULL;
    process->key = key;
    process->source = source;
    if (!rn_id_map_set(&finder->processes, key, process)) {
        free(process);
        finder->failed = true;
        return NULL;
    }
    return process;
}

struct edge_stream *edge_stream_of(struct rn_edge_finder *finder, const struct rn_event *event)
{
    return rn_id_map_get(&finder->streams, event->stream);
}

/* A process that has ended and whose number is met again is another one. */
static void renew(struct rn_edge_finder *finder, struct edge_process *process)
{
    edge_table_drop(finder, process->table);
    *process = (struct edge_process){.key = process->key, .source = process->source};
}

void edge_stream_row(struct rn_edge_finder *finder, const struct rn_event *event)
{
    const struct rn_stream *row = &event->u.stream_info;
    struct edge_stream *stream = rn_id_map_get(&finder->streams, row->id);

    if (stream || row->pid == 0)
        return;
    stream = edge_take_memory(finder, sizeof *stream) ? calloc(1, sizeof *stream) : NULL;
    if (!stream)
        return;
    if (!rn_id_map_set(&finder->streams, row->id, stream)) {
        free(stream);
        finder->failed = true;
        return;
    }
    stream->source = event->source;
    stream->begun = (event->flags & RN_EVENT_SNAPSHOT) != 0;
    stream->process = process_get(finder, event->source, row->pid);
    if (stream->process && stream->process->has_exit && row->type == RN_STREAM_THREAD)
        renew(finder, stream->process);
}

static void feed_fork(struct rn_edge_finder *finder, struct edge_stream *stream,
                      const struct rn_event *event, const struct rn_edge_end *who)
{
    struct edge_stream *child = rn_id_map_get(&finder->streams, event->u.process.child_stream);
    uint64_t flags = event->u.process.clone_flags;

    if (!child || child == stream || child->begun)
        return;
    child->fork = *who;
    child->has_fork = true;
    if (!stream->process || !child->process || stream->process == child->process)
        return;
    child->process->opaque = stream->process->opaque;
    edge_table_inherit(finder, stream->process, child->process, flags & CLONE_FILES);
}

static void feed_exit(struct rn_edge_finder *finder, struct edge_process *process,
                      const struct rn_edge_end *who)
{
    process->exit = *who;
    process->has_exit = true;
    edge_table_drop(finder, process->table);
    process->table = NULL;
}

void edge_process_event(struct rn_edge_finder *finder, struct edge_stream *stream,
                        const struct rn_event *event, const struct rn_edge_end *who)
{
    if (!stream->process || (event->flags & RN_EVENT_SNAPSHOT))
        return;
    switch (event->u.process.op) {
    case RN_PROCESS_FORK:
        feed_fork(finder, stream, event, who);
        break;
    case RN_PROCESS_EXEC: {
        struct edge_process *process = stream->process;

        /* A table that is shared is no longer. */
        if (process->table && process->table->holders > 1) {
            struct edge_process copy = {.table = NULL};

            edge_table_inherit(finder, process, &copy, false);
            edge_table_drop(finder, process->table);
            process->table = copy.table;
        }
        edge_table_make_stale(process);
        break;
    }
    case RN_PROCESS_EXIT:
        feed_exit(finder, stream->process, who);
        break;
    default:
        break;
    }
}

/* The recorder may have seen the end a little after the parent: then the call that ended it counts.
 */
void edge_reap(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_process *process = rn_id_map_get(&finder->processes, op->value);

    if (!process || process->reaped)
        return;
    if (process->has_exit && process->exit.start <= op->who.end)
        edge_emit(finder, &process->exit, &op->who, RN_EDGE_EXIT, true, 0);
    else if (process->has_exit_call && process->exit_call.start <= op->who.end)
        edge_emit(finder, &process->exit_call, &op->who, RN_EDGE_EXIT, true, 0);
    process->reaped = op->what == OP_WAIT;
}

/* ---- what is over ---- */

static bool is_over(const struct edge_process *process)
{
    return process && process->has_exit && process->swept;
}

/* Taking one out moves others: the same place is looked at again. */
static void sweep_streams(struct rn_edge_finder *finder)
{
    for (size_t i = 0; i < finder->streams.capacity;) {
        struct edge_stream *stream = finder->streams.slots[i].value;

        if (!stream || !is_over(stream->process)) {
            i++;
            continue;
        }
        rn_id_map_remove(&finder->streams, finder->streams.slots[i].id);
        finder->memory -= sizeof *stream;
        free(stream);
    }
}

void edge_processes_sweep(struct rn_edge_finder *finder)
{
    sweep_streams(finder);
    for (size_t i = 0; i < finder->processes.capacity;) {
        struct edge_process *process = finder->processes.slots[i].value;

        if (!is_over(process)) {
            if (process && process->has_exit)
                process->swept = true;
            i++;
            continue;
        }
        rn_id_map_remove(&finder->processes, finder->processes.slots[i].id);
        edge_table_drop(finder, process->table);
        finder->memory -= sizeof *process;
        free(process);
    }
}
