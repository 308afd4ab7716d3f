/* SPDX-License-Identifier: MIT */
#include "column_call.h"
#include "column_codec.h"
#include "column_list.h"

#include <stdlib.h>
#include <zstd.h>

/* A zstd frame costs some ten bytes of its own. */
#define SMALLEST_ZSTD_PLANE 32u

struct rn_column_encoder {
    ZSTD_CCtx *zstd;
    int level;
    size_t capacity; /* values that codes and plane have room for */
    uint64_t *codes;
    uint8_t *plane, *classes;
    struct column_call_model *calls; /* both made when first needed */
    struct column_reference_model *references;
    uint64_t slots[RN_COLUMN_SLOTS];
};

struct rn_column_encoder *rn_column_encoder_new(int zstd_level)
{
    struct rn_column_encoder *encoder = calloc(1, sizeof *encoder);

    if (!encoder)
        return NULL;
    encoder->level = zstd_level;
    encoder->zstd = ZSTD_createCCtx();
    if (encoder->zstd)
        return encoder;
    free(encoder);
    return NULL;
}

void rn_column_encoder_set_level(struct rn_column_encoder *encoder, int zstd_level)
{
    encoder->level = zstd_level;
}

void rn_column_encoder_free(struct rn_column_encoder *encoder)
{
    if (!encoder)
        return;
    ZSTD_freeCCtx(encoder->zstd);
    free(encoder->codes);
    free(encoder->plane);
    column_call_free(encoder->calls);
    free(encoder->references);
    free(encoder->classes);
    free(encoder);
}

static bool make_room(struct rn_column_encoder *encoder, size_t count)
{
    if (count <= encoder->capacity)
        return true;
    free(encoder->codes);
    free(encoder->plane);
    free(encoder->classes);
    encoder->codes = malloc(count * sizeof *encoder->codes);
    encoder->plane = malloc(count);
    encoder->classes = malloc(count);
    encoder->capacity = encoder->codes && encoder->plane && encoder->classes ? count : 0;
    return encoder->capacity != 0;
}

static void code_previous(uint64_t *codes, const uint64_t *values, size_t count)
{
    codes[0] = zigzag(values[0]);
    for (size_t i = 1; i < count; i++)
        codes[i] = zigzag(values[i] - values[i - 1]);
}

static void code_keyed(struct rn_column_encoder *encoder, const uint64_t *values, size_t count,
                       const uint64_t *keys_a, const uint64_t *keys_b)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t *last = &encoder->slots[column_slot(column_key(keys_a, i), column_key(keys_b, i))];

        encoder->codes[i] = zigzag(values[i] - *last);
        *last = values[i];
    }
    column_slots_reset(encoder->slots, keys_a, keys_b, count);
}

static void code_items(struct rn_column_encoder *encoder, const uint64_t *values, size_t count,
                       const uint64_t *keys, const uint64_t *items)
{
    struct column_item item = {.left = 0};

    for (size_t i = 0; i < count; i++) {
        uint64_t *last =
            &encoder->slots[column_item_slot(&item, column_key(keys, i), column_key(items, i))];

        encoder->codes[i] = zigzag(values[i] - *last);
        *last = item.before = values[i];
    }
    memset(encoder->slots, 0, sizeof encoder->slots);
}

static void code_end(struct rn_column_encoder *encoder, const uint64_t *values, size_t count,
                     const uint64_t *streams, const uint64_t *durations)
{
    uint64_t previous = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t *end = &encoder->slots[column_slot(column_key(streams, i), 0)];

        encoder->codes[i] = zigzag(values[i] - (*end ? *end : previous));
        *end = values[i] + column_key(durations, i);
        previous = values[i];
    }
    column_slots_reset(encoder->slots, streams, NULL, count);
}

/* The codes to be cut into planes: encoder->codes, or the values themselves. */
static const uint64_t *predict(struct rn_column_encoder *encoder, uint8_t predictor,
                               const uint64_t *values, size_t count, const uint64_t *keys_a,
                               const uint64_t *keys_b)
{
    switch (predictor) {
    case RN_PREDICT_PREVIOUS:
        code_previous(encoder->codes, values, count);
        return encoder->codes;
    case RN_PREDICT_KEYED:
        code_keyed(encoder, values, count, keys_a, keys_b);
        return encoder->codes;
    case RN_PREDICT_ITEM:
        code_items(encoder, values, count, keys_a, keys_b);
        return encoder->codes;
    case RN_PREDICT_END:
        code_end(encoder, values, count, keys_a, keys_b);
        return encoder->codes;
    default:
        return values;
    }
}

