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
    bool durations;        /* -T: <0.000123> */
    bool descriptors;      /* -y: 3</etc/passwd> */
    bool site;             /* -i: [00007f...] */
    bool pid;              /* "PID " in front */
    bool all;              /* also what strace has no line for: started, module mapped */
    uint32_t string_limit; /* -s: bytes of strings shown */
};

struct rn_render;
struct rn_render *rn_render_new(const struct rn_render_options *options); /* NULL: no memory */
void rn_render_free(struct rn_render *render);

/* clang-format off */
/* One event as a line that ends in \n:
 *   system call   as strace -f -o prints it: `PID openat(AT_FDCWD, "x", O_RDONLY) = 3`; the result
 *                 begins at column 40 at the earliest; `= ?` where there is none
 *   signal        `PID --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, ...} ---`
 *   process       `PID +++ exited with 0 +++`, `+++ killed by SIGKILL (core dumped) +++`,
 *                 `+++ started +++`, `+++ attached to EXE +++`, `+++ detached +++`; FORK, EXEC and
 *                 NAME append nothing: their system calls are there
 *   call of an API
 *                 as a system call: `PID clFinish() = 0`, with ` (correlation N)` where it has one
 *   others        `*** module mapped 0x...-0x... PATH ***`
 *                 `*** kernel NAME<<<GRID, GROUP>>> ... ***`
 *                 `*** block NAME ... ***`
 *                 `*** notice: TEXT ***`
 *                 `*** lost N KIND events: TEXT ***`
 * DESCRIPTOR, EDGE, OBJECT and snapshot events append nothing.
 *
 * Differences to strace: paths are never cut; the bytes of stat, termios and other large results
 * are not recorded, so their address is printed; environments are an address without a count. */
/* clang-format on */
void rn_render_text(struct rn_render *render, struct rn_trace *trace, const struct rn_event *event,
                    struct rn_buf *out);

/* The system call alone: "openat(AT_FDCWD, "x", O_RDONLY) = 3", without pid, time and newline. */
void rn_render_syscall(const struct rn_render_options *options, struct rn_trace *trace,
                       const struct rn_event *event, struct rn_buf *out);

/* clang-format off */
/* One JSON object and \n:
 *   kind, stream, ordinal    which event (no ordinal: snapshot, in flight)
 *   pid, tid                 of a thread; of a device queue pid and queue_name
 *   start_ns                 CLOCK_REALTIME, as a string
 *   since_start_ns, duration_ns
 *                            as numbers
 *   name                     of the call, process operation, signal, kernel, block
 *   api, direction, bytes_per_second
 *                            of what devices did, as words and a number
 *   args                     object. System calls: by argument name. Others: every field of the
 *                            kind, and path, exe, argv, cwd, env, text, build_id... where attached;
 *                            thread_name is the name that a process event has attached
 *   flags                    array of strings, where any is set: unfinished, snapshot, traced,
 *                            truncated, fault
 * System calls only:
 *   nr, abi
 *   ret                      none where unfinished; -1 with errno, a name, on failure
 *   descriptors              identity of those it gave out
 *   site
 * Arguments:
 *   addresses                "0x..." or null
 *   flags, enumerations      a string of names as in text
 *   modes                    octal strings
 *   structs                  objects with the names of C
 *   moved bytes              {"length", "crc64", "head_hex"}
 *   vectors                  {"iov_len": [...], "content"}
 *   structs that a call reads and writes
 *                            {"entry", "exit"}
 *   bytes of no known form   hexadecimal digits
 *   abstract socket name     "sun_path_abstract", without its NUL
 *
 * Integers from 2^53 on are strings. Every line is strict JSON. Texts (paths, arguments, names)
 * that are not valid UTF-8, or have a NUL in them, are an array of byte numbers instead of a string,
 * as in systemd's journal. */
/* clang-format on */
void rn_render_json(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

/* What an event is called: a system call's name, a kernel's function, a signal's name; may be any
 * bytes, where the program chose it. */
void rn_render_title(const struct rn_event *event, struct rn_buf *out);

/* The arguments of a system call alone, as "args" has them there. */
void rn_render_arguments_json(struct rn_trace *trace, const struct rn_event *event,
                              struct rn_buf *out);

/* CSV: a header line, then one record an event:
 * kind,stream,ordinal,pid,tid,start_ns,since_start_ns,duration_ns,name,args,ret,errno
 * args: of a call as in text; of others name=value of the fields that are not 0. */
void rn_render_csv_header(struct rn_buf *out);
void rn_render_csv(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

#endif
