/* SPDX-License-Identifier: MIT */
#include "otlp_gzip.h"

#include <libdeflate.h>
#include <stdlib.h>

struct rn_otlp_gzip {
    struct libdeflate_compressor *compressor;
};

struct rn_otlp_gzip *rn_otlp_gzip_new(int level)
{
    struct rn_otlp_gzip *gzip = calloc(1, sizeof *gzip);

    if (gzip)
        gzip->compressor = libdeflate_alloc_compressor(level);
    if (gzip && gzip->compressor)
        return gzip;
    free(gzip);
    return NULL;
}

void rn_otlp_gzip_free(struct rn_otlp_gzip *gzip)
{
    if (gzip)
        libdeflate_free_compressor(gzip->compressor);
    free(gzip);
}

enum rn_status rn_otlp_gzip_add(struct rn_otlp_gzip *gzip, const uint8_t *data, size_t size,
                                struct rn_buf *out, struct rn_error *err)
{
    size_t room = libdeflate_gzip_compress_bound(gzip->compressor, size);
    uint8_t *to = rn_buf_reserve(out, room);
    size_t written = to ? libdeflate_gzip_compress(gzip->compressor, data, size, to, room) : 0;

    if (!written)
        return rn_fail(err, RN_E_NOMEM, "no memory to compress %zu bytes", size);
    out->size += written;
    return RN_OK;
}
