/* SPDX-License-Identifier: MIT */
/* What a recorded program did that somebody outside can see: its effects.
 *
 *     Obs(P) = status, streams, namespace, messages, order
 *
 * Descriptors are resolved to open file descriptions and these to objects, through dup, fork, exec,
 * close-on-exec and SCM_RIGHTS. Bytes become images (crc_image.h): the final one of a file, what
 * went through a stream. Names become net effects: what was made and is gone again is none, what
 * was written under another name and renamed is as if it had been written under the last one.
 * Everything else (reads, seeks, memory, clocks, start-up...) is erased by a named rule, and
 * counted, so that a comparison can say which rules it rests on.
 *
 * Feed every event of one recording, in the order of rn_reader_next_event, then call
 * rn_effects_finish. Memory grows with the number of objects, names and connections, not with the
 * number of events; over RN_EFFECTS_MAX_OBJECTS of one of them feeding fails (RN_E_LIMIT). So it
 * does where tables of descriptors would take more than RN_EFFECTS_MAX_TABLE_BYTES: those of
 * processes that are alive, which share what they inherited and did not change.
 * Not thread-safe. */
#ifndef RN_EFFECT_H
#define RN_EFFECT_H

#include "crc_image.h"
#include "formats/manifest.h"
#include "formats/reader.h"

#define RN_EFFECTS_MAX_OBJECTS     (4u << 20)
#define RN_EFFECTS_MAX_TABLE_BYTES (256u << 20)

struct rn_effects;

struct rn_effects_options {
    uint64_t keep; /* bytes of each object that are kept where the recording has them */
};

/* What erases events from the comparison. Never by program: by what is called, and by kind of
 * object. The names are those of the user's rules, `keep NAME` switches one off. */
enum rn_rule {
    RN_RULE_NONE = 0,
    RN_RULE_MEMORY,
    RN_RULE_SYNCHRONISATION,
    RN_RULE_TIME,
    RN_RULE_RANDOM,
    RN_RULE_SIGNAL_HANDLING,
    RN_RULE_QUERIES,
    RN_RULE_WAITING,
    RN_RULE_FAILED_CALLS,
    RN_RULE_READ_SIZES,
    RN_RULE_DESCRIPTORS,
    RN_RULE_START_UP,
    RN_RULE_PROCESSES,
    RN_RULE_INTERNAL_PIPES,
    RN_RULE_ADVICE,
    RN_RULE_DURABILITY,
    RN_RULE_TERMINAL_SETTINGS,
    RN_RULE_CACHES,
    RN_RULE_TIMESTAMPS,
    RN_RULE_TEMPORARY_NAMES,
    RN_RULE_EPHEMERAL_PORTS,
    RN_RULE_CONCURRENT_WRITERS,
    RN_RULE_NULL_DEVICE,
    RN_RULE_NAME_LOOKUP,
    RN_RULE_OUTPUT_BUFFERING,
    RN_RULE_USER, /* rules of --rules and what was learned from several runs */
    RN_RULE_COUNT,
};
struct rn_rule_info {
    const char *name;   /* "read-sizes" */
    const char *erases; /* one line */
};
const struct rn_rule_info *rn_rule_info(enum rn_rule rule);
/* RN_RULE_NONE where there is none of that name. */
enum rn_rule rn_rule_find(const char *name, size_t length);

enum rn_effect_kind {
    RN_EFFECT_STREAM = 1, /* what was written to an inherited descriptor or a terminal */
    RN_EFFECT_FILE,       /* a regular file: final content and attributes */
    RN_EFFECT_DIRECTORY,
    RN_EFFECT_SYMLINK,
    RN_EFFECT_SPECIAL,    /* FIFO, socket, device */
    RN_EFFECT_REMOVED,    /* a name that was there before and is no more */
    RN_EFFECT_CONNECTION, /* in a list of their own */
    RN_EFFECT_DATAGRAMS,  /* to one address; boundaries count */
    RN_EFFECT_CALL,       /* a call with an effect on the system: mount, kill, sethostname... */
    RN_EFFECT_INPUT,      /* what was read: an assumption, not an effect */
    RN_EFFECT_FOUND,      /* a name that was there before, and was left alone: no effect either */
};
const char *rn_effect_kind_name(enum rn_effect_kind kind);

