/* SPDX-License-Identifier: MIT */
/* One event of the Trace Event Format ("Trace Event Format", Google, 2016: what chrome://tracing
 * and ui.perfetto.dev read, and what PyTorch's profiler, clang, Node.js and many others write). */
#ifndef RN_CHROME_EVENT_H
#define RN_CHROME_EVENT_H

#include "formats/json_scan.h"

/* Values are stretches of the text that was parsed; of a key that is there twice, the last. */
struct rn_chrome_event {
    char phase; /* "ph"; 0: there is none, or it is longer than a letter */
    bool empty; /* nothing is in it */
    bool flow_in, flow_out;
    bool thread_clock; /* has times of the thread's own clock: tts, tdur */
    bool stack;        /* has a stack of calls */
    unsigned twice;    /* keys that are there more than once */
    struct rn_scan_value name, cat, ts, dur, pid, tid, id, id2, scope, args, bind_id;
    struct rn_scan_value reach; /* "s": of an instant, "g", "p" or "t" */
};

enum rn_chrome_parse {
    RN_CHROME_EVENT,
    RN_CHROME_SHORT, /* the text ends within the event */
    RN_CHROME_BAD,
};

/* The object at text->at (a '{'); text->at is behind it then, or where it makes no sense (see
 * text->why). An object without "ph" is none of an event: RN_CHROME_EVENT with phase 0. */
enum rn_chrome_parse rn_chrome_event_parse(struct rn_scan_text *text,
                                           struct rn_chrome_event *event);

#endif
