/* SPDX-License-Identifier: MIT */
/* Take out of a recording what must not leave the house: names, arguments, addresses and contents
 * give way to tokens, the same token for the same text under the same key, so that recordings can
 * still be compared. What gives way is said by a policy (rn-scrub(1)).
 *
 * A token is '_' and twelve hexadecimal digits of HMAC-SHA256 (RFC 2104, FIPS 180-4) under the key
 * over the class of the text and the text. Nobody without the key can tell whether a guess is
 * right.
 *
 * Not thread-safe. Memory: constant, but for the names of programs that are kept (bounded). */
#ifndef RN_SCRUB_H
#define RN_SCRUB_H

#include "formats/buf.h"
#include "formats/event.h"
#include "formats/manifest.h"

#define RN_SCRUB_DIGEST     32u /* bytes */
#define RN_SCRUB_KEY_MAX    4096u
#define RN_SCRUB_POLICY_MAX (1u << 20)

/* What a rule is about. */
enum rn_scrub_class {
    RN_SCRUB_PATH = 0,    /* names of files; a component at a time */
    RN_SCRUB_ARGUMENT,    /* of commands */
    RN_SCRUB_ENVIRONMENT, /* values, by the name of the variable */
    RN_SCRUB_ADDRESS,     /* of sockets, as "127.0.0.1:80" */
    RN_SCRUB_HOST,        /* the node's name, the kernel's boot ID */
    RN_SCRUB_NAME,        /* of threads */
    RN_SCRUB_SYMBOL,      /* of kernels, operations, decisions: what code is called */
    RN_SCRUB_TEXT,        /* other text that a program handed over */
    RN_SCRUB_STRUCT,      /* structures that may hold text */
    RN_SCRUB_CONTENT,     /* fingerprints and first bytes of transfers */
    RN_SCRUB_STACK,       /* copies of stack memory */
    RN_SCRUB_MACHINE,     /* files about the machine, by member name */
    RN_SCRUB_CLASSES,
};
const char *rn_scrub_class_name(enum rn_scrub_class class); /* "path" */

/* Rules in order: of those whose pattern matches, the last one decides. */
struct rn_scrub_policy;

/* The rules that always come first, as text. */
extern const char rn_scrub_default_policy[];

/* The default policy, with the rules of `text` behind it. RN_E_FORMAT, with the line in
 * err->offset; RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_scrub_policy_new(const char *text, size_t size,
                                                 struct rn_scrub_policy **out,
                                                 struct rn_error *err);
void rn_scrub_policy_free(struct rn_scrub_policy *policy); /* accepts NULL */
bool rn_scrub_policy_keeps(const struct rn_scrub_policy *policy, enum rn_scrub_class class,
                           const char *text);

struct rn_scrub;

/* What was met of a class: how many values gave way (or would), and the first few of them, masked:
 * the first character of each word, asterisks for the others. */
#define RN_SCRUB_EXAMPLES 3u
struct rn_scrub_account {
    uint64_t replaced, kept;
    char examples[RN_SCRUB_EXAMPLES][80];
};

/* Both are used for as long as the result. `size` bytes of key, at least 16. NULL: no memory. */
struct rn_scrub *rn_scrub_new(const struct rn_scrub_policy *policy, const uint8_t *key,
                              size_t size);
void rn_scrub_free(struct rn_scrub *scrub); /* accepts NULL */

/* Where the path of a program that the event names stays, so does its name, and that of a link by
 * which it is executed: its thread and its first argument are called so. rn_scrub_event learns by
 * itself; what stands before the program's first event is called for it, too, needs this before. */
void rn_scrub_learn(struct rn_scrub *scrub, const struct rn_event *event);
/* Change the manifest in place; before any event. */
RN_MUST_CHECK enum rn_status rn_scrub_manifest(struct rn_scrub *scrub, struct rn_manifest *manifest,
                                               struct rn_error *err);
/* `*out` is the event as it may be shown; what it points to is borrowed until the next call, or is
 * the input's. */
RN_MUST_CHECK enum rn_status rn_scrub_event(struct rn_scrub *scrub, const struct rn_event *event,
                                            struct rn_event *out, struct rn_error *err);
/* A file about the machine: what of it may stay is appended to `out`; false: nothing. */
bool rn_scrub_member(struct rn_scrub *scrub, const char *name, const uint8_t *data, size_t size,
                     struct rn_buf *out);

const struct rn_scrub_account *rn_scrub_accounts(const struct rn_scrub *scrub); /* by class */

/* Names the key without telling it: equal for equal keys. */
uint64_t rn_scrub_key_id(const struct rn_scrub *scrub);
/* HMAC of a fingerprint. */
void rn_scrub_digest(const struct rn_scrub *scrub, const void *data, size_t size,
                     uint8_t digest[RN_SCRUB_DIGEST]);

#endif