/* Attributes that are known: those the program gave, or that a file got when it was made. */
#define RN_EFFECT_HAS_MODE  0x01u
#define RN_EFFECT_HAS_OWNER 0x02u
#define RN_EFFECT_HAS_GROUP 0x04u
#define RN_EFFECT_HAS_MTIME 0x08u /* set to a time by the program */

/* Of content whose fingerprints rn-scrub took out: what it put in their place, so that equal
 * content under one key has equal ones. */
struct rn_effect_digest {
    bool known;
    uint64_t length, key;
    uint8_t bytes[32];
};

struct rn_effect_writer {
    uint64_t stream; /* thread */
    uint64_t length, crc;
    bool known;
};

/* One effect. Everything in it belongs to the struct rn_effects. */
struct rn_effect {
    enum rn_effect_kind kind;
    const char *name;      /* relative to the first working directory where it is below it */
    const char *absolute;  /* path; NULL: none */
    uint32_t number;       /* of several of the same kind and name: 0, 1... in order */
    struct rn_place place; /* the last event that shaped it */

    /* Content. image NULL: has none, or it is the content that was there before. */
    const struct rn_image *image;
    bool gaps_are_zero;     /* a file that began empty */
    bool unknown_begin;     /* the image is what was appended to, or laid over, what was there */
    const char *opaque;     /* why its content is not known; NULL: it is */
    bool mapped_writes;     /* some of it was written through a mapping */
    bool moved;             /* content of an older name that is gone or linked: `origin` */
    const char *origin;     /* name that the content had before the program; NULL: new */
    uint64_t device, inode; /* of a file, 0 unknown */

    bool uncertain; /* REMOVED: whether anything was there before is not known */
    bool is_new;    /* what has a path: it is known that nothing was there before */
    /* A file that was only appended to: how long it was before. */
    bool has_begin_length;
    uint64_t begin_length;

    uint32_t has; /* RN_EFFECT_HAS_... */
    uint32_t mode;
    struct rn_place mode_place; /* where the program gave it: with RN_EFFECT_HAS_MODE */
    uint64_t owner, group;
    int64_t mtime;       /* seconds since 1970 */
    const char *target;  /* symbolic link; CALL: its arguments */
    const char *same_as; /* first of the other names of this file; NULL: there is none */
    uint64_t attributes; /* sum of fingerprints of extended attributes that were set */

    /* Several threads wrote, and nothing shows that one waited for the other. */
    bool concurrent;
    const struct rn_effect_writer *writers; /* what each wrote */
    size_t writer_count;
    uint64_t chunk_sum; /* of fingerprints of the single writes, in any order */

    /* Order: bytes of visible output that the thread had written when it last synced the file. */
    bool synced, renamed_unsynced;                       /* at the end; when it got its last name */
    uint64_t output_at_sync, output_total, output_calls; /* bytes, bytes, writes */

    struct rn_effect_digest digest;
    bool is_script;        /* INPUT: it began as one, as rn-scrub saw */
    bool complete;         /* INPUT: it was read to its end */
    uint64_t boundary_sum; /* DATAGRAMS: fingerprint of the lengths in order */
    uint64_t datagrams;
};

/* A connection, made or accepted; of the first RN_CONNECTIONS_WHOLE the bytes are kept as images.
 */
#define RN_CONNECTIONS_WHOLE 1024u
struct rn_connection {
    const char *name;      /* "to 127.0.0.1:80", "accepted on ..." */
    struct rn_place place; /* the last event that sent something */
    uint64_t sent_length, sent_crc, received_length, received_crc;
    uint64_t turn_sum;                      /* fingerprint of where the direction changed */
    uint64_t thread;                        /* stream of the thread that made it */
    const struct rn_image *sent, *received; /* NULL: not kept */
    uint32_t turns;                         /* changes of direction */
    bool sent_known, received_known;
    struct rn_effect_digest sent_digest, received_digest;
    bool refused; /* it did not come about */
};

