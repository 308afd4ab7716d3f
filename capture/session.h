/* SPDX-License-Identifier: MIT */
/* One recording in progress: the rings, the writer behind them, the streams, and when to commit.
 * What an engine sees of the recorder. */
#ifndef RN_SESSION_H
#define RN_SESSION_H

#include "formats/event.h"
#include "formats/status.h"
#include "formats/writer.h"
#include "ring.h"
#include "sampling.h"
#include "session_clock.h"
#include "session_producers.h"

struct rn_session;

struct rn_session_options {
    const char *output; /* path, or "-" */
    struct rn_writer_options writer;
    uint64_t ring_bytes; /* of ring data in all; 0: the default */
    struct rn_sampling_limits sampling;
    double max_overhead;                   /* share of the program's CPU time; 0: none */
    bool all_traced;                       /* the engine will be ptrace */
    struct rn_session_producing producing; /* of libraries inside the program */
};

/* manifest: filled but for clock and start point, which this sets. */
RN_MUST_CHECK enum rn_status rn_session_new(const struct rn_session_options *options,
                                            struct rn_manifest *manifest, struct rn_session **out,
                                            struct rn_error *err);

/* Time now, in the recording's ticks. */
uint64_t rn_session_now(const struct rn_session *session);

RN_MUST_CHECK enum rn_status rn_session_add_stream(struct rn_session *session, uint64_t pid,
                                                   uint64_t tid, uint64_t parent, uint64_t *id,
                                                   struct rn_error *err);
void rn_session_end_stream(struct rn_session *session, uint64_t id);
/* The thread of this stream has executed another program. */
void rn_session_executed(struct rn_session *session, uint64_t stream);
/* Libraries in the program have rings of their own: rn_session_tick must be called so often (in
 * ns), also while nothing else happens. 0: there are none. */
long rn_session_pace(const struct rn_session *session);
/* Commits are another thread's work: the one that uses the session has nothing to do between
 * events. */
bool rn_session_has_commit_thread(const struct rn_session *session);
/* There are to be such libraries in every process (not only where a device is used); there was one
 * that recorded. */
bool rn_session_expects_producers(const struct rn_session *session);
bool rn_session_had_producers(const struct rn_session *session);
/* Bit n: something of enum rn_api n was recorded so far. */
uint64_t rn_session_apis(struct rn_session *session);
/* What a library in the program said first that it cannot record, so far; NULL: nothing. Borrowed.
 * The program may have written anything there. */
const char *rn_session_blind_spot(const struct rn_session *session);

/* A stream of something that is no thread: a file of decisions. */
RN_MUST_CHECK enum rn_status rn_session_add_source(struct rn_session *session, const char *name,
                                                   uint64_t *id, struct rn_error *err);
/* A moment in CLOCK_REALTIME, ns, as ticks; and how long the recording has gone on. */
uint64_t rn_session_ticks_at(const struct rn_session *session, uint64_t realtime_ns);
uint64_t rn_session_start(const struct rn_session *session);     /* ticks */
uint64_t rn_session_tick_rate(const struct rn_session *session); /* ticks a second */
/* Called about once a second while the program runs, by rn_session_tick. */
typedef enum rn_status rn_second_fn(void *context, struct rn_session *session,
                                    struct rn_error *err);
void rn_session_on_second(struct rn_session *session, rn_second_fn *function, void *context);

/* Be told of each file that a program maps to run code from it, by the thread that uses the session.
 * The path is as the process sees it, and borrowed. */
typedef void rn_mapped_fn(void *context, uint64_t pid, const char *path);
void rn_session_on_mapped(struct rn_session *session, rn_mapped_fn *function, void *context);
/* For engines: there is one. */
void rn_session_mapped(const struct rn_session *session, uint64_t pid, const char *path);

/* Put an event into the engine's ring; drains and commits when the ring is full. Never fails for
 * lack of disk space: such losses are counted. */
RN_MUST_CHECK enum rn_status rn_session_emit(struct rn_session *session,
                                             const struct rn_event *event, struct rn_error *err);

/* In-flight slot of a thread: NULL where none is free. A call that begins without one is counted.
 */
