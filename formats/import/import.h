/* SPDX-License-Identifier: MIT */
/* From a trace of another tool to a recording: what the readers of foreign formats hand their
 * events to. It keeps the streams, orders the events, converts times, counts what was malformed and
 * what could not be carried, and writes the archive.
 *
 * Times are nanoseconds of the input's clock, whatever their zero is: start in struct rn_event as
 * well as fields that are moments (queued, submitted). Durations are nanoseconds.
 *
 * Memory: a commit of the writer, and with `disorder` RN_IMPORT_SORT_BYTES; what is over that goes
 * to an unlinked file in TMPDIR. Besides, some hundred bytes a thread or queue (at most
 * RN_IMPORT_MAX_STREAMS of them).
 *
 * Not thread-safe. */
#ifndef RN_IMPORT_H
#define RN_IMPORT_H

#include "formats/event.h"
#include "formats/input.h"
#include "formats/status.h"

#include <stdarg.h>

#define RN_IMPORT_MAX_STREAMS 65536u
#define RN_IMPORT_SORT_BYTES  (32u << 20)

struct rn_import;

/* What the zero of the input's times is. */
enum rn_import_clock {
    RN_IMPORT_REALTIME,  /* 1970, UTC */
    RN_IMPORT_MONOTONIC, /* the boot of the machine */
    RN_IMPORT_RELATIVE,  /* some moment: only differences mean something */
    RN_IMPORT_ORDER,     /* the input has no times: they are made up, 1 us apart */
};

struct rn_import_options {
    const char *path;    /* of the archive, "-": standard output */
    const char *creator; /* "rn-convert 0.1.0" */
    const char *tool;    /* what the input is of: the manifest's engine */
    const char *name;    /* of the input, for messages */
    bool keep_going;     /* malformed pieces are counted and left out, else the first one ends it */
    /* Told of each malformed piece with keep_going (the caller may print only the first few). */
    void (*on_problem)(void *context, const struct rn_error *err);
    /* Told of each path that is made and will be gone when the import is finished or freed, so that
     * whoever is interrupted before can remove it. tree: with all that is in it; else it is a file,
     * or a directory that is empty without those that were told before. NULL: nobody asks. */
    void (*on_made)(void *context, const char *path, bool tree);
    /* With on_made: called with true before something is made, with false when it has been told. An
     * interrupt waits in between. */
    void (*on_making)(void *context, bool begins);
    void *context;
};

RN_MUST_CHECK enum rn_status rn_import_new(const struct rn_import_options *options,
                                           struct rn_import **out, struct rn_error *err);
void rn_import_free(struct rn_import *import); /* accepts NULL; without finish nothing is left */

/* What is known of the input; before the first event. Strings are copied, NULL: not known. */
struct rn_import_facts {
    enum rn_import_clock clock;
    /* The events may come in any order: they are sorted by their ends. Without it they are written
     * as they come, which must be in order of their ends but for a little. */
    bool disorder;
    const char *host, *os, *cwd;
    const char *const *argv; /* NULL-terminated */
    const char *trace_parent;
    enum rn_abi abi;       /* of the system calls */
    uint64_t content_head; /* bytes of content that the tool keeps a transfer */
    /* CLOCK_REALTIME at time 0 of a clock that is MONOTONIC or RELATIVE; 0 not known. */
    int64_t realtime_of_zero;
};
RN_MUST_CHECK enum rn_status rn_import_facts(struct rn_import *import,
                                             const struct rn_import_facts *facts,
                                             struct rn_error *err);

/* The stream of a thread; made where it is not known yet. `pid` 0: not known, then the thread is a
 * process of its own. `name` may be NULL. */
RN_MUST_CHECK enum rn_status rn_import_thread(struct rn_import *import, uint64_t pid, uint64_t tid,
                                              const char *name, uint32_t *stream,
                                              struct rn_error *err);
/* The same for a thread that another one made: it is new, even where its numbers are known, but for
 * a thread that was met just so, without a maker. */
RN_MUST_CHECK enum rn_status rn_import_child(struct rn_import *import, uint32_t parent,
                                             uint64_t pid, uint64_t tid, const char *name,
                                             uint32_t *stream, struct rn_error *err);
/* The thread has ended: its numbers may be used again for another one. */
void rn_import_end_thread(struct rn_import *import, uint64_t pid, uint64_t tid);
/* Queue `queue` of device `device` used by process `pid` (all parts of its key). */
RN_MUST_CHECK enum rn_status rn_import_queue(struct rn_import *import, uint64_t pid,
                                             uint64_t device, uint64_t queue, const char *name,
                                             uint32_t *stream, struct rn_error *err);