uint64_t rn_column_estimate(struct rn_column_encoder *encoder, const struct rn_column_spec *spec,
                            const uint64_t *values, size_t count, const uint64_t *keys_a,
                            const uint64_t *keys_b)
{
    uint64_t bits = 0;
    const uint64_t *codes;

    if (count == 0 || !make_room(encoder, count))
        return 0;
    codes = predict(encoder, spec->predictor, values, count, keys_a, keys_b);
    for (size_t i = 0; i < count; i++)
        bits += 64 - (unsigned)__builtin_clzll(codes[i] | 1);
    return bits;
}

static void describe(struct rn_buf *descriptors, const struct rn_column_spec *spec, size_t count,
                     unsigned planes)
{
    rn_buf_byte(descriptors, spec->id);
    rn_buf_byte(descriptors, spec->predictor);
    rn_buf_byte(descriptors, spec->key_a);
    rn_buf_byte(descriptors, spec->key_b);
    rn_buf_varint(descriptors, count);
    rn_buf_byte(descriptors, (uint8_t)planes);
}

static void describe_plane(struct rn_buf *descriptors, enum rn_plane_coding coding, size_t number)
{
    rn_buf_byte(descriptors, (uint8_t)coding);
    rn_buf_varint(descriptors, number);
}

/* Stored bytes of a zstd frame written behind data, 0 where that does not make the plane smaller.
 */
static size_t compress(struct rn_column_encoder *encoder, const uint8_t *plane, size_t size,
                       struct rn_buf *data)
{
    size_t bound = ZSTD_compressBound(size), stored;
    uint8_t *to;

    if (size < SMALLEST_ZSTD_PLANE)
        return 0;
    to = rn_buf_reserve(data, bound);
    if (!to)
        return 0;
    stored = ZSTD_compressCCtx(encoder->zstd, to, bound, plane, size, encoder->level);
    return ZSTD_isError(stored) || stored >= size ? 0 : stored;
}

static void store_plane(struct rn_column_encoder *encoder, const uint8_t *plane, size_t size,
                        struct rn_buf *descriptors, struct rn_buf *data)
{
    size_t stored = compress(encoder, plane, size, data);

    if (stored) {
        describe_plane(descriptors, RN_PLANE_ZSTD, stored);
        data->size += stored;
        return;
    }
    describe_plane(descriptors, RN_PLANE_RAW, size);
    rn_buf_append(data, plane, size);
}

static unsigned bytes_needed(uint64_t value)
{
    return value ? (71u - (unsigned)__builtin_clzll(value)) / 8 : 0;
}

/* What describing and storing codes takes. */
struct extent {
    unsigned planes;
    uint64_t varying; /* bits that are not the same in all */
};

static struct extent measure(const uint64_t *codes, size_t count)
{
    uint64_t used = 0, varying = 0;

    for (size_t i = 0; i < count; i++) {
        used |= codes[i];
        varying |= codes[i] ^ codes[0];
    }
    return (struct extent){.planes = bytes_needed(used), .varying = varying};
}

static void store_codes(struct rn_column_encoder *encoder, const uint64_t *codes, size_t count,
                        struct extent extent, struct rn_buf *descriptors, struct rn_buf *data)
{
    for (unsigned shift = 0; shift < 8 * extent.planes; shift += 8) {
        if ((extent.varying >> shift & 0xff) == 0) {
            describe_plane(descriptors, RN_PLANE_CONSTANT, codes[0] >> shift & 0xff);
            continue;
        }
        for (size_t i = 0; i < count; i++)
            encoder->plane[i] = (uint8_t)(codes[i] >> shift);
        store_plane(encoder, encoder->plane, count, descriptors, data);
    }
}

static enum rn_status check_appended(const struct rn_buf *descriptors, const struct rn_buf *data,
                                     struct rn_error *err)
{
    if (descriptors->failed || data->failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to encode a column");
    return RN_OK;
}

static void store_bytes(struct rn_column_encoder *encoder, const uint8_t *bytes, size_t size,
                        struct rn_buf *descriptors, struct rn_buf *data)
{
    if (memcmp(bytes, bytes + 1, size - 1) == 0)
        describe_plane(descriptors, RN_PLANE_CONSTANT, bytes[0]);
    else
        store_plane(encoder, bytes, size, descriptors, data);
}

static void store_classes(struct rn_column_encoder *encoder, const struct rn_column_spec *spec,
                          const uint8_t *classes, size_t count, const uint64_t *payload,
                          size_t payloads, struct rn_buf *descriptors, struct rn_buf *data)
{
    struct extent extent = measure(payload, payloads);

    describe(descriptors, spec, count, 1 + extent.planes);
    rn_buf_varint(descriptors, payloads);
    store_bytes(encoder, classes, count, descriptors, data);
    store_codes(encoder, payload, payloads, extent, descriptors, data);
}

static enum rn_status encode_references(struct rn_column_encoder *encoder,
                                        const struct rn_column_spec *spec, const uint64_t *values,
                                        size_t count, const uint64_t *tags, const uint64_t *streams,
                                        struct rn_buf *descriptors, struct rn_buf *data,
                                        struct rn_error *err)
{
    size_t payloads;

