/* SPDX-License-Identifier: MIT */
/* What the files of a session share: session.c begins, commits and ends a recording,
 * session_rings.c keeps its rings. */
#ifndef RN_SESSION_PRIVATE_H
#define RN_SESSION_PRIVATE_H

#include "env_facts.h"
#include "overhead.h"
#include "session.h"
#include "session_producers.h"

#define RN_SESSION_STREAM_SLOTS 4096u

/* A slot with a ring, or a slot of a thread's call in flight. */
struct rn_session_slot {
    struct rn_ring_slot *slot;
    uint64_t drained; /* position: records before it are with the writer */
    bool given_up;    /* by its thread: free as soon as what is in it is in the archive */
    bool producer;    /* of a library in the program */
    uint32_t stream;  /* of its thread, 0 until that is known */
};

struct rn_session {
    struct rn_writer *writer;
    struct rn_session_clock clock;
    struct rn_ring_area *area;
    struct rn_ring_slot *ring; /* of all threads that have none of their own */
    uint64_t waiting;          /* records that were put into rings from here */
    char rings_path[4096];
    bool to_pipe;
    uint64_t last_commit_ns;
    int64_t realtime_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC at the last commit, ns */
    struct rn_clock_point start;
    uint64_t tick_rate; /* ticks a second */
    struct rn_sampling *sampling; /* NULL: everything is stored */
    struct rn_overhead overhead;
    bool all_traced; /* the engine sees every system call by ptrace */
    rn_call_fn *call;
    void *call_context;
    const uint8_t *calls_wanted;
    size_t calls_count;
    rn_second_fn *second;
    void *second_context;
    uint64_t last_second; /* ticks */
    rn_snapshot_fn *snapshot;
    void *snapshot_context;
    bool snapshot_due;
    struct rn_env_facts *facts;
    struct rn_event inflight[RN_RING_SLOTS];
    struct rn_session_slot in_use[RN_RING_SLOTS];
    size_t in_use_count, given_up;
    struct rn_session_producers producers;
    struct rn_writer_source sources[RN_RING_SLOTS];
    struct rn_ring_slot
        *by_stream[RN_SESSION_STREAM_SLOTS]; /* rings of threads; a slot says whose it is */
};

/* session.c */
RN_MUST_CHECK enum rn_status rn_session_commit(struct rn_session *session, struct rn_error *err);

/* A stream of a thread. */
RN_MUST_CHECK enum rn_status rn_session_new_stream(struct rn_session *session, uint64_t pid,
                                                   uint64_t tid, uint64_t parent, uint64_t *id,
                                                   struct rn_error *err);

/* session_queues.c: what libraries for devices announce and record. */
/* State the queues that were announced since. */
RN_MUST_CHECK enum rn_status rn_session_queues_resolve(struct rn_session *session,
                                                       struct rn_error *err);
/* An event from a library's ring, whose stream may be anything: give it its thread's, or the queue
 * that it names; *fit says whether such an event may come from there at all. */
RN_MUST_CHECK enum rn_status rn_session_queues_place(struct rn_session *session,
                                                     const struct rn_session_slot *ring,
                                                     struct rn_event *event, bool *fit,
                                                     struct rn_error *err);
/* The program has ended: what it had given to its devices, and never was reported. */
RN_MUST_CHECK enum rn_status rn_session_queues_finish(struct rn_session *session,
                                                      struct rn_error *err);

/* session_producers.c */
/* The stream and number of a thread of the program, as it is numbered there. NULL: not known.
 * Borrowed until a thread begins or ends. */
const struct rn_session_thread *rn_session_find_thread(const struct rn_session *session,
                                                       uint32_t pid, uint32_t tid);

/* The same of one of the last RN_SESSION_ENDED threads that have ended. */
const struct rn_session_thread *rn_session_find_ended(const struct rn_session *session,
                                                      uint32_t pid, uint32_t tid);

/* session_rings.c */
/* A ring for whoever takes it; NULL where there is no room. The entry is borrowed until the next
 * ring is taken or given back. */
struct rn_session_slot *rn_session_offer_ring(struct rn_session *session, uint64_t size,
                                              uint32_t lead);
RN_MUST_CHECK enum rn_status rn_session_open_rings(struct rn_session *session,
                                                   const uint8_t uuid[16], uint64_t bytes,
                                                   struct rn_error *err);
/* The ring that takes the events of a stream: its thread's own, or the common one. */
struct rn_ring_slot *rn_session_ring_of(const struct rn_session *session, uint32_t stream);
/* Hand what the rings hold to the writer; say up to where that is, and which calls are in flight;
 * and, once it is in the archive, give the room back. */
RN_MUST_CHECK enum rn_status rn_session_drain(struct rn_session *session, struct rn_error *err);
size_t rn_session_collect_sources(struct rn_session *session);
size_t rn_session_collect_inflight(struct rn_session *session);
void rn_session_consume(struct rn_session *session);

#endif
