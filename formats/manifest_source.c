/* SPDX-License-Identifier: MIT */
/* What a merged recording was made of, in its manifest. */
#include "manifest_value.h"

#include <math.h>
#include <stdlib.h>

#define RATE_MIN 1e-6
#define RATE_MAX 1e9

static json_t *pieces_array(const struct rn_manifest_source *source)
{
    json_t *array;

    if (!source->pieces)
        return json_null();
    array = json_array();
    for (size_t i = 0; array && i < source->piece_count; i++) {
        const struct rn_clock_piece *piece = &source->pieces[i];
        json_t *object =
            json_pack("{s:o,s:o,s:f,s:o}", "raw", rn_json_u64(piece->raw), "merged",
                      rn_json_u64(piece->merged), "rate", piece->rate, "error_ns",
                      piece->error_ns == UINT64_MAX ? json_null() : rn_json_u64(piece->error_ns));

        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *rn_manifest_sources_array(const struct rn_manifest *manifest)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < manifest->source_count; i++) {
        const struct rn_manifest_source *source = &manifest->sources[i];
        json_t *object =
            json_pack("{s:o,s:I,s:I,s:I,s:I,s:o}", "manifest", rn_manifest_object(source->manifest),
                      "first_stream", (json_int_t)source->first_stream, "streams",
                      (json_int_t)source->streams, "queues", (json_int_t)source->queues, "host", (json_int_t)source->host, "pieces",
                      pieces_array(source));

        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static enum rn_status no_sense(struct rn_error *err, size_t number, const char *what)
{
    return rn_fail(err, RN_E_FORMAT, "source %zu of the manifest has no %s that makes sense",
                   number + 1, what);
}

static bool get_piece(const json_t *object, struct rn_clock_piece *piece)
{
    const json_t *rate = json_object_get(object, "rate");

    piece->raw = rn_json_get_u64(json_object_get(object, "raw"), 0);
    piece->merged = rn_json_get_u64(json_object_get(object, "merged"), 0);
    piece->rate = json_number_value(rate);
    piece->error_ns = rn_json_get_u64(json_object_get(object, "error_ns"), UINT64_MAX);
    return json_is_number(rate) && piece->rate >= RATE_MIN && piece->rate <= RATE_MAX;
}

static enum rn_status get_pieces(const json_t *array, struct rn_manifest_source *source,
                                 size_t number, struct rn_error *err)
{
    size_t count = json_array_size(array);

    if (json_is_null(array))
        return RN_OK;
    if (count == 0 || count > RN_MANIFEST_MAX_PIECES)
        return no_sense(err, number, "list of clock pieces");
    source->pieces = calloc(count, sizeof *source->pieces);
    if (!source->pieces)
        return rn_fail(err, RN_E_NOMEM, "no memory for a manifest");
    source->piece_count = count;
    for (size_t i = 0; i < count; i++) {
        struct rn_clock_piece *piece = &source->pieces[i];

        if (!get_piece(json_array_get(array, i), piece) ||
            (i && (piece->raw <= piece[-1].raw || piece->merged < piece[-1].merged)))
            return no_sense(err, number, "clock pieces");
    }
    return RN_OK;
}

static enum rn_status get_source(const json_t *object, struct rn_manifest *manifest,
                                 uint64_t *next_stream, struct rn_error *err)
{
    size_t number = manifest->source_count;
    struct rn_manifest_source *source = &manifest->sources[number];
    uint64_t first = rn_json_get_u64(json_object_get(object, "first_stream"), UINT64_MAX);
    uint64_t streams = rn_json_get_u64(json_object_get(object, "streams"), 0);
    uint64_t queues = rn_json_get_u64(json_object_get(object, "queues"), 0);
    uint64_t host = rn_json_get_u64(json_object_get(object, "host"), UINT64_MAX);
    const json_t *own = json_object_get(object, "manifest");
    enum rn_status status;

    manifest->source_count++;
    if (first < *next_stream || streams == 0 || streams > UINT32_MAX ||
        first > UINT32_MAX - streams || queues >= streams)
        return no_sense(err, number, "streams");
    if (host > number)
        return no_sense(err, number, "host");
    *next_stream = first + streams;
    source->first_stream = (uint32_t)first;
    source->streams = (uint32_t)streams;
    source->queues = (uint32_t)queues;
    source->host = (uint32_t)host;
    source->manifest = calloc(1, sizeof *source->manifest);
    if (!source->manifest)
        return rn_fail(err, RN_E_NOMEM, "no memory for a manifest");
    if (json_object_get(own, "sources")) /* also keeps the nesting flat */
        return no_sense(err, number, "manifest");
    status = rn_manifest_from_object(own, source->manifest, err);
    return status == RN_OK ? get_pieces(json_object_get(object, "pieces"), source, number, err)
                           : status;
}

enum rn_status rn_manifest_get_sources(const json_t *array, struct rn_manifest *manifest,
                                       struct rn_error *err)
{
    size_t count = json_array_size(array);
    uint64_t next_stream = 1;
    enum rn_status status = RN_OK;

    if (count == 0 || count > RN_MANIFEST_MAX_SOURCES)
        return rn_fail(err, RN_E_FORMAT,
                       "a merged recording of %zu sources is over the limit of %u", count,
                       RN_MANIFEST_MAX_SOURCES);
    manifest->sources = calloc(count, sizeof *manifest->sources);
    if (!manifest->sources)
        return rn_fail(err, RN_E_NOMEM, "no memory for a manifest");
    for (size_t i = 0; i < count && status == RN_OK; i++)
        status = get_source(json_array_get(array, i), manifest, &next_stream, err);
    return status;
}
