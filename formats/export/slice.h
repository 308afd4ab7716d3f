/* SPDX-License-Identifier: MIT */
/* What viewers of traces draw: tracks with slices, moments, counters and arrows.
 * libanalysis/slice_maker.h makes these of events; a file of formats/ each makes them bytes of one
 * format.
 *
 * Times are nanoseconds of CLOCK_REALTIME. Not thread-safe. */
#ifndef RN_SLICE_H
#define RN_SLICE_H

#include "formats/buf.h"
#include "formats/event.h"
#include "formats/manifest.h"
#include "formats/status.h"

enum rn_track_type {
    RN_TRACK_PROCESS, /* holds tracks, and what is of the whole process */
    RN_TRACK_THREAD,
    RN_TRACK_QUEUE, /* of a device; what would overlap in it is on its lanes */
    RN_TRACK_LANE,  /* of a queue, or for async spans of a thread: nothing overlaps in it */
    RN_TRACK_COUNTER,
    RN_TRACK_OTHER,
};

/* Told before the first thing on it; parents before their children. */
struct rn_track {
    uint64_t id;     /* not 0, unique in the output */
    uint64_t parent; /* 0 none */
    enum rn_track_type type;
    uint64_t pid, tid; /* tid: of a queue its number. Processes whose pid was reused: see serial */
    uint64_t serial;   /* of the process, from 1: a pid may be reused, this is not */
    uint64_t number; /* of a lane, from 0; of a counter its id, 0 none: its name has " [ID]" then */
    const char *name; /* never NULL; may be any bytes */
    /* Of a counter: which of several series it is, the last part of its name behind a blank; NULL:
     * it has but one. */
    const char *series;
    /* Of a process: NULL where not known. */
    const char *exe;
};

enum rn_slice_value {
    RN_SLICE_TEXT, /* any bytes */
    RN_SLICE_JSON, /* a JSON value; valid where this project made it, else what a file claimed */
    RN_SLICE_UNSIGNED,
    RN_SLICE_SIGNED,
    RN_SLICE_HEX, /* an address or id */
};
struct rn_slice_arg {
    const char *key;
    enum rn_slice_value type;
    union {
        struct {
            const char *data;
            size_t size;
        } text;
        uint64_t number; /* SIGNED: two's complement */
    } u;
};

#define RN_SLICE_ARGS_MAX 64u

/* In order of their begins, the outer one first; on one track they nest or do not overlap. */
struct rn_slice {
    uint64_t track;
    uint64_t start_ns, duration_ns;
    bool instant;
    bool unfinished;      /* had not ended at the end of the recording */
    uint8_t kind;         /* enum rn_kind */
    const char *name;     /* never NULL; any bytes */
    const char *category; /* "syscall", "kernel"...; of a span its own */
    const struct rn_slice_arg *args;
    size_t arg_count;
    /* Arrows: what begins here (a launch, a cause), what goes through or ends here; 0 none. The
     * same number means the same arrow, in the whole output. */
    uint64_t flow_out, flow_in;
    uint64_t stream, ordinal; /* of the event that it was made of */
};

struct rn_slice_writer;

struct rn_slice_facts {
    const struct rn_manifest *manifest;
    const char *creator; /* "rn-convert 0.1.0" */
    uint64_t lost;       /* events that are known to be missing; UINT64_MAX unknown number */
};

/* A format that is written from slices. `out` grows; the caller empties it as it likes between
 * calls. */
struct rn_slice_format {
    const char *name, *text; /* as in --to; what it is */
    enum rn_status (*begin)(struct rn_slice_writer *, const struct rn_slice_facts *,
                            struct rn_error *);
    enum rn_status (*track)(struct rn_slice_writer *, const struct rn_track *, struct rn_error *);
    enum rn_status (*slice)(struct rn_slice_writer *, const struct rn_slice *, struct rn_error *);
    enum rn_status (*counter)(struct rn_slice_writer *, uint64_t track, uint64_t ns, double value,
                              struct rn_error *);
    enum rn_status (*clock)(struct rn_slice_writer *, const struct rn_clock_point *,
                            struct rn_error *); /* NULL: has no place for it */
    enum rn_status (*end)(struct rn_slice_writer *, struct rn_error *);
    void (*free_state)(struct rn_slice_writer *);
};
struct rn_slice_writer {
    const struct rn_slice_format *format;
    struct rn_buf *out;
    void *state; /* the format's own */
    /* What the format cannot carry: a constant text each, and how many. Never NULL. */
    void (*note)(void *context, const char *what, uint64_t count);
    void *note_context;
    /* Called now and then, between slices and by formats that write much at the end: empties `out`
     * where it holds enough. False ends the work, with RN_E_SYSTEM and nothing in err: it cannot be
     * written, which whoever empties it tells. NULL: `out` may grow. */
    bool (*flush)(void *context, struct rn_buf *out);
    void *flush_context;
};

#endif
