/* SPDX-License-Identifier: MIT */
/* Rings that libraries inside the program take for themselves (inject/producer.h): put out, told
 * whose they are, and what is left in them when their thread is gone. */
#ifndef RN_SESSION_PRODUCERS_H
#define RN_SESSION_PRODUCERS_H

#include "formats/ring_file.h"
#include "formats/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rn_session;

/* What the libraries are told. Times in ns. */
struct rn_session_producing {
    bool on;
    bool devices;          /* libraries for devices are among them */
    bool preloaded;        /* by LD_PRELOAD: which every process should have, then */
    bool all;              /* record every event, however many */
    uint64_t threshold_ns; /* compute blocks shorter than this are counted; 0: none */
    uint64_t hot_calls; /* an operation that is called more often a second is counted; 0: never */
};

struct rn_session_thread {
    uint64_t stream;
    uint32_t pid, tid;
};

#define RN_SESSION_ENDED 256u

struct rn_session_producers {
    struct rn_session_producing settings;
    struct rn_session_thread *threads; /* that are alive */
    size_t thread_count, thread_capacity;
    size_t rings;         /* taken by a thread */
    bool busy;            /* at the last look */
    bool ever;            /* a ring was taken */
    uint64_t last_look;   /* ticks */
    uint64_t look_period; /* ticks */
    uint64_t lost_told;
    uint64_t misfits; /* records that no library writes */
    uint64_t apis;    /* bit n: something of enum rn_api n was recorded */
    uint64_t queues[RN_RING_QUEUES / 64]; /* bit n: queue n is stated */
    uint32_t threads_of[RN_RING_QUEUES];  /* the stream, where queue n stands for a thread */
    char blind_spot[256];                 /* what a library told first, "" none */
    struct rn_session_thread ended[RN_SESSION_ENDED]; /* the last ones, in a circle */
    size_t ended_count;
    struct rn_error failure; /* one that could not be returned where it happened */
};

RN_MUST_CHECK enum rn_status rn_session_producers_open(struct rn_session *session,
                                                       const struct rn_session_producing *settings,
                                                       uint64_t start_ticks, uint64_t tick_rate,
                                                       struct rn_error *err);
void rn_session_producers_free(struct rn_session_producers *producers);

/* A thread begins or ends; the process executes another program, so that all its rings are as their
 * threads left them. */
RN_MUST_CHECK enum rn_status rn_session_producers_thread(struct rn_session *session,
                                                         uint64_t stream, uint64_t pid,
                                                         uint64_t tid, struct rn_error *err);
void rn_session_producers_thread_ended(struct rn_session *session, uint64_t stream);
void rn_session_producers_all_ended(struct rn_session *session);

/* From here on. */
void rn_session_producers_threshold(struct rn_session *session, uint64_t threshold_ns);

/* Before the rings are drained: find out whose they are; state what could not be recorded. */
RN_MUST_CHECK enum rn_status rn_session_producers_resolve(struct rn_session *session,
                                                          struct rn_error *err);
/* Look at the rings, if it is time to: *busy says whether one of them should be drained now. */
void rn_session_producers_look(struct rn_session *session, bool *busy);

#endif
