/* SPDX-License-Identifier: MIT */
/* OTLP as JSON (the file exporter's form, opentelemetry-specification "OTLP File Exporter"): one
 * TracesData a line, names in lowerCamelCase, ids as hexadecimal digits, enumerations as numbers,
 * 64-bit integers as strings. */
#ifndef RN_OTLP_JSON_H
#define RN_OTLP_JSON_H

#include "buf.h"

/* Append the TracesData of the bytes as one line. RN_E_FORMAT where they are none. */
RN_MUST_CHECK enum rn_status rn_otlp_json_line(const uint8_t *data, size_t size, struct rn_buf *out,
                                               struct rn_error *err);

/* One encoded span (rn_otlp_span_encode) in a few words, for a message: its id, its name, and which
 * event it is of. */
RN_MUST_CHECK enum rn_status rn_otlp_span_describe(const uint8_t *data, size_t size,
                                                   struct rn_buf *out, struct rn_error *err);

#endif
