/* SPDX-License-Identifier: MIT */
/* Between otlp_json_read.c, which has the lines, and otlp_json_span.c, which reads what is in them.
 */
#ifndef RN_OTLP_JSON_PRIVATE_H
#define RN_OTLP_JSON_PRIVATE_H

#include "json_cursor.h"
#include "otlp_pool.h"

/* A member by either of its names: as JSON has it, and as the .proto file has it. */
bool rn_otlp_json_key(const struct rn_json_text *key, const char *camel, const char *snake);
bool rn_otlp_json_null(struct rn_json *json);
bool rn_otlp_json_text(struct rn_json *json, struct rn_otlp_text *to);

/* All return false where json->wrong says what is wrong. */
bool rn_otlp_json_facts(struct rn_json *json, struct rn_otlp_pool *pool);
/* The span at hand; what it points to is in the pool. json->odd: what of it makes no sense. */
bool rn_otlp_json_span(struct rn_json *json, struct rn_otlp_pool *pool,
                       struct rn_otlp_read_span *span);

extern const struct rn_otlp_form rn_otlp_json_form;

#endif
