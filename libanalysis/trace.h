/* SPDX-License-Identifier: MIT */
/* The unified trace model: which process and thread a stream is, what its name is, which files its
 * descriptors stand for, at the point of the trace that has been read so far. Feed every event of a
 * reader to it, in order. Memory grows with the number of processes and descriptors that are alive
 * at once, not with the length of the trace, and is limited: over RN_TRACE_MAX_STREAMS streams at
 * once feeding fails, and descriptors beyond RN_TRACE_MAX_BYTES of names are not known.
 *
 * For a reader by batches it is enough to feed the STREAM, CLOCK, COMMIT and PROCESS rows: then
 * streams, processes and times are known, and descriptors are not.
 *
 * Not thread-safe. */
#ifndef RN_TRACE_H
#define RN_TRACE_H

#include "clock.h"
#include "device_clock.h"
#include "formats/buf.h"
#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

struct rn_trace;

#define RN_TRACE_MAX_STREAMS (1u << 20)
#define RN_TRACE_MAX_BYTES   (256u << 20)

struct rn_process_info {
    uint64_t serial; /* of the process in this trace, from 1: a pid may be reused, this is not */
    uint64_t pid, parent_pid;
    const char *exe;  /* path of the image, NULL unknown */
    const char *name; /* last component of exe, or the thread name; never NULL */
    uint64_t threads; /* alive */
    bool ended;
    int status;                                 /* wait status, if ended */
    uint64_t user_ns, system_ns, max_rss_bytes; /* if ended */
};

struct rn_thread_info {
    uint64_t stream; /* 0: not a known stream */
    uint64_t type;   /* enum rn_stream_type */
    uint64_t pid, tid;
    const char *name;                      /* of the thread, or of the stream; never NULL */
    const struct rn_process_info *process; /* NULL where the stream has none */
};

struct rn_trace *rn_trace_new(const struct rn_manifest *manifest); /* NULL: no memory */
void rn_trace_free(struct rn_trace *trace);

/* Take note of one event, after it has been used (so that close(3) can still be named). */
RN_MUST_CHECK enum rn_status rn_trace_feed(struct rn_trace *trace, const struct rn_event *event,
                                           struct rn_error *err);

/* Never NULL; borrowed until the next feed. */
const struct rn_thread_info *rn_trace_thread(struct rn_trace *trace, uint64_t stream);
/* What descriptor `fd` of that stream's process is: a path, "pipe:[N]", "TCP:[...]"; NULL unknown.
 * Borrowed until the next feed. */
const char *rn_trace_descriptor(struct rn_trace *trace, uint64_t stream, int64_t fd);
/* Append what descriptor `fd`, which the system call `event` gives out, will stand for once the
 * event has been fed; false, with nothing appended, where that is unknown. */
bool rn_trace_given_descriptor(struct rn_trace *trace, const struct rn_event *event, int64_t fd,
                               struct rn_buf *out);
/* Working directory of that stream's process; NULL unknown. Borrowed until the next feed. */
const char *rn_trace_directory(struct rn_trace *trace, uint64_t stream);
/* Make ticks of the recording of the device's times in an event, before it is used. Does nothing with
 * events that have none. */
void rn_trace_place(const struct rn_trace *trace, struct rn_event *event);
/* The clocks of devices; NULL where there are none. */
const struct rn_device_clocks *rn_trace_device_clocks(const struct rn_trace *trace);
const struct rn_clock *rn_trace_clock(const struct rn_trace *trace);

#endif
