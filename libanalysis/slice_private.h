/* SPDX-License-Identifier: MIT */
/* What the files slice_*.c share. */
#ifndef RN_SLICE_PRIVATE_H
#define RN_SLICE_PRIVATE_H

#include "formats/event_schema.h"
#include "formats/id_map.h"
#include "formats/spill_sort.h"
#include "slice_maker.h"

/* What nests on a track is at most that deep there; what is deeper goes to a lane. */
#define SLICE_DEPTH 64u

/* More at once on one track are drawn as moments. */
#define SLICE_LANES 1024u

struct slice_track {
    struct rn_track row; /* name and exe are owned */
    bool told;
    /* While slices are written: ends of those that have begun, outermost first; and the lanes, with
     * the end of what was put there last. */
    uint64_t *open;
    unsigned open_count;
    struct slice_lane {
        uint64_t id, end;
    } * lanes;
    unsigned lane_count, lane_capacity;
};

struct rn_slice_maker {
    struct rn_spill_sort *sort;
    struct slice_track **tracks; /* by id, from 1 */
    size_t track_count, track_capacity;
    struct rn_id_map streams, processes, counters;
    struct rn_buf text;
    uint64_t next_arrow;
    uint64_t descriptors, crowded; /* that are left out, or changed */
};

/* One thing that is drawn, as it lies in the sorted pieces: this, the name and the category with
 * their NULs, and the arguments. */
struct slice_piece {
    uint64_t track;
    uint64_t start_ns, duration_ns;
    uint64_t stream, ordinal;
    uint64_t flow_out, flow_in; /* 0 none */
    uint64_t counter;           /* the bits of a double */
    uint32_t name_size, category_size;
    uint16_t arg_count;
    uint8_t kind, flags;
};
#define SLICE_INSTANT    0x1u
#define SLICE_UNFINISHED 0x2u
#define SLICE_ALONE      0x4u /* nothing may be below it, and it below nothing: for lanes */
#define SLICE_COUNTER    0x8u

struct slice_arg_head {
    uint32_t size;   /* of the text behind it */
    uint8_t key;     /* of the schema's field, or SLICE_KEY_... */
    uint8_t type;    /* enum rn_slice_value */
    uint16_t unused; /* 0 */
    uint64_t number;
};
enum slice_key {
    SLICE_KEY_ARGS = RN_SCHEMA_WORDS,
    SLICE_KEY_RET,
    SLICE_KEY_ERRNO,
    SLICE_KEY_NR,
    SLICE_KEY_ABI,
    SLICE_KEY_RAW,
    SLICE_KEY_PATH,
    SLICE_KEY_TEXT,
    SLICE_KEY_SOURCE,
    SLICE_KEY_ISA,
    SLICE_KEY_INPUT,
    SLICE_KEY_RESULT,
    SLICE_KEY_EXE,
    SLICE_KEY_ARGV,
    SLICE_KEY_CWD,
    SLICE_KEYS
};

/* slice_tracks.c: ids; 0 without memory or beyond the limit, see err. */
uint64_t rn_slice_track_of_stream(struct rn_slice_maker *maker, struct rn_trace *trace,
                                  uint64_t stream, struct rn_error *err);
uint64_t rn_slice_track_of_counter(struct rn_slice_maker *maker, struct rn_trace *trace,
                                   const struct rn_event *event, struct rn_error *err);
uint64_t rn_slice_lane_new(struct rn_slice_maker *maker, uint64_t of, uint64_t number,
                           struct rn_error *err);
/* Names as the trace has them now. */
enum rn_status rn_slice_tracks_rename(struct rn_slice_maker *maker, struct rn_trace *trace,
                                      uint64_t stream, struct rn_error *err);
void rn_slice_tracks_free(struct rn_slice_maker *maker);

/* slice_args.c: append the arguments of an event; how many. */
uint16_t rn_slice_args(struct rn_buf *out, struct rn_trace *trace, const struct rn_event *event);
const char *rn_slice_key(uint8_t kind, uint8_t key);

#endif
