/* SPDX-License-Identifier: MIT */
/* The file of rings beside an unsealed recording: its layout, and reading what a recorder that is
 * gone has left in it. The producing side is capture/ring.h. Machine byte order.
 *
 * The file: one struct rn_ring_file, RN_RING_SLOTS struct rn_ring_slot, then the data areas. A slot
 * belongs to one producer at a time. It has a data area (ring) or only an in-flight record. */
#ifndef RN_RING_FILE_H
#define RN_RING_FILE_H

#include "event.h"
#include "record.h"
#include "status.h"

#include <stdint.h>

#define RN_RING_MAGIC   0x31474e49524e52ull /* "RNRING1" */
#define RN_RING_VERSION 3u
#define RN_RING_SLOTS   2048u
#define RN_RING_OFFERS  1024u
#define RN_RING_QUEUES  1024u
/* So much of the file is mapped by those who write into it, whatever its size. */
#define RN_RING_MAPPING (250u << 20)

/* What libraries inside the program (capture/inject/producer.h) need to know, and the rings that are
 * there for them to take. Written by the recorder; `offers` and `lost` by both. All zero where the
 * recording has no such libraries. */
struct rn_ring_producers {
    uint64_t limit;     /* bytes that the file may grow to: so much is mapped */
    uint64_t tick_unit; /* enum rn_tick_unit */
    uint64_t tick_shift;
    uint64_t tick_rate; /* ticks a second */
    uint64_t start;     /* ticks: aggregates are of seconds that are counted from here */
    uint64_t threshold; /* ticks: shorter blocks are counted, not recorded; may change at any time */
    uint64_t hot_calls; /* so often a second an operation may be recorded; 0: always */
    uint64_t all;       /* 1: record every event, wait where a ring is full */
    uint64_t lost;      /* events of threads that found no ring */
    uint64_t start_ns;  /* CLOCK_MONOTONIC at `start` */
    uint32_t offers[RN_RING_OFFERS]; /* number of an offered slot + 1, 0: none */
};

/* A device queue that a library in the program has announced: entry n is stream RN_STREAM_QUEUES + n.
 * The last entry stands for all that found no other one. */
#define RN_RING_QUEUE_NAME 76u
struct rn_ring_queue {
    uint32_t ready;    /* 1, written last with release order: the rest is there */
    uint32_t pid, tid; /* of the thread that made it, as numbered in the program's pid namespace */
    uint32_t clock;    /* as in struct rn_stream */
    uint64_t number;   /* of the queue in its process */
    uint64_t begun;    /* kernels and transfers that were given to it to be recorded, and */
    uint64_t recorded; /* how many of them have been: what is missing at the end is lost */
    /* Not 0: no queue, but a thread of the process, as numbered there. Events of this stream are
     * that thread's: a library records them for it. */
    uint32_t thread;
    uint32_t unsure; /* 1: its process may have more to report than anybody can count */
    uint32_t name_size;
    char name[RN_RING_QUEUE_NAME];
};

struct rn_ring_file {
    uint64_t magic;
    uint32_t version, record_version;
    uint8_t uuid[16]; /* of the recording */
    uint64_t file_size;
    uint32_t slots;
    uint32_t data_offset; /* of the first data area */
    /* Losses that could not be written into the archive (yet). */
    uint64_t lost_events, lost_reason;
    uint64_t inflight_unknown; /* calls that began while no slot was free */
    struct rn_ring_producers producers;
    uint32_t queue_count, clock_count; /* announced so far; may exceed what there is room for */
    struct rn_ring_queue queues[RN_RING_QUEUES];
};

/* IN_RING: the record in work lies, without attachments worth reading, at `head` of the slot's own
 * ring: its header (size and duration 0) and its fields. */
enum rn_inflight_state { RN_INFLIGHT_NONE = 0, RN_INFLIGHT_VALID = 1, RN_INFLIGHT_IN_RING = 2 };

enum rn_ring_taken { RN_RING_FREE = 0, RN_RING_TAKEN = 1, RN_RING_OFFERED = 2 };

/* `head` and `tail` count bytes since the slot was taken and never wrap; the byte at position p is
 * at data_offset + p mod size. A record may wrap around the end of the area. head is stored with
 * release order after the record's bytes: everything before it is committed. A record of kind
 * RN_KIND_NONE is padding: only its size counts. */