struct rn_ring_slot *rn_session_take_slot(struct rn_session *session, uint64_t stream);
void rn_session_count_unseen_call(struct rn_session *session);
void rn_session_release_slot(struct rn_session *session, struct rn_ring_slot *slot);

/* A ring of the thread's own, with `lead` bytes in front of it: what the thread and rn_session_emit
 * put into it stays in order. NULL where there is no room. It is given back with
 * rn_session_release_slot, and what is in it is still recorded then. */
struct rn_ring_slot *rn_session_take_ring(struct rn_session *session, uint64_t stream,
                                          uint64_t size, uint32_t lead, struct rn_error *err);
void *rn_session_ring_lead(struct rn_session *session, const struct rn_ring_slot *slot);
uint8_t *rn_session_ring_data(struct rn_session *session, const struct rn_ring_slot *slot);
uint64_t rn_session_ring_size(struct rn_session *session, const struct rn_ring_slot *slot);
/* Offset of the slot in the file of rings, and a path through which the program can open that. */
uint64_t rn_session_slot_offset(struct rn_session *session, const struct rn_ring_slot *slot);
const char *rn_session_rings_path(const struct rn_session *session);
const struct rn_session_clock *rn_session_clock_of(const struct rn_session *session);
/* Make room in a ring that is three quarters full: *full says whether it is. */
RN_MUST_CHECK enum rn_status rn_session_relieve(struct rn_session *session,
                                                const struct rn_ring_slot *slot, bool *full,
                                                struct rn_error *err);
/* The same, begun only, for rings of running threads that are three eighths full: *busy says
 * whether there are any. */
RN_MUST_CHECK enum rn_status rn_session_keep_up(struct rn_session *session, bool *busy,
                                                struct rn_error *err);

/* Be shown system calls of x86-64 with wanted[number] != 0, number < count, and all of other
 * systems, when they are handed to the archive: those of a stream in order. `record` is the call as
 * rn_record_decode takes it. `wanted` is borrowed. */
typedef void rn_call_fn(void *context, uint32_t stream, const struct rn_syscall *call,
                        const uint8_t *record, size_t size);
void rn_session_on_call(struct rn_session *session, const uint8_t *wanted, size_t count,
                        rn_call_fn *function, void *context);

/* Called by the session when a segment begins: emit SNAPSHOT events of everything alive through
 * rn_session_emit_snapshot. */
typedef enum rn_status rn_snapshot_fn(void *context, struct rn_session *session,
                                      struct rn_error *err);
void rn_session_on_segment(struct rn_session *session, rn_snapshot_fn *function, void *context);
RN_MUST_CHECK enum rn_status rn_session_emit_snapshot(struct rn_session *session,
                                                      const struct rn_event *event,
                                                      struct rn_error *err);

/* A sentence for readers (RN_KIND_NOTICE on stream 0). */
RN_MUST_CHECK enum rn_status rn_session_notice(struct rn_session *session, enum rn_notice_code code,
                                               uint64_t value, struct rn_error *err,
                                               const char *format, ...) RN_PRINTF(5, 6);

/* Commit if it is time to (enough waiting, or output is a pipe and a second has passed). */
RN_MUST_CHECK enum rn_status rn_session_tick(struct rn_session *session, struct rn_error *err);

/* Put all that was emitted into the archive, for whoever reads it before its end. */
RN_MUST_CHECK enum rn_status rn_session_flush(struct rn_session *session, struct rn_error *err);

/* Begin to collect the files of env/ (machine, CPU, topology, GPU) in a thread of its own: to be
 * called once the program runs. Without it there are none. */
void rn_session_collect_facts(struct rn_session *session);

/* System calls that were recorded so far. */
uint64_t rn_session_calls(const struct rn_session *session);

/* Nothing was recorded: leave no trace of the recording. */
void rn_session_discard(struct rn_session *session);
/* Drain, add the files of env/, seal. *lost: events that are not in the archive. */
RN_MUST_CHECK enum rn_status rn_session_finish(struct rn_session *session, bool has_status,
                                               int status, uint64_t *lost, struct rn_error *err);
void rn_session_free(struct rn_session *session);

#endif
