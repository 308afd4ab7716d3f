/* SPDX-License-Identifier: MIT */
/* The state of reading a file of the Trace Event Format, shared by chrome_*.c alone:
 *   chrome_read.c    the file: finds the events in it, goes on behind damage
 *   chrome_import.c  an event becomes events of a recording
 *   chrome_text.c    names, ids and arguments, and the event that has them
 *   chrome_device.c  kernels, transfers, calls of CUDA
 *   chrome_own.c     what our own files have of kinds that the format does not know
 *   chrome_pair.c    begins and ends that are events of their own
 *   chrome_thread.c  who they are of: threads, queues, their names */
#ifndef RN_CHROME_PRIVATE_H
#define RN_CHROME_PRIVATE_H

#include "chrome_event.h"
#include "import.h"

#define RN_CHROME_NAME_MAX  (64u << 10) /* bytes of a name that are kept */
#define RN_CHROME_ARGS_MAX  (1u << 20)  /* bytes of arguments */
#define RN_CHROME_OPEN_MAX  (16u << 20) /* bytes of what has begun and not ended, all of it */
#define RN_CHROME_DEPTH_MAX 10000u      /* begun, on one thread */
#define RN_CHROME_TEXTS_MAX 4096u       /* processes and threads that are named, not numbered */

/* What has begun on a thread, or under an id, and has not ended; or an end whose begin may follow.
 * The texts lie behind it. */
struct rn_chrome_open {
    struct rn_chrome_open *next; /* on a thread: which began before it; else in its bucket */
    uint64_t key;                /* of what has an id: of id, scope and category */
    uint64_t id;
    uint64_t time; /* ns */
    uint32_t stream, flags;
    struct rn_span span;
    bool is_end;
    uint32_t name_size, cat_size, args_size;
    char text[];
};

/* Also of a process as a whole: tid is RN_CHROME_PROCESS then, and `stream` that of a thread of it,
 * the first one if that is known. */
#define RN_CHROME_PROCESS UINT64_MAX
struct rn_chrome_thread {
    struct rn_chrome_thread *next; /* in its bucket */
    uint64_t pid, tid;
    uint64_t main;          /* of a process: the tid that `stream` is of */
    uint32_t stream;        /* 0: it has none yet */
    uint64_t device, queue; /* where the stream is that of a queue */
    bool lane;              /* its stream is named by another one */
    bool stated;            /* of a process: an event of it has told its image */
    char *name;             /* as metadata gives it; NULL */
    struct rn_chrome_open *open;
    unsigned depth;
};

#define RN_CHROME_THREAD_BUCKETS 4096u
#define RN_CHROME_OPEN_BUCKETS   4096u

struct rn_chrome {
    struct rn_import *import;
    bool told;     /* the facts */
    bool own;      /* we wrote the file */
    bool epoch;    /* its times are since 1970 */
    bool has_base; /* realtime_of_zero is known */
    int64_t realtime_of_zero;
    char *host, *os;
    uint64_t offset;      /* of the event at hand, in the input */
    uint64_t first, last; /* ns, of all events */

    struct rn_chrome_thread *threads[RN_CHROME_THREAD_BUCKETS];
    struct rn_chrome_thread *latest; /* of the event before, by its texts: */
    char latest_key[64];
    size_t latest_size;
    size_t thread_count;
    char *texts[RN_CHROME_TEXTS_MAX];
    /* Where they are, by their hashes: number and 1; 0 free. Never full. */
    uint16_t text_slots[2 * RN_CHROME_TEXTS_MAX];
    size_t text_count;
    uint64_t caller; /* pid that last called a device's API */

    struct rn_chrome_open *ids[RN_CHROME_OPEN_BUCKETS];
    size_t open_bytes;

    /* Of the event at hand; the last three only in our own files. */
    struct rn_buf name, cat, args, source;
    struct rn_span span;
    uint32_t flags;
};

/* What has no number is noted while the input is read; times are relative to this moment, so that
 * those before the zero of the file are numbers as well. */
#define RN_CHROME_ZERO ((int64_t)1 << 61)

/* chrome_import.c */
RN_MUST_CHECK enum rn_status
rn_chrome_add(struct rn_chrome *chrome, const struct rn_chrome_event *event, struct rn_error *err);
/* All were read: names, and what has not ended. */
RN_MUST_CHECK enum rn_status rn_chrome_end(struct rn_chrome *chrome, struct rn_error *err);
/* An event that makes no sense: as rn_import_problem. */
RN_MUST_CHECK enum rn_status rn_chrome_problem(struct rn_chrome *chrome, const char *what,
                                               struct rn_error *err);
