/* SPDX-License-Identifier: MIT */
/* The column codec: an array of 64-bit values to bytes and back.
 *
 * Values are predicted (enum rn_predictor), the differences zigzag-coded, and then cut into byte
 * planes: plane p holds byte p of every value. Planes compress far better one by one than
 * interleaved varints do, because each has its own statistics; planes that are one byte throughout
 * cost two bytes. rn-archive(5) describes the bytes. */
#ifndef RN_COLUMN_H
#define RN_COLUMN_H

#include "buf.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>

/* Slots of a keyed predictor: slot = (key_a * 31 + key_b) mod RN_COLUMN_SLOTS. */
#define RN_COLUMN_SLOTS 4096u

/* No column has more: a reader refuses it, an encoder too. */
#define RN_COLUMN_MAX_VALUES (4096u * 32u)
#define RN_COLUMN_MAX_CALLS  24u /* columns that are coded together */
#define RN_COLUMN_MAX_PLANES 9u
#define RN_COLUMN_MAX_BYTES  (16u << 20) /* of a byte column */

/* How the bytes of one plane are stored. */
enum rn_plane_coding { RN_PLANE_CONSTANT = 0, RN_PLANE_RAW = 1, RN_PLANE_ZSTD = 2 };

struct rn_column_spec {
    uint8_t id;           /* enum rn_column */
    uint8_t predictor;    /* enum rn_predictor */
    uint8_t key_a, key_b; /* columns with smaller numbers than id, so that no column can need
                           * itself; 0 none */
};

/* Encoder state that is worth keeping between calls (zstd context, scratch). Not thread-safe. */
struct rn_column_encoder;
struct rn_column_encoder *rn_column_encoder_new(int zstd_level); /* NULL: no memory */
void rn_column_encoder_set_level(struct rn_column_encoder *encoder, int zstd_level);
void rn_column_encoder_free(struct rn_column_encoder *encoder);

/* Append the descriptor of a column of `count` values to `descriptors` and its planes to `data`.
 * keys_a and keys_b are the (decoded) key columns, `count` values each, or NULL where spec has none
 * or the column is all zero. */
RN_MUST_CHECK enum rn_status rn_column_encode(struct rn_column_encoder *encoder,
                                              const struct rn_column_spec *spec,
                                              const uint64_t *values, size_t count,
                                              const uint64_t *keys_a, const uint64_t *keys_b,
                                              struct rn_buf *descriptors, struct rn_buf *data,
                                              struct rn_error *err);

/* Columns of predictor RN_PREDICT_CALL and equal keys are coded together, row by row. */
struct rn_column_calls {
    unsigned columns; /* at most RN_COLUMN_MAX_CALLS */
    size_t rows;
    const uint64_t *streams, *numbers; /* RN_COLUMN_STREAM and RN_COLUMN_WORD */
    const uint64_t *keys_a, *keys_b;   /* NULL, all four: all zero */
    const uint16_t *like; /* NULL, or for each row the first one that is the same in all of these
                           * columns, keys included; it saves time, and changes nothing */
};
/* specs and values: of each of the columns, in order of their numbers. */
RN_MUST_CHECK enum rn_status
rn_column_encode_calls(struct rn_column_encoder *encoder, const struct rn_column_spec *specs,
                       const uint64_t *const *values, const struct rn_column_calls *calls,
                       struct rn_buf *descriptors, struct rn_buf *data, struct rn_error *err);

/* How many bits the column would need with that predictor, about: to choose between two. */
uint64_t rn_column_estimate(struct rn_column_encoder *encoder, const struct rn_column_spec *spec,
                            const uint64_t *values, size_t count, const uint64_t *keys_a,
                            const uint64_t *keys_b);

/* A column of bytes: one plane, no prediction. */
RN_MUST_CHECK enum rn_status rn_column_encode_bytes(struct rn_column_encoder *encoder, uint8_t id,
                                                    const uint8_t *bytes, size_t size,
                                                    struct rn_buf *descriptors, struct rn_buf *data,
                                                    struct rn_error *err);

/* A column as it lies in a chunk: descriptor parsed and checked, planes not yet unpacked. Points
 * into the chunk's bytes. */
struct rn_column_view {
    struct rn_column_spec spec;
    uint32_t count;    /* values (bytes for a byte column) */
    uint32_t payloads; /* bytes of each plane but the first, with RN_PREDICT_CALL */
    uint8_t planes;    /* 0-8; 0-9 with RN_PREDICT_CALL */
    struct {
        uint8_t coding; /* enum rn_plane_coding */
        uint8_t constant;
        uint32_t size; /* stored bytes */
        const uint8_t *bytes;
    } plane[RN_COLUMN_MAX_PLANES];
};

struct rn_column_decoder;
struct rn_column_decoder *rn_column_decoder_new(void);
void rn_column_decoder_free(struct rn_column_decoder *decoder);

/* Parse the descriptor at *cursor (moving it) ; the plane data of the column begins at *data, which
 * is moved behind it. Never reads at or beyond descriptors_end and data_end. */
RN_MUST_CHECK enum rn_status rn_column_parse(const uint8_t **cursor, const uint8_t *descriptors_end,
                                             const uint8_t **data, const uint8_t *data_end,
                                             struct rn_column_view *view, struct rn_error *err);

/* Decode into values[view->count]: compare that number with what is expected first. Keys as when
 * encoding. */
RN_MUST_CHECK enum rn_status rn_column_decode(struct rn_column_decoder *decoder,
                                              const struct rn_column_view *view,
                                              const uint64_t *keys_a, const uint64_t *keys_b,
                                              uint64_t *values, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_column_decode_calls(struct rn_column_decoder *decoder,
                                                    const struct rn_column_view *const *views,
                                                    const struct rn_column_calls *calls,
                                                    uint64_t *const *values, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_column_decode_bytes(struct rn_column_decoder *decoder,
                                                    const struct rn_column_view *view,
                                                    uint8_t *bytes, struct rn_error *err);

#endif
