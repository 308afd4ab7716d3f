/* SPDX-License-Identifier: MIT */
#include "edge_model.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT (64u << 20)

bool edge_take_memory(struct rn_edge_finder *finder, size_t bytes)
{
    if (bytes > finder->memory_limit - finder->memory) {
        finder->forgotten++;
        return false;
    }
    finder->memory += bytes;
    return true;
}

bool edge_distrusts(const struct rn_edge_finder *finder, uint32_t source)
{
    return source < finder->source_count && finder->distrusted[source];
}

bool edge_is_scrubbed(const struct rn_edge_finder *finder, uint32_t source)
{
    const struct rn_manifest *manifest = finder->manifest;

    if (source && source <= manifest->source_count)
        manifest = manifest->sources[source - 1].manifest;
    return manifest->scrubbed != NULL;
}

void rn_edge_finder_distrust(struct rn_edge_finder *finder, uint32_t source)
{
    if (source < finder->source_count)
        finder->distrusted[source] = true;
}

enum rn_status rn_edge_finder_new(const struct rn_edge_finder_options *options,
                                  struct rn_edge_finder **out, struct rn_error *err)
{
    struct rn_edge_finder *finder = calloc(1, sizeof *finder);

    *out = NULL;
    if (!finder)
        return rn_fail(err, RN_E_NOMEM, "no memory to look for edges");
    finder->manifest = options->manifest;
    finder->memory_limit = options->memory_bytes ? options->memory_bytes : MEMORY_DEFAULT;
    finder->source_count = options->manifest->source_count + 1;
    finder->distrusted = calloc(finder->source_count, sizeof *finder->distrusted);
    if (!finder->distrusted || !edge_context_init(finder)) {
        edge_context_free(finder);
        free(finder->distrusted);
        free(finder);
        return rn_fail(err, RN_E_NOMEM, "no memory to look for edges");
    }
    for (size_t i = 0; i < options->manifest->source_count; i++) {
        finder->distrusted[i + 1] = options->manifest->sources[i].manifest->selection != NULL;
        finder->many_hosts |= options->manifest->sources[i].host != 0;
    }
    finder->distrusted[0] = options->manifest->selection != NULL;
    edge_calls_init(finder);
    *out = finder;
    return RN_OK;
}

static void op_free(struct rn_edge_finder *finder, struct edge_op *op)
{
    edge_piece_free(finder, op->piece);
    edge_object_drop(finder, op->object);
}

void rn_edge_finder_free(struct rn_edge_finder *finder)
{
    if (!finder)
        return;
    for (size_t i = 0; i < finder->op_count; i++)
        op_free(finder, &finder->ops[i]);
    for (size_t i = 0; i < finder->streams.capacity; i++)
        free(finder->streams.slots[i].value);
    for (size_t i = 0; i < finder->processes.capacity; i++) {
        struct edge_process *process = finder->processes.slots[i].value;

        if (process)
            edge_table_drop(finder, process->table);
        free(process);
    }
    edge_paths_free(finder);
    edge_datagrams_free(finder);
    edge_objects_free(finder);
    edge_pending_free(finder);
    edge_wakes_free(finder);
    edge_device_free(finder);
    edge_context_free(finder);
    rn_id_map_free(&finder->streams);
    rn_id_map_free(&finder->processes);
    free(finder->ops);
    free(finder->edges);
    free(finder->distrusted);
    free(finder);
}

/* ---- edges that were found ---- */

static bool more_edges(struct rn_edge_finder *finder)
{
    size_t room = finder->edge_room ? 2 * finder->edge_room : 64;
    struct rn_causal_edge *edges = malloc(room * sizeof *edges);

    if (!edges)
        return false;
    for (size_t i = 0; i < finder->edge_count; i++)
        edges[i] = finder->edges[(finder->edge_first + i) & (finder->edge_room - 1)];
    free(finder->edges);
    finder->edges = edges;
    finder->edge_first = 0;
    finder->edge_room = room;
    return true;
}

void edge_emit(struct rn_edge_finder *finder, const struct rn_edge_end *from,
               const struct rn_edge_end *to, uint8_t mechanism, bool proven, uint64_t bytes)
{
    /* An effect that ended before its cause began on the same clock was recorded late. */
    bool same_clock = edge_host_of(finder, from->source) == edge_host_of(finder, to->source);

    if (from->stream == to->stream)
        return;
    if (finder->edge_count == finder->edge_room && !more_edges(finder)) {
        finder->failed = true;
        return;
    }
    if (same_clock && from->start > to->end)
        proven = false;
    finder->edges[(finder->edge_first + finder->edge_count++) & (finder->edge_room - 1)] =
        (struct rn_causal_edge){.from = *from,
                                .to = *to,
                                .mechanism = mechanism,
                                .certainty = proven ? RN_EDGE_PROVEN : RN_EDGE_INFERRED,
                                .bytes = bytes};
}

