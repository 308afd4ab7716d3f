/* SPDX-License-Identifier: MIT */
/* Where the time of each thread went: computing, and system calls by what they are about
 * (call_class.h). The parts of a thread add up to its life time, to the nanosecond.
 *
 * All of a call's time counts, whether it waited or worked. Computing is what is outside of calls:
 * whether the thread had a CPU then is not recorded. The time of an API call that waits for a
 * device (device_tie.h), and of system calls beneath it, is the device's.
 *
 * The recording is read twice: rn_attribution_waits, then an event at a time. Memory: some 300
 * bytes a thread, up to RN_ATTRIBUTION_THREADS, and 16 bytes for each wait for a device, up to
 * RN_ATTRIBUTION_WAITS; what comes beyond is counted, and not accounted for. Not thread-safe. */
#ifndef RN_ATTRIBUTION_H
#define RN_ATTRIBUTION_H

#include "call_class.h"
#include "formats/reader.h"

#define RN_ATTRIBUTION_THREADS (1u << 18)
#define RN_ATTRIBUTION_WAITS   (1u << 22)

/* Parts: those of enum rn_call_class, and what is outside of calls. */
#define RN_PART_COMPUTING RN_CALL_CLASSES
#define RN_PARTS          (RN_CALL_CLASSES + 1u)

struct rn_attribution_thread {
    uint64_t stream, pid, tid;
    uint64_t process;    /* its serial number, as in trace.h; 0: none is known */
    char *name;          /* never NULL in a result */
    uint64_t begin, end; /* ticks */
    uint64_t life_ns;    /* the sum of the parts */
    uint64_t part_ns[RN_PARTS];
    uint64_t calls;
};

struct rn_attribution_process {
    uint64_t serial, pid;
    char *name;          /* never NULL in a result */
    uint64_t begin, end; /* ticks: of its first thread, of its last */
    uint64_t threads;
    uint64_t life_ns;           /* of all its threads together */
    uint64_t part_ns[RN_PARTS]; /* likewise */
    bool cpu_known;             /* it ended while it was recorded */
    uint64_t user_ns, system_ns;
};

struct rn_attribution_result {
    /* Longest life first, in no other order than that of their numbers where these are equal. */
    struct rn_attribution_thread *threads;
    size_t thread_count;
    struct rn_attribution_process *processes;
    size_t process_count;
    struct rn_attribution_process all; /* of all; no name and number; cpu_known: of each */
    uint64_t calls_lost; /* of threads for which there was no room */
    uint64_t waits_lost; /* for devices, likewise */
    bool has_devices;                  /* there were kernels or transfers */
};

struct rn_attribution;
struct rn_attribution *rn_attribution_new(void); /* NULL: no memory */
void rn_attribution_free(struct rn_attribution *attribution);

/* First reading: the calls that wait for devices. What is damaged is skipped; the second reading
 * meets it again. */
RN_MUST_CHECK enum rn_status rn_attribution_waits(struct rn_attribution *attribution,
                                                  struct rn_reader *reader, struct rn_error *err);
/* Second: every event, before it is fed to the trace. */
RN_MUST_CHECK enum rn_status rn_attribution_event(struct rn_attribution *attribution,
                                                  struct rn_trace *trace,
                                                  const struct rn_event *event,
                                                  struct rn_error *err);
/* At the end. Borrowed as long as `attribution`. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_attribution_result(struct rn_attribution *attribution,
                                                   struct rn_trace *trace,
                                                   struct rn_attribution_result *result,
                                                   struct rn_error *err);

#endif
