/* SPDX-License-Identifier: MIT */
/* One event of perf, as `perf script` prints it or `perf data convert --to-json` writes it, taken
 * apart. The form of the lines is that of tools/perf/builtin-script.c in the Linux kernel. */
#ifndef RN_PERF_SAMPLE_H
#define RN_PERF_SAMPLE_H

#include "formats/event.h"

#define RN_PERF_FIELDS 48u

/* Borrowed; not terminated. */
struct rn_perf_text {
    const char *data;
    size_t size;
};

struct rn_perf_frame {
    uint64_t address; /* in perf's own numbers: of user code perf may print offsets in the file */
    bool kernel;
    struct rn_perf_text text; /* "brk+0x7 (/lib/ld.so)" */
    struct rn_perf_text file; /* the path in it; empty: none */
};

struct rn_perf_sample {
    uint64_t ns;  /* of perf's clock */
    bool coarse;  /* ns was printed in microseconds */
    uint64_t pid; /* 0 not told */
    int64_t tid;  /* negative: perf did not know */
    int64_t cpu;  /* negative: not told */
    uint64_t period;
    struct rn_perf_text comm;
    struct rn_perf_text event; /* "sched:sched_switch", "cycles:u"; empty: not told */
    struct rn_perf_text text;  /* what follows it */
    /* JSON: the fields of a tracepoint, one by one. */
    size_t field_count;
    struct {
        struct rn_perf_text key, value;
    } fields[RN_PERF_FIELDS];
    size_t frame_count;
    struct rn_perf_frame frames[RN_STACK_FRAMES_MAX]; /* innermost first */
    bool frames_cut;
};

/* Take a line apart that begins an event. A name of a thread may hold anything, "7 [000] 1.5: "
 * too; it is at most 15 bytes long, which tells where the rest begins. NULL, or what is wrong. */
const char *rn_perf_line_parse(const char *line, size_t size, struct rn_perf_sample *sample);
/* One of the lines of its call chain. False: it is none. */
bool rn_perf_frame_parse(const char *line, size_t size, struct rn_perf_frame *frame);

/* A field, of JSON or from "key=value ..." in the text: what follows the last " key=", up to the
 * next blank. */
bool rn_perf_field(const struct rn_perf_sample *sample, const char *key,
                   struct rn_perf_text *value);
/* The same for a value that may hold blanks: up to the last `end`. */
bool rn_perf_field_until(const struct rn_perf_sample *sample, const char *key, const char *end,
                         struct rn_perf_text *value);
/* Decimal with or without sign, or hexadecimal with 0x, in two's complement. */
bool rn_perf_number(const struct rn_perf_text *text, uint64_t *value);
bool rn_perf_text_is(const struct rn_perf_text *text, const char *word);
bool rn_perf_text_begins(const struct rn_perf_text *text, const char *word);

#endif