bool rn_edge_finder_next(struct rn_edge_finder *finder, struct rn_causal_edge *edge)
{
    if (finder->edge_count == 0)
        return false;
    *edge = finder->edges[finder->edge_first];
    finder->edge_first = (finder->edge_first + 1) & (finder->edge_room - 1);
    finder->edge_count--;
    return true;
}

/* ---- calls by their ends ---- */

static bool ends_before(const struct edge_op *a, const struct edge_op *b)
{
    return a->who.end != b->who.end ? a->who.end < b->who.end : a->who.start < b->who.start;
}

void edge_push(struct rn_edge_finder *finder, const struct edge_op *op)
{
    size_t at = finder->op_count;

    if (finder->op_count == finder->op_room) {
        size_t room = finder->op_room ? 2 * finder->op_room : 64;
        struct edge_op *ops = realloc(finder->ops, room * sizeof *ops);

        if (!ops) {
            struct edge_op lost = *op;

            finder->failed = true;
            op_free(finder, &lost);
            return;
        }
        finder->ops = ops;
        finder->op_room = room;
    }
    finder->op_count++;
    for (; at && ends_before(op, &finder->ops[(at - 1) / 2]); at = (at - 1) / 2)
        finder->ops[at] = finder->ops[(at - 1) / 2];
    finder->ops[at] = *op;
}

static struct edge_op pop(struct rn_edge_finder *finder)
{
    struct edge_op top = finder->ops[0], moved = finder->ops[--finder->op_count];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < finder->op_count) {
        if (child + 1 < finder->op_count &&
            ends_before(&finder->ops[child + 1], &finder->ops[child]))
            child++;
        if (!ends_before(&finder->ops[child], &moved))
            break;
        finder->ops[at] = finder->ops[child];
        at = child;
    }
    if (finder->op_count)
        finder->ops[at] = moved;
    return top;
}

static void lock_op(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_object *object = op->object;

    if (op->what == OP_UNLOCK) {
        object->unlock = op->who;
        object->unlock_process = op->process;
        object->has_unlock = true;
        return;
    }
    /* Of an exclusive lock it is certain that whoever had it before let it go. */
    if (object->has_unlock && object->unlock_process != op->process)
        edge_emit(finder, &object->unlock, &op->who, RN_EDGE_LOCK, false, 0);
}

/* A read takes all that was added since the one before. Where the sum is what was added, it is
 * certain who added. */
static void counter_op(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_object *object = op->object;
    unsigned room = sizeof object->posts / sizeof *object->posts;
    bool certain;

    if (op->what == OP_POST) {
        if (object->post_count < room)
            object->posts[object->post_count] = op->who;
        object->post_count++;
        object->post_sum += op->value;
        return;
    }
    certain = object->post_count && object->post_count <= room && object->post_sum == op->value &&
              !edge_distrusts(finder, op->who.source);
    for (unsigned i = 0; i < object->post_count && i < room; i++)
        edge_emit(finder, &object->posts[i], &op->who, RN_EDGE_EVENTFD, certain, 0);
    object->post_count = 0;
    object->post_sum = 0;
}

static void write_op(struct rn_edge_finder *finder, struct edge_op *op)
{
    struct edge_object *object = op->object;
    struct flow_piece *piece = op->piece;

    op->piece = NULL;
    if (object->kind == OBJECT_PIPE) {
        object->in.open_writes--;
        edge_flow_write(finder, &object->in, piece);
    } else {
        edge_socket_write(finder, object, piece);
    }
}

static void run(struct rn_edge_finder *finder, struct edge_op *op)
{
    switch (op->what) {
    case OP_WRITE:
        write_op(finder, op);
        break;
    case OP_READ:
        op->object->in.open_reads--;
        edge_flow_read(finder, &op->object->in, op->piece);
        op->piece = NULL;
        break;
    case OP_WAIT:
    case OP_CHILD_SIGNAL:
        edge_reap(finder, op);
        break;
    case OP_FUTEX_WAIT:
    case OP_SIGNAL:
        edge_wake_op(finder, op);
        break;
    case OP_LOCK:
    case OP_UNLOCK:
        lock_op(finder, op);
        break;
    case OP_POST:
    case OP_GET:
        counter_op(finder, op);
        break;
    case OP_OPEN:
    case OP_MAKE:
    case OP_RENAME:
        edge_file_op(finder, op);
        break;
    case OP_SEND:
    case OP_TAKE:
        edge_datagram_op(finder, op);
        break;
    default:
        break;
    }
    op_free(finder, op);
}

static void advance(struct rn_edge_finder *finder, uint64_t frontier)
{
    if (frontier <= finder->frontier)
        return;
    finder->frontier = frontier;
    while (finder->op_count && finder->ops[0].who.end <= frontier) {
        struct edge_op op = pop(finder);

        run(finder, &op);
    }
}

