/* SPDX-License-Identifier: MIT */
/* Between decision_file.c, which has the bytes, and the codecs, one a form. */
#ifndef RN_DECISION_CODEC_H
#define RN_DECISION_CODEC_H

#include "decision_file.h"

/* Where a codec is in its file, and what it has read. */
struct rn_decision_state {
    bool begun;             /* the opening of an array was seen, its end was not */
    bool stream;            /* MessagePack: maps without an array around them */
    uint64_t remaining;     /* MessagePack: elements of the array */
    struct rn_buf texts[5]; /* of the entry in work: category, name, source, input, result */
    struct rn_buf origin;
};
enum {
    RN_DECISION_CATEGORY,
    RN_DECISION_NAME,
    RN_DECISION_SOURCE,
    RN_DECISION_INPUT,
    RN_DECISION_RESULT
};

/* Decode what begins at `data`; *used bytes of it are done with. RN_EOF: there is not enough yet,
 * or nothing more is to come. *has_entry: entry is one. A failure has its offset from `data` on. */
typedef enum rn_status rn_decision_next_fn(struct rn_decision_state *state, const uint8_t *data,
                                           size_t size, bool last, size_t *used, bool *has_entry,
                                           struct rn_decision_entry *entry, struct rn_error *err);
rn_decision_next_fn rn_decision_msgpack_next;
rn_decision_next_fn rn_decision_json_next;

/* A manifest is read as a whole. */
RN_MUST_CHECK enum rn_status rn_decision_manifest_read(struct rn_decision_state *state,
                                                       const uint8_t *data, size_t size,
                                                       rn_decision_fn *function, void *context,
                                                       struct rn_error *err);

/* Fill the entry's texts from the state, and its id where none was given. */
void rn_decision_complete(struct rn_decision_state *state, bool has_id,
                          struct rn_decision_entry *entry);
/* 1 to 16 hexadecimal digits, with or without 0x. */
bool rn_decision_parse_id(const char *text, size_t size, uint64_t *id);

/* RN_E_FORMAT at `offset` from the data handed in. */
enum rn_status rn_decision_fail(struct rn_error *err, enum rn_status status, uint64_t offset,
                                const char *what);

#endif
