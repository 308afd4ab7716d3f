/* SPDX-License-Identifier: MIT */
#include "column_call.h"
#include "column_codec.h"
#include "column_list.h"

#include <stdlib.h>
#include <zstd.h>

/* Values put together at a time: a constant count of them lets the compiler use vectors. */
#define BLOCK 64u

struct rn_column_decoder {
    ZSTD_DCtx *zstd;
    size_t capacity;
    uint8_t *planes; /* unpacked planes, one behind the other */
    size_t references_capacity;
    uint8_t *classes; /* of references */
    uint64_t *payload;
    struct column_call_model *calls; /* both made when first needed */
    struct column_reference_model *references;
    uint64_t slots[RN_COLUMN_SLOTS];
};

struct rn_column_decoder *rn_column_decoder_new(void)
{
    struct rn_column_decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder)
        return NULL;
    decoder->zstd = ZSTD_createDCtx();
    if (decoder->zstd)
        return decoder;
    free(decoder);
    return NULL;
}

void rn_column_decoder_free(struct rn_column_decoder *decoder)
{
    if (!decoder)
        return;
    ZSTD_freeDCtx(decoder->zstd);
    free(decoder->planes);
    column_call_free(decoder->calls);
    free(decoder->references);
    free(decoder->classes);
    free(decoder->payload);
    free(decoder);
}

static bool read_byte(const uint8_t **cursor, const uint8_t *end, uint8_t *value)
{
    if (*cursor >= end)
        return false;
    *value = *(*cursor)++;
    return true;
}

/* No number in a descriptor is above 32 bits. */
static bool read_varint(const uint8_t **cursor, const uint8_t *end, uint32_t *value)
{
    uint64_t sum = 0;
    uint8_t byte;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (!read_byte(cursor, end, &byte))
            return false;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (uint32_t)sum;
            return sum <= UINT32_MAX;
        }
    }
    return false;
}

static enum rn_status cut(struct rn_error *err)
{
    return rn_fail(err, RN_E_FORMAT, "column descriptor is cut or malformed");
}

static size_t plane_count(const struct rn_column_view *view, unsigned number)
{
    return column_has_classes(&view->spec) && number > 0 ? view->payloads : view->count;
}

static enum rn_status parse_plane(const uint8_t **cursor, const uint8_t *descriptors_end,
                                  const uint8_t **data, const uint8_t *data_end,
                                  struct rn_column_view *view, unsigned number,
                                  struct rn_error *err)
{
    uint8_t coding = 0;
    uint32_t value = 0;

    if (!read_byte(cursor, descriptors_end, &coding) ||
        !read_varint(cursor, descriptors_end, &value))
        return cut(err);
    view->plane[number].coding = coding;
    if (coding == RN_PLANE_CONSTANT) {
        if (value > 0xff)
            return cut(err);
        view->plane[number].constant = (uint8_t)value;
        return RN_OK;
    }
    if (coding > RN_PLANE_ZSTD)
        return rn_fail(err, RN_E_FORMAT, "column %u: unknown plane coding %u", view->spec.id,
                       coding);
    if (value > (size_t)(data_end - *data) ||
        (coding == RN_PLANE_RAW && value != plane_count(view, number)))
        return rn_fail(err, RN_E_FORMAT, "column %u: plane of %u bytes does not fit", view->spec.id,
                       value);
    view->plane[number].size = value;
    view->plane[number].bytes = *data;
    *data += value;
    return RN_OK;
}

static enum rn_status check_spec(const struct rn_column_spec *spec, struct rn_error *err)
{
    if (spec->id == 0 || spec->id >= RN_COLUMN_LIMIT)
        return rn_fail(err, RN_E_FORMAT, "no column can have number %u", spec->id);
    if (spec->predictor >= RN_PREDICT_LIMIT)
        return rn_fail(err, RN_E_FORMAT, "column %u: unknown predictor %u", spec->id,
                       spec->predictor);
    if (!column_keys_valid(spec))
        return rn_fail(err, RN_E_FORMAT, "column %u has a key column behind itself", spec->id);
    if (spec->predictor == RN_PREDICT_CALL && spec->id <= RN_COLUMN_WORD)
        return rn_fail(err, RN_E_FORMAT, "column %u cannot have predictor %u", spec->id,
                       spec->predictor);
    return RN_OK;
}

