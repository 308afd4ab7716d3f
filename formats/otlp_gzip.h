/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952) of a request that is in memory, with libdeflate. Not thread-safe. */
#ifndef RN_OTLP_GZIP_H
#define RN_OTLP_GZIP_H

#include "buf.h"

struct rn_otlp_gzip;

struct rn_otlp_gzip *rn_otlp_gzip_new(int level); /* 1 fastest to 12; NULL: no memory */
void rn_otlp_gzip_free(struct rn_otlp_gzip *gzip);
/* Append `data` compressed to `out`. */
RN_MUST_CHECK enum rn_status rn_otlp_gzip_add(struct rn_otlp_gzip *gzip, const uint8_t *data,
                                              size_t size, struct rn_buf *out,
                                              struct rn_error *err);

#endif
