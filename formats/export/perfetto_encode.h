/* SPDX-License-Identifier: MIT */
/* Fields of protobuf messages, one behind the other; messages in messages are opened and closed.
 * And what is interned: texts that are written once and referred to by number. For the writer of
 * Perfetto's traces; formats/export/perfetto.proto has the messages. Not thread-safe. */
#ifndef RN_PERFETTO_ENCODE_H
#define RN_PERFETTO_ENCODE_H

#include "formats/buf.h"
#include "formats/table.h"
#include "slice.h"

void rn_proto_varint(struct rn_buf *out, unsigned field, uint64_t value);
void rn_proto_fixed64(struct rn_buf *out, unsigned field, uint64_t value);
void rn_proto_double(struct rn_buf *out, unsigned field, double value);
void rn_proto_bytes(struct rn_buf *out, unsigned field, const void *data, size_t size);
/* A string, for which bytes that are no UTF-8 become \xNN. Returns how many these were. */
uint64_t rn_proto_text(struct rn_buf *out, unsigned field, const char *data, size_t size);
/* A message: what is appended until it is closed is in it. */
size_t rn_proto_open(struct rn_buf *out, unsigned field);
void rn_proto_close(struct rn_buf *out, size_t opened);

enum rn_perfetto_intern {
    RN_PERFETTO_CATEGORIES,
    RN_PERFETTO_NAMES,
    RN_PERFETTO_KEYS,
    RN_PERFETTO_INTERNS
};

/* What makes the annotations of an event. */
struct rn_perfetto_interner {
    struct rn_string_table *tables[RN_PERFETTO_INTERNS];
    struct rn_buf fresh; /* InternedData: entries that were not told yet */
    struct rn_buf text;  /* of one string, while it is made */
    uint64_t bad_bytes;  /* that were no UTF-8 */
};
/* False: no memory. rn_perfetto_interner_free in any case. */
bool rn_perfetto_interner_init(struct rn_perfetto_interner *interner);
void rn_perfetto_interner_free(struct rn_perfetto_interner *interner);
/* So much is known that it is time to begin anew: then everything is fresh again. */
bool rn_perfetto_interner_full(const struct rn_perfetto_interner *interner);
void rn_perfetto_interner_reset(struct rn_perfetto_interner *interner);
/* The number of a text; 0 without memory. */
uint64_t rn_perfetto_intern(struct rn_perfetto_interner *interner, enum rn_perfetto_intern which,
                            const char *data, size_t size);

/* DebugAnnotations of a slice, as field `field`. */
void rn_perfetto_args(struct rn_perfetto_interner *interner, struct rn_buf *out, unsigned field,
                      const struct rn_slice *slice);

#endif