/* Planes, and how many values have a payload. */
static enum rn_status parse_sizes(const uint8_t **cursor, const uint8_t *descriptors_end,
                                  struct rn_column_view *view, struct rn_error *err)
{
    bool classes = column_has_classes(&view->spec);

    if (!read_varint(cursor, descriptors_end, &view->count) ||
        !read_byte(cursor, descriptors_end, &view->planes) ||
        (classes && !read_varint(cursor, descriptors_end, &view->payloads)))
        return cut(err);
    if (view->count > RN_COLUMN_MAX_BYTES || view->planes > RN_COLUMN_MAX_PLANES - !classes ||
        view->payloads > view->count)
        return rn_fail(err, RN_E_LIMIT, "column %u: %u values in %u planes are over the limit",
                       view->spec.id, view->count, view->planes);
    return RN_OK;
}

enum rn_status rn_column_parse(const uint8_t **cursor, const uint8_t *descriptors_end,
                               const uint8_t **data, const uint8_t *data_end,
                               struct rn_column_view *view, struct rn_error *err)
{
    struct rn_column_spec *spec = &view->spec;
    enum rn_status status;

    memset(view, 0, sizeof *view);
    if (!read_byte(cursor, descriptors_end, &spec->id) ||
        !read_byte(cursor, descriptors_end, &spec->predictor) ||
        !read_byte(cursor, descriptors_end, &spec->key_a) ||
        !read_byte(cursor, descriptors_end, &spec->key_b))
        return cut(err);
    status = check_spec(spec, err);
    if (status == RN_OK)
        status = parse_sizes(cursor, descriptors_end, view, err);
    for (unsigned i = 0; i < view->planes && status == RN_OK; i++)
        status = parse_plane(cursor, descriptors_end, data, data_end, view, i, err);
    return status;
}

static enum rn_status decompress(struct rn_column_decoder *decoder,
                                 const struct rn_column_view *view, unsigned number, uint8_t *out,
                                 struct rn_error *err)
{
    size_t count = plane_count(view, number);
    size_t size = ZSTD_decompressDCtx(decoder->zstd, out, count, view->plane[number].bytes,
                                      view->plane[number].size);

    if (ZSTD_isError(size))
        return rn_fail(err, RN_E_FORMAT, "column %u: plane cannot be unpacked: %s", view->spec.id,
                       ZSTD_getErrorName(size));
    if (size != count)
        return rn_fail(err, RN_E_FORMAT, "column %u: plane has %zu bytes instead of %zu",
                       view->spec.id, size, count);
    return RN_OK;
}

/* The planes that differ from value to value, and the sum of those that do not. */
struct parts {
    unsigned count;
    unsigned shift[8];
    const uint8_t *bytes[8];
    uint64_t constant;
};

static enum rn_status make_room(struct rn_column_decoder *decoder, size_t size,
                                struct rn_error *err)
{
    uint8_t *planes;

    if (size <= decoder->capacity)
        return RN_OK;
    planes = realloc(decoder->planes, size);
    if (!planes)
        return rn_fail(err, RN_E_NOMEM, "no memory to decode a column");
    decoder->planes = planes;
    decoder->capacity = size;
    return RN_OK;
}

/* The planes from `first` on, which are equally long. */
static enum rn_status unpack_planes(struct rn_column_decoder *decoder,
                                    const struct rn_column_view *view, unsigned first,
                                    struct parts *parts, struct rn_error *err)
{
    size_t count = plane_count(view, first);
    enum rn_status status = make_room(decoder, count * view->planes, err);

    for (unsigned i = first; i < view->planes && status == RN_OK; i++) {
        uint8_t *unpacked = decoder->planes + count * i;
        unsigned shift = 8 * (i - first);

        if (view->plane[i].coding == RN_PLANE_CONSTANT) {
            parts->constant |= (uint64_t)view->plane[i].constant << shift;
            continue;
        }
        parts->shift[parts->count] = shift;
        if (view->plane[i].coding == RN_PLANE_RAW) {
            parts->bytes[parts->count++] = view->plane[i].bytes;
            continue;
        }
        parts->bytes[parts->count++] = unpacked;
        status = decompress(decoder, view, i, unpacked, err);
    }
    return status;
}