struct rn_effects_summary {
    bool has_status;
    int status; /* wait status of the program */
    struct rn_place status_place;
    uint64_t wall_ns, cpu_ns, io_ns; /* of the program; of all its processes */
    uint64_t max_rss_bytes;          /* of the largest process */
    uint64_t events, syscalls, processes, threads;
    uint64_t erased[RN_RULE_COUNT]; /* events by rule */
    uint64_t call_sum;              /* fingerprint of all calls of all threads, in each in order */
    uint64_t effect_bytes, known_bytes; /* written in all; with fingerprint */
    uint64_t lost;                      /* events that the recording states as lost */
    bool lacks_events;                  /* lost, cut, damaged, not sealed, or selected with -e */
    char lacks[256];                    /* why */
    bool no_content;                    /* recorded with --content=none */
    bool scrubbed;                      /* contents are known by their digests alone */
    char scrub_key[32];                 /* names the key of these */
    char blind_spot[256];               /* the first notice of one; empty: none */
    uint64_t start_realtime_ns;
};

/* NULL: no memory. The manifest is used during the call. */
struct rn_effects *rn_effects_new(const struct rn_manifest *manifest,
                                  const struct rn_effects_options *options);
void rn_effects_free(struct rn_effects *effects);

RN_MUST_CHECK enum rn_status rn_effects_feed(struct rn_effects *effects,
                                             const struct rn_event *event, struct rn_error *err);
/* Without a model: has the recording any call after which what a file holds may
 * not follow from what was written? Reads up to the first one. */
bool rn_effects_need_files(struct rn_reader *reader);

/* The same for whoever records, call by call, while that goes on: it may find calls where
 * rn_effects_need_files finds none, not the other way round. In each stream calls come in order. */
struct rn_effects_watch;
struct rn_effects_watch *rn_effects_watch_new(void); /* NULL: no memory */
void rn_effects_watch_free(struct rn_effects_watch *watch);
/* Calls of x86-64 that must be shown: wanted[number] is not 0. Calls of other systems must be, all.
 */
#define RN_EFFECTS_WATCHED 1024u
const uint8_t *rn_effects_watch_wanted(const struct rn_effects_watch *watch);
/* The call, and its record as rn_record_decode takes it. */
void rn_effects_watch_call(struct rn_effects_watch *watch, uint32_t stream,
                           const struct rn_syscall *call, const uint8_t *record, size_t size);
bool rn_effects_watch_found(const struct rn_effects_watch *watch);

/* All that a reader has, then rn_effects_finish. What is damaged is noted as missing; fails for
 * lack of memory or where the limit is passed. */
RN_MUST_CHECK enum rn_status rn_effects_read(struct rn_effects *effects, struct rn_reader *reader,
                                             struct rn_error *err);
/* The caller knows that the recording is not whole. */
void rn_effects_note_missing(struct rn_effects *effects, const char *why);
RN_MUST_CHECK enum rn_status rn_effects_finish(struct rn_effects *effects, struct rn_error *err);

/* After rn_effects_finish. */
const struct rn_effects_summary *rn_effects_summary(const struct rn_effects *effects);
const struct rn_effect *rn_effects_list(const struct rn_effects *effects, size_t *count);
/* In order of names; of one name in the order in which they ended. */
const struct rn_connection *rn_effects_connections(const struct rn_effects *effects, size_t *count);
const struct rn_effect *rn_effects_inputs(const struct rn_effects *effects, size_t *count);
/* After rn_effects_finish: everything whose content is known, as rn-scrub writes it down; `crc` is
 * of `length` bytes, and no digest is made yet. Stops where `function` returns something other than
 * RN_OK, and returns that. */
typedef enum rn_status rn_effects_object_fn(void *context, const struct rn_object *object,
                                            uint64_t crc, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_effects_objects(const struct rn_effects *effects,
                                                rn_effects_object_fn *function, void *context,
                                                struct rn_error *err);
/* Files whose final content cannot be composed from what was recorded: handed to `function` with
 * their path. Before rn_effects_finish. */
typedef void rn_effects_open_file_fn(void *context, const char *path);
void rn_effects_open_files(struct rn_effects *effects, rn_effects_open_file_fn *function,
                           void *context);
/* Was it the number of one of the recorded processes or threads? */
bool rn_effects_has_pid(const struct rn_effects *effects, uint64_t pid);
/* Nanoseconds from the begin of the recording to that event. */
uint64_t rn_effects_since_start(const struct rn_effects *effects, const struct rn_place *place);

#endif