/* chrome_text.c */
/* The event with chrome->name, cat and args as attachments, each where it is not empty. */
RN_MUST_CHECK enum rn_status rn_chrome_emit(struct rn_chrome *chrome, struct rn_event *event,
                                            struct rn_error *err);
/* Its times count for the begin and end of all. */
void rn_chrome_seen(struct rn_chrome *chrome, const struct rn_event *event);
/* Fill one of these buffers with what a value says, cut to a length. */
void rn_chrome_text(struct rn_chrome *chrome, struct rn_buf *to, const struct rn_scan_value *value);
/* Our own files say so of what had not ended. */
bool rn_chrome_unfinished_said(const struct rn_chrome *chrome, const struct rn_chrome_event *event);
/* The arguments as they will be stored, in chrome->args: strict JSON without blanks; nothing where
 * there are none, and without the members that `take` (may be NULL) takes. False: they make no
 * sense. */
typedef bool rn_chrome_member_fn(struct rn_chrome *chrome, void *context,
                                 const struct rn_scan_value *key,
                                 const struct rn_scan_value *value);
bool rn_chrome_take_args(struct rn_chrome *chrome, const struct rn_scan_value *args,
                         rn_chrome_member_fn *take, void *context);
/* The number of an id: itself, or a hash of its text. */
uint64_t rn_chrome_id(const struct rn_scan_value *value);

/* chrome_device.c: *taken where the event is of a kind of ours. */
RN_MUST_CHECK enum rn_status rn_chrome_device(struct rn_chrome *chrome,
                                              const struct rn_chrome_event *event, uint64_t start,
                                              uint64_t duration, bool *taken, struct rn_error *err);

/* The stream of the queue that pid and tid are in the file. */
RN_MUST_CHECK enum rn_status rn_chrome_queue_of(struct rn_chrome *chrome,
                                                const struct rn_chrome_event *event,
                                                uint32_t *stream, struct rn_error *err);

/* chrome_own.c: a member of the arguments of a span that is ours, kept in chrome->span, flags and
 * source. */
rn_chrome_member_fn rn_chrome_own_member;
/* The same for system calls, processes, signals and modules of our own files. */
RN_MUST_CHECK enum rn_status rn_chrome_own(struct rn_chrome *chrome,
                                           const struct rn_chrome_event *event, uint64_t start,
                                           uint64_t duration, bool *taken, struct rn_error *err);

/* chrome_pair.c */
RN_MUST_CHECK enum rn_status rn_chrome_begin(struct rn_chrome *chrome,
                                             struct rn_chrome_thread *thread, uint64_t time,
                                             struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_chrome_close(struct rn_chrome *chrome,
                                             struct rn_chrome_thread *thread, uint64_t time,
                                             struct rn_error *err);
/* Of an id: a begin, or with `is_end` an end. */
RN_MUST_CHECK enum rn_status rn_chrome_async(struct rn_chrome *chrome,
                                             const struct rn_chrome_event *event,
                                             struct rn_chrome_thread *thread, uint64_t time,
                                             bool is_end, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_chrome_unfinished(struct rn_chrome *chrome, struct rn_error *err);
void rn_chrome_pair_free(struct rn_chrome *chrome);

/* chrome_thread.c */
RN_MUST_CHECK enum rn_status rn_chrome_thread_of(struct rn_chrome *chrome,
                                                 const struct rn_chrome_event *event,
                                                 struct rn_chrome_thread **out,
                                                 struct rn_error *err);
/* The same with a stream, of a thread if it has none yet. */
RN_MUST_CHECK enum rn_status rn_chrome_stream_of(struct rn_chrome *chrome,
                                                 const struct rn_chrome_event *event,
                                                 struct rn_chrome_thread **out,
                                                 struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_chrome_name_thread(struct rn_chrome *chrome,
                                                   const struct rn_chrome_event *event,
                                                   struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_chrome_name_process(struct rn_chrome *chrome,
                                                    const struct rn_chrome_event *event,
                                                    struct rn_error *err);
/* An event of the process says what it runs: its name is not stated besides. */
RN_MUST_CHECK enum rn_status rn_chrome_image_stated(struct rn_chrome *chrome, uint64_t pid,
                                                    struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_chrome_state_names(struct rn_chrome *chrome, struct rn_error *err);
void rn_chrome_thread_free(struct rn_chrome *chrome);

#endif