static void join_planes(const struct parts *parts, uint64_t *restrict values, size_t count)
{
    size_t at = 0;

    for (; count - at >= BLOCK; at += BLOCK) {
        for (unsigned i = 0; i < BLOCK; i++)
            values[at + i] = parts->constant;
        for (unsigned p = 0; p < parts->count; p++) {
            const uint8_t *bytes = parts->bytes[p] + at;
            unsigned shift = parts->shift[p];

            for (unsigned i = 0; i < BLOCK; i++)
                values[at + i] |= (uint64_t)bytes[i] << shift;
        }
    }
    for (; at < count; at++) {
        values[at] = parts->constant;
        for (unsigned p = 0; p < parts->count; p++)
            values[at] |= (uint64_t)parts->bytes[p][at] << parts->shift[p];
    }
}

static void decode_previous(uint64_t *values, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++) {
        value += unzigzag(values[i]);
        values[i] = value;
    }
}

static void decode_keyed(struct rn_column_decoder *decoder, uint64_t *restrict values, size_t count,
                         const uint64_t *keys_a, const uint64_t *keys_b)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t *last = &decoder->slots[column_slot(column_key(keys_a, i), column_key(keys_b, i))];

        *last += unzigzag(values[i]);
        values[i] = *last;
    }
    column_slots_reset(decoder->slots, keys_a, keys_b, count);
}

static void decode_items(struct rn_column_decoder *decoder, uint64_t *restrict values, size_t count,
                         const uint64_t *keys, const uint64_t *items)
{
    struct column_item item = {.left = 0};

    for (size_t i = 0; i < count; i++) {
        uint64_t *last =
            &decoder->slots[column_item_slot(&item, column_key(keys, i), column_key(items, i))];

        *last += unzigzag(values[i]);
        values[i] = item.before = *last;
    }
    memset(decoder->slots, 0, sizeof decoder->slots);
}

static void decode_end(struct rn_column_decoder *decoder, uint64_t *restrict values, size_t count,
                       const uint64_t *streams, const uint64_t *durations)
{
    uint64_t previous = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t *end = &decoder->slots[column_slot(column_key(streams, i), 0)];

        previous = (*end ? *end : previous) + unzigzag(values[i]);
        values[i] = previous;
        *end = previous + column_key(durations, i);
    }
    column_slots_reset(decoder->slots, streams, NULL, count);
}

static void undo_prediction(struct rn_column_decoder *decoder, const struct rn_column_spec *spec,
                            const uint64_t *keys_a, const uint64_t *keys_b, uint64_t *values,
                            size_t count)
{
    switch (spec->predictor) {
    case RN_PREDICT_PREVIOUS:
        decode_previous(values, count);
        break;
    case RN_PREDICT_KEYED:
        decode_keyed(decoder, values, count, keys_a, keys_b);
        break;
    case RN_PREDICT_ITEM:
        decode_items(decoder, values, count, keys_a, keys_b);
        break;
    case RN_PREDICT_END:
        decode_end(decoder, values, count, keys_a, keys_b);
        break;
    default:
        break;
    }
}

static enum rn_status plane_bytes(struct rn_column_decoder *decoder,
                                  const struct rn_column_view *view, uint8_t *bytes,
                                  struct rn_error *err)
{
    if (view->count == 0)
        return RN_OK;
    if (view->planes == 0 || view->plane[0].coding == RN_PLANE_CONSTANT)
        memset(bytes, view->plane[0].constant, view->count);
    else if (view->plane[0].coding == RN_PLANE_RAW)
        memcpy(bytes, view->plane[0].bytes, view->count);
    else
        return decompress(decoder, view, 0, bytes, err);
    return RN_OK;
}

/* The classes and the payloads of a column that has them. */
static enum rn_status unpack_classes(struct rn_column_decoder *decoder,
                                     const struct rn_column_view *view, uint8_t *classes,
                                     uint64_t *payload, struct rn_error *err)
{
    struct parts parts = {.count = 0};
    enum rn_status status = plane_bytes(decoder, view, classes, err);

    if (status == RN_OK)
        status = unpack_planes(decoder, view, 1, &parts, err);
    if (status == RN_OK)
        join_planes(&parts, payload, view->payloads);
    return status;
}