    if (!encoder->references)
        encoder->references = malloc(sizeof *encoder->references);
    if (!encoder->references)
        return rn_fail(err, RN_E_NOMEM, "no memory to encode a column");
    payloads = column_reference_code(encoder->references, values, count, tags, streams,
                                     encoder->classes, encoder->codes);
    store_classes(encoder, spec, encoder->classes, count, encoder->codes, payloads, descriptors,
                  data);
    return check_appended(descriptors, data, err);
}

enum rn_status rn_column_encode(struct rn_column_encoder *encoder,
                                const struct rn_column_spec *spec, const uint64_t *values,
                                size_t count, const uint64_t *keys_a, const uint64_t *keys_b,
                                struct rn_buf *descriptors, struct rn_buf *data,
                                struct rn_error *err)
{
    struct extent extent;
    const uint64_t *codes;

    if (!column_keys_valid(spec))
        return rn_fail(err, RN_E_USAGE, "column %u has a key column behind itself", spec->id);
    if (count == 0 || count > RN_COLUMN_MAX_VALUES)
        return rn_fail(err, RN_E_LIMIT, "a column of %zu values cannot be encoded", count);
    if (!make_room(encoder, count))
        return rn_fail(err, RN_E_NOMEM, "no memory to encode a column of %zu values", count);
    if (spec->predictor == RN_PREDICT_REFERENCE)
        return encode_references(encoder, spec, values, count, keys_a, keys_b, descriptors, data,
                                 err);
    codes = predict(encoder, spec->predictor, values, count, keys_a, keys_b);
    extent = measure(codes, count);
    describe(descriptors, spec, count, extent.planes);
    store_codes(encoder, codes, count, extent, descriptors, data);
    return check_appended(descriptors, data, err);
}

enum rn_status
rn_column_encode_calls(struct rn_column_encoder *encoder, const struct rn_column_spec *specs,
                       const uint64_t *const *values, const struct rn_column_calls *calls,
                       struct rn_buf *descriptors, struct rn_buf *data, struct rn_error *err)
{
    size_t payloads[RN_COLUMN_MAX_CALLS];

    for (unsigned c = 0; c < calls->columns; c++)
        if (!column_keys_valid(&specs[c]))
            return rn_fail(err, RN_E_USAGE, "column %u has a key column behind itself",
                           specs[c].id);
    if (calls->columns > RN_COLUMN_MAX_CALLS || calls->rows == 0 ||
        calls->rows > COLUMN_CALL_MAX_ROWS)
        return rn_fail(err, RN_E_LIMIT, "%u columns of %zu values cannot be encoded together",
                       calls->columns, calls->rows);
    if (!make_room(encoder, calls->rows) || !column_call_prepare(&encoder->calls, calls))
        return rn_fail(err, RN_E_NOMEM, "no memory to encode columns of %zu values", calls->rows);
    column_call_code(encoder->calls, calls, values, payloads);
    for (unsigned c = 0; c < calls->columns; c++)
        store_classes(encoder, &specs[c], encoder->calls->classes + c * calls->rows, calls->rows,
                      encoder->calls->payload + c * calls->rows, payloads[c], descriptors, data);
    return check_appended(descriptors, data, err);
}

enum rn_status rn_column_encode_bytes(struct rn_column_encoder *encoder, uint8_t id,
                                      const uint8_t *bytes, size_t size, struct rn_buf *descriptors,
                                      struct rn_buf *data, struct rn_error *err)
{
    const struct rn_column_spec spec = {.id = id, .predictor = RN_PREDICT_NONE};

    if (size == 0 || size > RN_COLUMN_MAX_BYTES)
        return rn_fail(err, RN_E_LIMIT, "a column of %zu bytes cannot be encoded", size);
    describe(descriptors, &spec, size, 1);
    store_bytes(encoder, bytes, size, descriptors, data);
    return check_appended(descriptors, data, err);
}
