/* SPDX-License-Identifier: MIT */
/* Inside the critical path: what the critical_*.c files share. */
#ifndef RN_CRITICAL_PRIVATE_H
#define RN_CRITICAL_PRIVATE_H

#include "critical_path.h"
#include "formats/id_map.h"

#define CRITICAL_NUMBERS 1024u /* of system calls, each ABI */
#define CRITICAL_TOP     8u    /* names that are told apart in one link */

/* An event waited for another one; `point` is when that let it go, on the other one's stream. With
 * LAUNCH it is the kernel, and `point` when it had been asked for. */
struct critical_wait {
    uint64_t start, end; /* of the wait, or the kernel */
    uint64_t point, cause_start;
    uint32_t stream, from;
    uint8_t mechanism, certainty;
    bool used; /* the path has gone back through it, or it turned out to be none */
};

/* A call whose end a later event explains: a poll that found something, a call that a signal
 * interrupted. */
struct critical_poll {
    uint64_t start, end;
};

/* Sums of one name in the link at hand. */
struct critical_top {
    struct critical_name *name;
    uint64_t ticks;
};

/* Calls of one name without another one between them. */
struct critical_run {
    struct critical_name *name;
    uint64_t calls, bytes, first, last, in_calls;
};

struct critical_stream {
    uint32_t id;
    uint8_t type; /* enum rn_stream_type */
    bool has_origin, named, stale;
    uint64_t first, last; /* ticks: start of the first event, end of the last */
    struct critical_poll *polls;
    size_t poll_count, poll_capacity;
    struct critical_wait origin;   /* who made it */
    size_t wait_first, wait_count; /* of path->waits, sorted */
    size_t link_first, link_count; /* of path->by_stream */
    size_t current;                /* of these: the last link that work was found in */
    struct critical_top top[CRITICAL_TOP];
    struct critical_run run;
    struct rn_critical_thread thread;
    char *name, *program;
};

/* One name that things on the path have. */
struct critical_name {
    struct rn_critical_work work;
    char *text;
    uint64_t hash;
    struct critical_run loop; /* sums of its long runs */
    uint64_t loop_runs, loop_ticks, longest;
    uint64_t pid, tid;    /* of the longest */
    uint64_t sync_writes; /* of a path: synchronous writes to it */
};

/* What was written to a descriptor and is not durable yet. */
struct critical_file {
    bool synchronous; /* O_SYNC or O_DSYNC */
    uint64_t bytes, ticks;
};

struct rn_critical_path {
    struct rn_id_map streams; /* struct critical_stream by number + 1 */
    struct critical_wait *waits;
    size_t wait_count, wait_capacity;
    size_t poll_count; /* of all streams */
    bool waits_lost, merged, any;
    uint64_t begin, last;
    uint32_t last_stream;
    /* The end of the process that was there first. */
    bool has_first, first_ended;
    uint64_t first_pid, first_end;
    uint32_t first_end_stream;
    struct rn_critical_link *links;
    size_t link_count, link_capacity;
    size_t *by_stream;      /* links by stream and time */
    struct rn_id_map names; /* struct critical_name by hash */
    struct critical_name *other;
    struct critical_name *calls[RN_ABI_COUNT][CRITICAL_NUMBERS];
    uint8_t roles[RN_ABI_COUNT][CRITICAL_NUMBERS]; /* enum critical_role */
    struct rn_id_map files; /* struct critical_file by process and descriptor */
    struct rn_critical_patterns patterns;
    struct rn_clock clock; /* as of the last row of the second reading */
    struct rn_critical_work *work;
    struct rn_critical_thread *threads;
};

enum critical_role {
    CRITICAL_PLAIN = 0,
    CRITICAL_POLL,
    CRITICAL_OPEN,   /* flags in the second argument */
    CRITICAL_OPENAT, /* in the third */
    CRITICAL_CLOSE,
    CRITICAL_DUP,
    CRITICAL_WRITE,
    CRITICAL_SYNC,
};

static inline uint64_t critical_end(const struct rn_event *event)
{
    return event->duration > UINT64_MAX - event->start ? UINT64_MAX
                                                       : event->start + event->duration;
}

/* critical_path.c: NULL where the stream is not known. */
struct critical_stream *rn_critical_stream(const struct rn_critical_path *path, uint64_t id);
enum critical_role rn_critical_role(const struct rn_critical_path *path,
                                    const struct rn_syscall *call);
bool rn_critical_grow(void *array, size_t *capacity, size_t needed, size_t item);

/* critical_name.c: made if it is new; the one of "(other)" where there are too many; NULL: no
 * memory. The name is as long as is said. And of a call. */
struct critical_name *rn_critical_name(struct rn_critical_path *path, uint8_t kind,
                                       const char *name, size_t length);
struct critical_name *rn_critical_call(struct rn_critical_path *path,
                                       const struct rn_syscall *call);
void rn_critical_names_free(struct rn_critical_path *path);

/* critical_pattern.c: an event of the second reading, with its duration; the end of a run of calls;
 * what was found. */
RN_MUST_CHECK enum rn_status rn_critical_pattern_note(struct rn_critical_path *path,
                                                      struct rn_trace *trace,
                                                      const struct rn_event *event,
                                                      struct rn_error *err);
void rn_critical_run_end(struct critical_stream *stream);
void rn_critical_patterns_find(struct rn_critical_path *path,
                               const struct rn_critical_result *result);

#endif