uint64_t rn_edge_finder_frontier(const struct rn_edge_finder *finder)
{
    const struct flow_piece *waiting = finder->waiting;

    return waiting && waiting->who.end < finder->frontier ? waiting->who.end : finder->frontier;
}

uint64_t rn_edge_finder_forgotten(const struct rn_edge_finder *finder)
{
    return finder->forgotten;
}

/* ---- rows ---- */

static void feed_signal(struct rn_edge_finder *finder, const struct edge_stream *stream,
                        const struct rn_event *event, const struct rn_edge_end *who)
{
    const struct rn_signal *signal = &event->u.signal;
    int32_t code = (int32_t)signal->code;
    struct edge_op op = {.who = *who};

    if (!stream->process)
        return;
    if (signal->signo == SIGCHLD && code >= CLD_EXITED && code <= CLD_DUMPED) {
        op.what = OP_CHILD_SIGNAL;
        op.value = edge_process_key(event->source, signal->sender_pid);
    } else if (code == SI_USER || code == SI_TKILL || code == SI_QUEUE) {
        op.what = OP_SIGNAL;
        op.value = stream->process->key;
        op.extra = signal->sender_pid << 8 | (signal->signo & 0xff);
        op.count = signal->signo;
    } else {
        return;
    }
    edge_push(finder, &op);
}

static void feed_event(struct rn_edge_finder *finder, const struct rn_event *event,
                       const struct rn_edge_end *who)
{
    struct edge_stream *stream = edge_stream_of(finder, event);

    if (!stream)
        return;
    if (!stream->begun && !(event->flags & RN_EVENT_SNAPSHOT)) {
        stream->begun = true;
        edge_context_begin(finder, who);
        if (stream->has_fork)
            edge_emit(finder, &stream->fork, who, RN_EDGE_FORK, true, 0);
    }
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        edge_call(finder, stream, event, who);
        break;
    case RN_KIND_PROCESS:
        edge_process_event(finder, stream, event, who);
        break;
    case RN_KIND_DESCRIPTOR:
        if (stream->process)
            edge_descriptor_row(finder, stream->process, event);
        break;
    case RN_KIND_SIGNAL:
        feed_signal(finder, stream, event, who);
        break;
    case RN_KIND_API:
    case RN_KIND_KERNEL:
    case RN_KIND_TRANSFER:
        edge_device_event(finder, stream, event, who);
        break;
    case RN_KIND_AGGREGATE:
        if (event->u.aggregate.of == RN_KIND_SYSCALL)
            rn_edge_finder_distrust(finder, event->source);
        break;
    default:
        break;
    }
}

enum rn_status rn_edge_finder_feed_at(struct rn_edge_finder *finder, const struct rn_event *event,
                                      uint64_t position, uint64_t member, struct rn_error *err)
{
    struct rn_edge_end who = {.source = event->source,
                              .stream = event->stream,
                              .ordinal = event->ordinal,
                              .start = event->start,
                              .position = position,
                              .member = member};

    who.end =
        event->start > UINT64_MAX - event->duration ? UINT64_MAX : event->start + event->duration;
    if (event->kind == RN_KIND_LOSS && event->u.loss.reason != RN_LOSS_LAST)
        rn_edge_finder_distrust(finder, event->source);
    if (event->kind == RN_KIND_COMMIT && finder->memory > finder->memory_limit / 4)
        edge_processes_sweep(finder);
    if (event->kind == RN_KIND_STREAM)
        edge_stream_row(finder, event);
    else if (RN_KIND_IS_EVENT(event->kind)) {
        if (!(event->flags & RN_EVENT_SNAPSHOT))
            advance(finder, event->start);
        feed_event(finder, event, &who);
    }
    return finder->failed ? rn_fail(err, RN_E_NOMEM, "no memory to look for edges") : RN_OK;
}

enum rn_status rn_edge_finder_feed(struct rn_edge_finder *finder, const struct rn_event *event,
                                   struct rn_error *err)
{
    return rn_edge_finder_feed_at(finder, event, 0, 0, err);
}

bool rn_edge_finder_wants(const struct rn_edge_finder *finder, uint64_t abi, uint64_t nr)
{
    return abi < RN_ABI_COUNT && nr < EDGE_CALL_NUMBERS && finder->calls[abi][nr];
}

enum rn_status rn_edge_finder_finish(struct rn_edge_finder *finder, struct rn_error *err)
{
    advance(finder, UINT64_MAX);
    finder->waiting = NULL;
    return finder->failed ? rn_fail(err, RN_E_NOMEM, "no memory to look for edges") : RN_OK;
}

const char *rn_edge_mechanism_name(uint64_t mechanism)
{
    static const char *const names[RN_EDGE_MECHANISMS] = {
        "stamp",   "fork",  "exit", "pipe", "socket", "connect",    "rights",   "signal",
        "eventfd", "futex", "lock", "file", "launch", "completion", "datagram", "context",
    };

    return mechanism < RN_EDGE_MECHANISMS ? names[mechanism] : "?";
}