static bool prepare_references(struct rn_column_decoder *decoder, size_t count)
{
    if (!decoder->references)
        decoder->references = malloc(sizeof *decoder->references);
    if (count > decoder->references_capacity) {
        free(decoder->classes);
        free(decoder->payload);
        decoder->classes = malloc(count);
        decoder->payload = malloc(count * sizeof *decoder->payload);
        decoder->references_capacity = decoder->classes && decoder->payload ? count : 0;
    }
    return decoder->references && count <= decoder->references_capacity;
}

static enum rn_status decode_references(struct rn_column_decoder *decoder,
                                        const struct rn_column_view *view, const uint64_t *tags,
                                        const uint64_t *streams, uint64_t *values,
                                        struct rn_error *err)
{
    enum rn_status status;

    if (!prepare_references(decoder, view->count))
        return rn_fail(err, RN_E_NOMEM, "no memory to decode a column");
    status = unpack_classes(decoder, view, decoder->classes, decoder->payload, err);
    if (status == RN_OK &&
        !column_reference_decode(decoder->references, decoder->classes, decoder->payload,
                                 view->payloads, view->count, tags, streams, values))
        status = rn_fail(err, RN_E_FORMAT, "column %u: classes and payloads do not match",
                         view->spec.id);
    return status;
}

enum rn_status rn_column_decode(struct rn_column_decoder *decoder,
                                const struct rn_column_view *view, const uint64_t *keys_a,
                                const uint64_t *keys_b, uint64_t *values, struct rn_error *err)
{
    struct parts parts = {.count = 0};
    enum rn_status status;

    if (view->count > RN_COLUMN_MAX_VALUES || view->spec.predictor == RN_PREDICT_CALL)
        return rn_fail(err, RN_E_LIMIT, "column %u: %u values are over the limit", view->spec.id,
                       view->count);
    if (view->spec.predictor == RN_PREDICT_REFERENCE)
        return decode_references(decoder, view, keys_a, keys_b, values, err);
    status = unpack_planes(decoder, view, 0, &parts, err);
    if (status != RN_OK)
        return status;
    join_planes(&parts, values, view->count);
    undo_prediction(decoder, &view->spec, keys_a, keys_b, values, view->count);
    return RN_OK;
}

enum rn_status rn_column_decode_calls(struct rn_column_decoder *decoder,
                                      const struct rn_column_view *const *views,
                                      const struct rn_column_calls *calls, uint64_t *const *values,
                                      struct rn_error *err)
{
    size_t payloads[RN_COLUMN_MAX_CALLS];
    enum rn_status status = RN_OK;

    if (calls->columns > RN_COLUMN_MAX_CALLS || calls->rows > COLUMN_CALL_MAX_ROWS)
        return rn_fail(err, RN_E_LIMIT, "%u columns of %zu values are over the limit",
                       calls->columns, calls->rows);
    if (!column_call_prepare(&decoder->calls, calls))
        return rn_fail(err, RN_E_NOMEM, "no memory to decode columns");
    for (unsigned c = 0; c < calls->columns && status == RN_OK; c++) {
        if (views[c]->count != calls->rows)
            return rn_fail(err, RN_E_FORMAT, "column %u has %u values instead of %zu",
                           views[c]->spec.id, views[c]->count, calls->rows);
        payloads[c] = views[c]->payloads;
        status = unpack_classes(decoder, views[c], decoder->calls->classes + c * calls->rows,
                                decoder->calls->payload + c * calls->rows, err);
    }
    if (status == RN_OK && !column_call_decode(decoder->calls, calls, values, payloads))
        status = rn_fail(err, RN_E_FORMAT, "column %u: classes and payloads do not match",
                         views[0]->spec.id);
    return status;
}

enum rn_status rn_column_decode_bytes(struct rn_column_decoder *decoder,
                                      const struct rn_column_view *view, uint8_t *bytes,
                                      struct rn_error *err)
{
    if (view->planes > 1)
        return rn_fail(err, RN_E_FORMAT, "byte column %u has %u planes", view->spec.id,
                       view->planes);
    return plane_bytes(decoder, view, bytes, err);
}
