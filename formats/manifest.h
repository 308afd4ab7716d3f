/* SPDX-License-Identifier: MIT */
/* manifest.json, the first member of an archive: what is known when a recording starts. And
 * index.json, the last one: what is known when it has ended, and where everything lies. */
#ifndef RN_MANIFEST_H
#define RN_MANIFEST_H

#include "buf.h"
#include "event.h"
#include "status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RN_ARCHIVE_VERSION 1

enum rn_tick_unit { RN_TICK_NS = 0, RN_TICK_TSC = 1 };

/* From raw ticks of a source to ticks of the merged recording, from a point on; the last piece that
 * begins at or before it counts, the first one also before its begin. */
struct rn_clock_piece {
    uint64_t raw;      /* ticks of the source */
    uint64_t merged;   /* ticks of the merged recording */
    double rate;       /* merged ticks a raw tick, 1e-6 to 1e9 */
    uint64_t error_ns; /* the truth is within this, either way; UINT64_MAX: nothing is known */
};

struct rn_manifest;

/* One recording that went into a merged one. */
struct rn_manifest_source {
    struct rn_manifest *manifest; /* its own, as it was; has no sources itself */
    uint32_t first_stream; /* its stream s is stream first_stream + s of the merged recording */
    uint32_t streams;      /* how many numbers it takes: s is less than this */
    /* The last of these are its device queues: its stream RN_STREAM_QUEUES + n is the n-th of them.
     */
    uint32_t queues;
    uint32_t host; /* sources of one host share a clock: index of the first source of the host */
    struct rn_clock_piece *pieces; /* ascending in raw and in merged; NULL: ticks are the same */
    size_t piece_count;
};

/* The number that a source's own stream has in the merged recording. */
static inline uint64_t rn_manifest_source_stream(const struct rn_manifest_source *source,
                                                 uint64_t own)
{
    if (own >= RN_STREAM_QUEUES)
        own = source->streams - source->queues + (own - RN_STREAM_QUEUES);
    return source->first_stream + own;
}

struct rn_manifest {
    uint8_t uuid[16];
    uint32_t version;      /* RN_ARCHIVE_VERSION when written */
    char *creator;         /* "rn-record 0.1.0" */
    char *host;            /* uname nodename, may be NULL */
    char *os;              /* uname sysname, release, machine */
    char *boot_id;         /* /proc/sys/kernel/random/boot_id, may be NULL */
    char *engine;          /* "ptrace", "inline", "library" */
    char *cwd;             /* of the recorder, may be NULL */
    char **argv;           /* of the command, NULL-terminated; NULL where attached or none */
    uint32_t attached_pid; /* 0 where launched */
    char *selection;       /* the -e expressions that limited the recording, NULL where none */
    /* W3C Trace Context (trace_context.h). What is read from a file may be no valid one. */
    char *trace_parent; /* traceparent that the recording is under, NULL none */
    char *trace_state;  /* tracestate with it, NULL none */
    char *trace_given; /* traceparent that the program was handed, NULL none: names the recording */
    uint64_t lamport;  /* every event of the recording is later than this; 0 where not told */
    char *stack;       /* "frame" or "dump:BYTES": what is kept of stacks, NULL nothing */
    uint64_t content_head; /* bytes of content kept a transfer; UINT64_MAX all */
    bool vdso;             /* the vDSO may have answered calls for the time, unseen */
    enum rn_abi abi;       /* of the recorder */
    /* Clock: ns = ticks * 2^tick_shift * 1e9 / tick_hz for TSC; ns = ticks << tick_shift for NS. */
    enum rn_tick_unit tick_unit;
    uint32_t tick_shift;
    uint64_t tick_hz; /* estimate at the start; calibration points are exact. 0 with RN_TICK_NS */
    struct rn_clock_point start;
    char *scrubbed;  /* "rn-scrub 0.1.0", which took secrets out of it; NULL: nothing did */
    char *scrub_key; /* names the key of that, 16 hexadecimal digits */
    /* Of a merged recording (feature "merged"): what it was made of; else NULL. Ticks are then
     * those of the sources where all have the same clock, and nanoseconds of CLOCK_REALTIME of the
     * reference host where they do not. */
    struct rn_manifest_source *sources;
    size_t source_count;
};

#define RN_MANIFEST_MAX_SOURCES 4096u
#define RN_MANIFEST_MAX_PIECES  4096u /* of one source */

void rn_manifest_init(struct rn_manifest *manifest);  /* zero, new UUID, version */
void rn_manifest_clear(struct rn_manifest *manifest); /* frees what it owns */
RN_MUST_CHECK enum rn_status rn_manifest_to_json(const struct rn_manifest *manifest,
                                                 struct rn_buf *out, struct rn_error *err);
/* `manifest` is initialised by this; clear it afterwards also on failure. Refuses unknown versions
 * (RN_E_VERSION) and unknown entries in "features". */
RN_MUST_CHECK enum rn_status rn_manifest_from_json(const uint8_t *json, size_t size,
                                                   struct rn_manifest *manifest,
                                                   struct rn_error *err);

/* `to` is initialised by this; clear it afterwards also on failure. */
RN_MUST_CHECK enum rn_status rn_manifest_copy(const struct rn_manifest *from,
                                              struct rn_manifest *to, struct rn_error *err);

/* One events/ member as the index lists it. */
struct rn_index_member {
    uint64_t offset;      /* of its tar header, bytes from the start of the archive */
    uint64_t size;        /* bytes of the member's data */
    uint64_t events;      /* that it adds to the counts */
    uint64_t first, last; /* ticks */
    uint32_t number;      /* in its name */
    bool segment_start;
};

struct rn_index {
    uint64_t counts[RN_KIND_LIMIT]; /* events by kind, snapshots not counted */
    uint64_t lost;                  /* events stated lost; UINT64_MAX unknown number */
    struct rn_index_member *members;
    size_t member_count;
    struct rn_clock_point end;
    bool has_status;
    int status;      /* of the launched program, as wait(2) gives it */
    char *sealed_by; /* "rn-record 0.1.0"; NULL in an unsealed recording */
};
void rn_index_clear(struct rn_index *index);
RN_MUST_CHECK enum rn_status
rn_index_add(struct rn_index *index, const struct rn_index_member *member, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_index_to_json(const struct rn_index *index, struct rn_buf *out,
                                              struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_index_from_json(const uint8_t *json, size_t size,
                                                struct rn_index *index, struct rn_error *err);

#ifdef __cplusplus
}
#endif
#endif
