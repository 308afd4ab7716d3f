/* SPDX-License-Identifier: MIT */
/* Events as text: the part of rn-cat that other commands and librn users want too. Appends to a
 * buffer, never prints. Everything that comes from the traced program is escaped. */
#ifndef RN_RENDER_H
#define RN_RENDER_H

#include "formats/buf.h"
#include "formats/event.h"
#include "trace.h"

enum rn_render_time {
    RN_TIME_NONE,
    RN_TIME_OF_DAY,    /* -t  HH:MM:SS */
    RN_TIME_OF_DAY_US, /* -tt */
    RN_TIME_EPOCH_US,  /* -ttt */
    RN_TIME_RELATIVE,  /* -r: since the event before */
    RN_TIME_SINCE_START,
};

struct rn_render_options {
    enum rn_render_time time;
    bool durations;   /* -T: <0.000123> */
    bool descriptors; /* -y: 3</etc/passwd> */
    bool site;        /* -i: [00007f...] */
    bool pid;         /* "PID " in front */
    uint32_t string_limit; /* -s: bytes of strings shown */
};

struct rn_render;
struct rn_render *rn_render_new(const struct rn_render_options *options); /* NULL: no memory */
void rn_render_free(struct rn_render *render);

/* One event as one or more lines that end in \n: system calls as strace -f -o prints them
 * (`PID openat(AT_FDCWD, "x", O_RDONLY) = 3`), signals as `PID --- SIGCHLD {...} ---`, exits as
 * `PID +++ exited with 0 +++`. Kinds that are not shown in text append nothing. */
void rn_render_text(struct rn_render *render, struct rn_trace *trace, const struct rn_event *event,
                    struct rn_buf *out);

/* The system call alone: "openat(AT_FDCWD, "x", O_RDONLY) = 3", without pid, time and newline. */
void rn_render_syscall(const struct rn_render_options *options, struct rn_trace *trace,
                       const struct rn_event *event, struct rn_buf *out);

/* One JSON object and \n (schema in rn-cat(1)); 64-bit identifiers and addresses as strings. */
void rn_render_json(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

/* CSV with a fixed header line. */
void rn_render_csv_header(struct rn_buf *out);
void rn_render_csv(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

#endif
