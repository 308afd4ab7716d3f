/* SPDX-License-Identifier: MIT */
/* A span of OTLP in protobuf, and what is around it. Private to otlp_proto_*.c. */
#ifndef RN_OTLP_PROTO_SPAN_H
#define RN_OTLP_PROTO_SPAN_H

#include "otlp_pool.h"
#include "otlp_wire_read.h"

#define RN_OTLP_NESTING 16u /* values of attributes within each other */

/* The attributes that are field `number` of the message, onto the pool. False: it makes no sense.
 */
bool rn_otlp_proto_facts(struct rn_wire message, unsigned number, struct rn_otlp_pool *pool);
/* NULL, or what is wrong. What the span points to is in the pool and in the message. */
const char *rn_otlp_proto_span(struct rn_wire message, struct rn_otlp_pool *pool,
                               struct rn_otlp_read_span *span);

extern const struct rn_otlp_form rn_otlp_proto_form;

#endif
