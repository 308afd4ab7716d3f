/* SPDX-License-Identifier: MIT */
/* What the row files share: where the value of each column comes from. */
#ifndef RN_ROW_PRIVATE_H
#define RN_ROW_PRIVATE_H

#include "row_maker.h"

#include "formats/event_schema.h"

enum rn_row_origin {
    RN_ROW_FROM_NONE = 0, /* made by a function of its own: table recording */
    RN_ROW_FROM_STREAM,
    RN_ROW_FROM_ORDINAL,
    RN_ROW_FROM_SOURCE,
    RN_ROW_FROM_PID,
    RN_ROW_FROM_TID,
    RN_ROW_FROM_START,
    RN_ROW_FROM_SINCE,
    RN_ROW_FROM_DURATION,
    RN_ROW_FROM_FLAGS,
    RN_ROW_FROM_SERIAL,      /* of the process */
    RN_ROW_FROM_STREAM_NAME, /* of the event's stream */
    /* item: the payload's word. */
    RN_ROW_FROM_WORD,
    RN_ROW_FROM_TICKS, /* a duration */
    RN_ROW_FROM_MOMENT,
    RN_ROW_FROM_DOUBLE,
    RN_ROW_FROM_NAMED, /* by `names` */
    /* item: type of the attachment, the first one of it. */
    RN_ROW_FROM_TEXT,
    RN_ROW_FROM_HEX,
    RN_ROW_FROM_LIST, /* NUL-terminated strings, as a JSON array */
    /* System calls, see row_call.c. */
    RN_ROW_FROM_CALL_NAME,
    RN_ROW_FROM_CALL_RET,
    RN_ROW_FROM_CALL_ERRNO,
    RN_ROW_FROM_CALL_ARGS,
    RN_ROW_FROM_CALL_PATH,
    RN_ROW_FROM_CALL_PATH2,
    RN_ROW_FROM_CALL_FD,
    RN_ROW_FROM_CALL_FD_PATH,
    RN_ROW_FROM_CALL_READ,
    RN_ROW_FROM_CALL_WRITTEN,
};

typedef const char *rn_name_fn(uint64_t value); /* NULL: it has no name */

struct rn_row_source {
    uint8_t origin;
    uint8_t item;
    rn_name_fn *names;
};

struct rn_row_layout {
    struct rn_row_table table;
    struct rn_row_column columns[RN_ROW_MAX_COLUMNS];
    struct rn_row_source sources[RN_ROW_MAX_COLUMNS];
};

enum { RN_ROW_TABLE_RECORDING = 0, RN_ROW_TABLE_STREAM = 1 };
#define RN_ROW_BUFS 4u

struct rn_row_maker {
    const struct rn_manifest *manifest;
    struct rn_trace *trace;
    const char *creator;
    size_t table_count;
    const struct rn_row_table *tables[RN_ROW_MAX_TABLES];
    struct rn_row_layout layouts[RN_ROW_MAX_TABLES];
    const struct rn_row_layout *by_kind[RN_KIND_LIMIT]; /* NULL: no rows */
    /* Streams that have their row already, by number: below and from RN_STREAM_QUEUES. */
    struct rn_buf seen[2];
    uint64_t events, lost;
    bool lost_unknown;
    uint64_t end_ns;
    uint64_t segments; /* begun so far */
    /* Of the row at hand. */
    struct rn_row_value values[RN_ROW_MAX_COLUMNS];
    struct rn_buf bufs[RN_ROW_BUFS];
    unsigned bufs_used;
};

/* row_table.c */
void rn_row_tables_make(struct rn_row_maker *maker);

/* A buffer for text of the row at hand. */
struct rn_buf *rn_row_buf(struct rn_row_maker *maker);

static inline void rn_row_integer(struct rn_row_value *value, uint64_t number)
{
    value->type = RN_ROW_INTEGER;
    value->u.integer = (int64_t)number;
}

static inline void rn_row_text(struct rn_row_value *value, const void *data, size_t size)
{
    value->type = RN_ROW_TEXT;
    value->u.text.data = data;
    value->u.text.size = size;
}

void rn_row_string(struct rn_row_value *value, const char *text); /* NULL: NULL */

/* row_call.c: the columns from RN_ROW_FROM_CALL_NAME on. */
void rn_row_call(struct rn_row_maker *maker, const struct rn_row_layout *layout,
                 const struct rn_event *event);

#endif
