/* SPDX-License-Identifier: MIT */
/* The model behind RN_PREDICT_CALL, for both directions. System calls come in sequences that repeat
 * (a program that starts, a loop), in other threads at other addresses: the model finds the row
 * where the same sequence was met before, and moves the addresses of that row to the regions of
 * this row's stream. What it foresees costs a class byte that hardly varies; what it does not is a
 * payload. rn-archive(5) describes it. */
#ifndef RN_COLUMN_CALL_H
#define RN_COLUMN_CALL_H

#include "column.h"

#define COLUMN_CALL_MAX_ROWS 16384u /* numbers of rows have 16 bits */
#define COLUMN_CALL_STREAMS  1024u
#define COLUMN_CALL_CONTEXTS 65536u
#define COLUMN_CALL_REGIONS  4u
#define COLUMN_CALL_HISTORY  21u /* bits of each row: three rows in a number */

/* What the class byte of a value says. */
enum column_call_class {
    COLUMN_CALL_FORESEEN = 0, /* as in the row of the same context */
    COLUMN_CALL_REPEATED = 1, /* as in the last row of the same call and stream */
    COLUMN_CALL_NUMBER = 2,   /* from here on with a payload: the value, zigzag */
    COLUMN_CALL_ADDRESS = 3,  /* an address in a new region: the value */
    COLUMN_CALL_REGION = 4,   /* + number of the region: distance from the last address in it */
    COLUMN_CALL_CLASSES = COLUMN_CALL_REGION + COLUMN_CALL_REGIONS,
};

struct column_call_stream {
    uint64_t base[COLUMN_CALL_REGIONS], last[COLUMN_CALL_REGIONS];
    uint64_t history;      /* the rows before */
    uint32_t run;          /* of the model: older state is none */
    uint32_t changed;      /* behind the last row that made a region */
    uint32_t end;          /* behind its last row */
    uint8_t regions, next; /* in use; to be replaced when all are */
};

/* What finds the rows before that one row is compared with. */
struct column_call_key {
    struct column_call_stream *stream;
    uint64_t call, result; /* hashes */
    uint16_t slot;         /* in by_call */
    uint16_t latest;       /* the last row that was like this one */
};

struct column_call_model {
    struct column_call_stream streams[COLUMN_CALL_STREAMS];
    uint16_t by_context[COLUMN_CALL_CONTEXTS], by_call[RN_COLUMN_SLOTS]; /* row + 1 */
    struct column_call_key keys[COLUMN_CALL_MAX_ROWS]; /* of rows that others are like */
    uint32_t run;
    size_t capacity;  /* rows times columns */
    size_t stride;    /* columns, to a multiple of 8 */
    uint8_t *classes; /* column after column */
    uint8_t *regions; /* of each value, row after row, then of what each row returned */
    uint64_t *payload;
};

void column_call_free(struct column_call_model *model); /* accepts NULL */
/* A model with room for the columns, made where *model is NULL. */
RN_MUST_CHECK bool column_call_prepare(struct column_call_model **model,
                                       const struct rn_column_calls *calls);

/* Values to model->classes and model->payload; payloads[c]: how many column c has. */
void column_call_code(struct column_call_model *model, const struct rn_column_calls *calls,
                      const uint64_t *const *values, size_t *payloads);
/* And back. False where the classes are not valid or do not have that many payloads. */
RN_MUST_CHECK bool column_call_decode(struct column_call_model *model,
                                      const struct rn_column_calls *calls, uint64_t *const *values,
                                      const size_t *payloads);

#endif
