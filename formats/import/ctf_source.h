/* SPDX-License-Identifier: MIT */
/* A trace in the Common Trace Format 1.8 (https://diamon.org/ctf/), event by event, all its streams
 * in order of time.
 *
 * libbabeltrace2 decodes in a process of its own (ctf_read.c): what it cannot cope with ends that
 * process, never this one, and becomes a message. Its events come through a pipe, as frames
 * (ctf_frame.c).
 *
 * Memory: a few MiB here; in the other process what the library maps of each stream file at a time.
 * Not thread-safe. What is handed out is borrowed until the next call, but for names and classes,
 * which stay until the source is freed. */
#ifndef RN_CTF_SOURCE_H
#define RN_CTF_SOURCE_H

#include "formats/buf.h"
#include "formats/status.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RN_CTF_FIELDS_MAX  256u       /* of one event, on its top level */
#define RN_CTF_NAMES_MAX   32768u     /* of fields */
#define RN_CTF_CLASSES_MAX 65536u     /* of events, in all traces below a directory */
#define RN_CTF_TEXT_MAX    (2u << 20) /* bytes of one value; what is longer is cut */
#define RN_CTF_NO_CPU      UINT32_MAX

enum rn_ctf_scope { RN_CTF_CONTEXT, RN_CTF_PAYLOAD };

enum rn_ctf_type {
    RN_CTF_UNSIGNED,
    RN_CTF_SIGNED,
    RN_CTF_HEX, /* unsigned, and shown as hexadecimal: an address, mostly */
    RN_CTF_REAL,
    RN_CTF_STRING, /* no NUL in it; any other bytes */
    RN_CTF_BYTES,  /* a sequence of integers of 8 bits that is no text */
    RN_CTF_JSON,   /* structures, other arrays; a JSON value */
};

struct rn_ctf_field {
    uint8_t scope; /* enum rn_ctf_scope */
    uint8_t type;  /* enum rn_ctf_type */
    const char *name;
    union {
        uint64_t number; /* SIGNED: two's complement */
        double real;
        struct {
            const char *data;
            size_t size;
        } text; /* STRING, BYTES, JSON */
    } u;
    /* The first label of an enumeration's value; NULL none. */
    const char *label;
};

/* One class of events of one trace. `role`, 0 at first, is for whoever reads. */
struct rn_ctf_class {
    uint32_t number; /* from 0, in order of appearance */
    const char *name;
    const char *domain; /* of the trace: env.domain, "" where it says nothing */
    uint64_t role;
    void *data; /* as role; freed with free() */
};

enum rn_ctf_message_type { RN_CTF_TRACE, RN_CTF_EVENT, RN_CTF_LOST, RN_CTF_PROBLEM };

struct rn_ctf_message {
    enum rn_ctf_message_type type;
    /* TRACE: before its first event; NULL what it does not say. */
    const char *domain, *tracer, *host, *tracer_version;
    bool has_clock, realtime; /* its times are of some clock; of one that counts from 1970 */
    /* EVENT */
    struct rn_ctf_class *class;
    uint32_t cpu;
    bool has_time;
    int64_t ns;
    const struct rn_ctf_field *fields;
    size_t field_count;
    /* LOST */
    uint64_t count; /* 0: not known how many */
    bool packets;   /* they are packets, not events */
    /* PROBLEM: a part of the trace that is left out. */
    char text[512];
    uint64_t offset; /* in the file that it names; RN_CTF_NO_OFFSET: not known */
};
#define RN_CTF_NO_OFFSET UINT64_MAX

struct rn_ctf_source;

/* `path`: a directory with a file "metadata", or one that has such below it: all of them are read
 * together. With `salvage` files of events that are damaged are read up to the packet that is, or
 * left out, and told (PROBLEM); that takes a directory in TMPDIR, which has what could be used of
 * them. *out is NULL on failure, also of rn_ctf_source_attach. */
RN_MUST_CHECK enum rn_status rn_ctf_source_open(const char *path, bool salvage,
                                                struct rn_ctf_source **out, struct rn_error *err);
/* Frames that were written before, from a descriptor, which is not closed: for tests. */
RN_MUST_CHECK enum rn_status rn_ctf_source_attach(const char *name, int fd,
                                                  struct rn_ctf_source **out, struct rn_error *err);
/* The directory in TMPDIR, which is there until the source is freed; NULL none. Borrowed. */
const char *rn_ctf_source_scratch(const struct rn_ctf_source *source);
void rn_ctf_source_free(struct rn_ctf_source *source); /* accepts NULL */

/* RN_EOF at the end. RN_E_FORMAT: the trace cannot be read any further. */
RN_MUST_CHECK enum rn_status rn_ctf_source_next(struct rn_ctf_source *source,
                                                struct rn_ctf_message *message,
                                                struct rn_error *err);

/* First field of that name; NULL none. */
const struct rn_ctf_field *rn_ctf_field_named(const struct rn_ctf_message *message, uint8_t scope,
                                              const char *name);

/* The frames. All numbers are little-endian; a frame is its type (1 byte), the length of the rest
 * (4 bytes), the rest. */
enum rn_ctf_frame {
    RN_CTF_FRAME_TRACE = 1, /* flags (1: clock, 2: since 1970), then four texts with a NUL each:
                             * domain, tracer, host, version */
    RN_CTF_FRAME_NAME,      /* the next name of a field */
    RN_CTF_FRAME_CLASS,     /* the next class: domain, NUL, name */
    RN_CTF_FRAME_EVENT,     /* class (4), cpu (4), has_time (1), ns (8), fields */
    RN_CTF_FRAME_LOST,      /* packets (1), count (8) */
    RN_CTF_FRAME_FAILED,    /* offset (8), what the library says: nothing follows */
    RN_CTF_FRAME_PROBLEM,   /* the same of a part, that is left out */
    RN_CTF_FRAME_END,
};
#define RN_CTF_FRAME_HEADER 5u
#define RN_CTF_FRAME_MAX    (16u << 20)
/* A field: scope | type << 4 (1), number of its name (2), length of its label (1; 0 none), the
 * label and a NUL where there is one; then the value: 8 bytes, or the length (4) and the bytes. */
#define RN_CTF_FIELD_LABEL_MAX 255u

/* The other process: decodes the traces in `path` to frames on `fd`. `scratch`: an empty directory
 * for what can be salvaged, or NULL. Returns its exit status. */
int rn_ctf_read(const char *path, const char *scratch, int fd);

#endif
