/* SPDX-License-Identifier: MIT */
/* What the files of scrubbing share. */
#ifndef RN_SCRUB_PRIVATE_H
#define RN_SCRUB_PRIVATE_H

#include "scrub.h"

#define SCRUB_TOKEN     13u /* characters */
#define SCRUB_PROGRAMS  1024u
#define SCRUB_PROGRAM   63u /* bytes: names of more are not noted */
#define SCRUB_COMM      15u /* characters that the kernel keeps of a thread's name */
#define SCRUB_SECRETS   64u
#define SCRUB_ITEMS_MAX 32u /* attachments of an event */

struct scrub_hash; /* scrub_token.c */

struct rn_scrub {
    const struct rn_scrub_policy *policy;
    struct scrub_hash *hash;
    struct rn_scrub_account accounts[RN_SCRUB_CLASSES];
    /* Base names of programs whose path is kept: a thread and a first argument may be called so. */
    char programs[SCRUB_PROGRAMS][SCRUB_PROGRAM + 1];
    size_t program_count;
    /* Words that give way wherever they stand: the node's name, users' names. */
    char *secrets[SCRUB_SECRETS];
    size_t secret_count;
    struct rn_buf texts[SCRUB_ITEMS_MAX]; /* of the attachments of the event at hand */
    struct rn_buf scratch;
    struct rn_attachment items[SCRUB_ITEMS_MAX];
};

/* scrub_token.c */
struct scrub_hash *scrub_hash_new(const uint8_t *key, size_t size);
void scrub_hash_free(struct scrub_hash *hash);
void scrub_hash_digest(const struct scrub_hash *hash, const char *what, const void *data,
                       size_t size, uint8_t digest[RN_SCRUB_DIGEST]);
/* Append the token of the text. */
void scrub_token(const struct rn_scrub *scrub, enum rn_scrub_class class, const char *text,
                 size_t size, struct rn_buf *out);
/* Is it one already? */
bool scrub_is_token(const char *text, size_t size);

/* scrub_text.c: append what the text becomes. */
void scrub_path(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);
bool scrub_path_stays(const struct rn_scrub *scrub, const char *text, size_t size);
void scrub_argument(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);
void scrub_variable(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);
void scrub_word(struct rn_scrub *scrub, enum rn_scrub_class class, const char *text, size_t size,
                struct rn_buf *out);
/* "file:line". */
void scrub_source(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);
/* A sentence: paths and secrets in it give way. */
void scrub_sentence(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out);
/* A list of texts with separators between or behind them. */
void scrub_list(struct rn_scrub *scrub, const char *text, size_t size, char separator,
                void (*each)(struct rn_scrub *scrub, const char *text, size_t size,
                             struct rn_buf *out),
                struct rn_buf *out);
void scrub_note_program(struct rn_scrub *scrub, const char *path, size_t size);
void scrub_note_secret(struct rn_scrub *scrub, const char *word, size_t size);
void scrub_note_replaced(struct rn_scrub *scrub, enum rn_scrub_class class, const char *text,
                         size_t size);

/* scrub_address.c: a struct sockaddr. */
void scrub_address(struct rn_scrub *scrub, const uint8_t *data, size_t size, struct rn_buf *out);

#endif