struct rn_ring_slot {
    uint64_t head; /* producer */
    uint64_t tail; /* consumer: everything before it is in the archive */
    uint64_t data_offset, size; /* of the area in the file; size is a power of two or 0 */
    uint64_t generation;        /* +1 each time the slot is taken */
    uint64_t lost;              /* events the producer could not commit */
    uint32_t taken;             /* enum rn_ring_taken */
    uint32_t stream;            /* of the producer's thread, 0 where records of many streams */
    uint32_t inflight_state;    /* enum rn_inflight_state, stored last with release order */
    uint32_t lead; /* bytes in front of the data area that are the slot's too: its thread area */
    struct rn_record inflight; /* a system call that has begun: RN_KIND_INFLIGHT */
    struct rn_syscall inflight_call;
    /* Of a library in the program: its thread, as numbered in the program's pid namespace. Its
     * records have stream 0: theirs is the slot's, once the recorder has found out. `cells` of
     * struct rn_ring_cell (ring_cell.h) lie at the begin of `lead`. */
    uint32_t owner_pid, owner_tid;
    uint32_t cells, reserved;
};

/* Take what is known of queue `number`, below RN_RING_QUEUES, which its program may be changing: as
 * struct rn_stream, with the pid and tid as they stand there, and its name, cut where it must be.
 * False: it is not announced, or stands for a thread. */
bool rn_ring_queue_read(const struct rn_ring_file *file, uint32_t number, struct rn_stream *stream,
                        char name[RN_RING_QUEUE_NAME + 1]);
/* How many kernels and transfers of all queues have not been recorded. */
uint64_t rn_ring_queues_missing(const struct rn_ring_file *file);
/* How many processes ended without telling that they had reported all. */
uint32_t rn_ring_queues_unsure(const struct rn_ring_file *file);
/* The thread that a stream stands for: false: it is a queue's, or not announced. */
bool rn_ring_queue_thread(const struct rn_ring_file *file, uint32_t number, uint32_t *pid,
                          uint32_t *tid);
#define RN_QUEUE_LOSS_TEXT                                                                         \
    "kernels and transfers had not ended, or were not reported, when their program did"
#define RN_QUEUE_UNSURE_TEXT                                                                       \
    "a program was ended before it exited: what its devices had done last was not reported"

/* Decode one raw record of `available` bytes at `bytes` into an event whose attachments point into
 * `bytes` and into `attachments` (room for RN_RECORD_MAX_ATTACHMENTS). Every length is checked;
 * content prefix CRCs are 8-byte aligned in a record and pointed to directly. */
RN_MUST_CHECK enum rn_status rn_record_decode(const uint8_t *bytes, size_t available,
                                              struct rn_event *event,
                                              struct rn_attachment *attachments, size_t *used,
                                              struct rn_error *err);

/* What an ended recorder left behind. */
struct rn_ring_remains;
RN_MUST_CHECK enum rn_status rn_ring_remains_open(const char *path, const uint8_t uuid[16],
                                                  struct rn_ring_remains **out,
                                                  struct rn_error *err);
/* Next committed record that is not in the archive: `committed` gives, per slot, what the last
 * COMMIT chunk covers (array of `committed_count`), in case it is ahead of the slot's tail. Then
 * the in-flight calls as RN_KIND_SYSCALL events with RN_EVENT_UNFINISHED. RN_EOF after the last.
 * RN_E_FORMAT where the rest of a slot cannot be understood; the next call goes on behind it. */
RN_MUST_CHECK enum rn_status rn_ring_remains_next(struct rn_ring_remains *remains,
                                                  const struct rn_commit *committed,
                                                  size_t committed_count, struct rn_event *event,
                                                  struct rn_error *err);
/* The stream of a queue that was announced; returns its name, malloc'ed, or NULL. */
char *rn_ring_remains_queue(const struct rn_ring_remains *remains, uint32_t stream,
                            struct rn_stream *out);
uint64_t rn_ring_remains_lost(const struct rn_ring_remains *remains); /* by the producers */
const struct rn_ring_file *rn_ring_remains_header(const struct rn_ring_remains *remains);
void rn_ring_remains_free(struct rn_ring_remains *remains);

#endif