/* Anything else that has events in order, by pid (0 none), number and name: the key. As all names
 * of streams, it is cut to 256 bytes: names that are the same so far are one. NULL: "". */
RN_MUST_CHECK enum rn_status rn_import_track(struct rn_import *import, uint64_t pid,
                                             uint64_t number, const char *name, uint32_t *stream,
                                             struct rn_error *err);

/* With `disorder` only, as nothing is written then before all was read; of what is found late in
 * the input: the name of a stream, and CLOCK_REALTIME at the zero of its times. Else RN_E_USAGE. */
RN_MUST_CHECK enum rn_status rn_import_name(struct rn_import *import, uint32_t stream,
                                            const char *name, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_import_realtime(struct rn_import *import, int64_t realtime_of_zero,
                                                struct rn_error *err);

/* One event. Everything it points to is copied. event->ordinal is ignored. To state the image of a
 * process, add RN_PROCESS_START, FORK and EXEC events as a recorder does (see event.h).
 *
 * An event whose end has no number, that is over 200 years from another, or, without `disorder`,
 * more than 2^47 ns (39 hours) before the first, is a malformed piece, told as by
 * rn_import_problem, with the name of the input: with keep_going it is left out, counted as a
 * problem and not as an event, and RN_OK is returned; else RN_E_FORMAT. */
RN_MUST_CHECK enum rn_status rn_import_add(struct rn_import *import, const struct rn_event *event,
                                           struct rn_error *err);

#define RN_IMPORT_NO_PLACE UINT64_MAX /* as offset: the message says where it is */

/* A piece of the input makes no sense: `line` from 1 (0 none) or else `offset` in the input. RN_OK
 * with keep_going: leave the piece out and go on; else RN_E_FORMAT, with err filled, to be
 * returned. */
RN_MUST_CHECK enum rn_status rn_import_problem(struct rn_import *import, uint64_t line,
                                               uint64_t offset, struct rn_error *err,
                                               const char *format, ...) RN_PRINTF(5, 6);

/* For readers that make a directory for their own use: see on_making and on_made. */
void rn_import_making(const struct rn_import *import, bool begins);
void rn_import_made(const struct rn_import *import, const char *path, bool tree);

/* For readers that go about it in another way then. */
bool rn_import_keeps_going(const struct rn_import *import);

/* A text or bytes for an event; what is longer than UINT16_MAX is cut, and says so. Borrows them.
 */
struct rn_attachment rn_import_attachment(uint8_t type, const void *data, size_t size);

/* Something that a recording cannot carry, or that the input does not say; `what` is a constant
 * text, plural: "async instants without a name". */
void rn_import_note(struct rn_import *import, const char *what, uint64_t count);

/* Something that readers of the recording must know: a notice in it, once for each text. */
RN_MUST_CHECK enum rn_status rn_import_notice(struct rn_import *import, enum rn_notice_code code,
                                              const char *text, struct rn_error *err);
/* Events that the input says are missing in it. */
RN_MUST_CHECK enum rn_status rn_import_loss(struct rn_import *import, uint8_t kind, uint64_t count,
                                            const char *text, struct rn_error *err);

struct rn_import_account {
    uint64_t events, problems;
    uint64_t counts[RN_KIND_STREAM]; /* by kind */
    size_t note_count;
    const struct rn_import_note {
        const char *what;
        uint64_t count;
    } * notes;
};
const struct rn_import_account *rn_import_account(const struct rn_import *import); /* borrowed */

/* Write what is left, and seal. An input without any event is RN_E_FORMAT. */
RN_MUST_CHECK enum rn_status rn_import_finish(struct rn_import *import, struct rn_error *err);

/* A format that can be read. One table, formats/import/import_formats.c, names all. */
struct rn_import_format {
    const char *name; /* as in --from */
    const char *text; /* what it is, for --list */
    /* 0: the first bytes are not of this format; else how sure, to 100. NULL: by path alone. */
    int (*recognise)(const uint8_t *head, size_t size);
    /* By path: a directory, or a file that must be sought in. 0 or how sure. NULL: no. */
    int (*recognise_path)(const char *path);
    /* Exactly one of both. */
    enum rn_status (*read)(struct rn_input *input, struct rn_import *import, struct rn_error *err);
    enum rn_status (*read_path)(const char *path, struct rn_import *import, struct rn_error *err);
};
/* NULL-terminated. */
extern const struct rn_import_format *const rn_import_formats[];
/* By name, NULL none; and the surest one, NULL none. */
const struct rn_import_format *rn_import_format_named(const char *name);
const struct rn_import_format *rn_import_format_of(const uint8_t *head, size_t size);
const struct rn_import_format *rn_import_format_of_path(const char *path);

#endif
