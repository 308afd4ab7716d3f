/* SPDX-License-Identifier: MIT */
/* What spans of OpenTelemetry become in a recording, whatever form they come in: otlp_json_read.c
 * and otlp_proto_read.c hand them over span by span.
 *
 * A span that rn-export-otlp made of an event becomes that event again, as far as it says what the
 * event was (otlp_read_own.c). Any other becomes a span: on a thread where process.pid and
 * thread.id name one, else on a track of its resource. Its events become moments, its links arrows.
 *
 * Memory: some hundred bytes a thread or track, and 1.3 MiB for spans that links may point to. */
#ifndef RN_OTLP_READ_H
#define RN_OTLP_READ_H

#include "formats/otlp_encode.h"
#include "import.h"

#define RN_OTLP_FACTS_MAX 65536u /* attributes, events or links of a span */

enum rn_otlp_value_type {
    RN_OTLP_VALUE_NONE,
    RN_OTLP_VALUE_TEXT,
    RN_OTLP_VALUE_INT,
    RN_OTLP_VALUE_REAL,
    RN_OTLP_VALUE_FLAG,
    RN_OTLP_VALUE_NESTED, /* an array, map or bytes: `text` is how the form at hand writes it */
};
struct rn_otlp_value {
    enum rn_otlp_value_type type;
    struct rn_otlp_text text;
    union {
        int64_t number;
        double real;
        bool flag;
    } u;
};
/* An attribute. */
struct rn_otlp_fact {
    struct rn_otlp_text key;
    struct rn_otlp_value value;
};
struct rn_otlp_facts {
    const struct rn_otlp_fact *items;
    size_t count;
};

struct rn_otlp_moment {
    uint64_t ns;
    struct rn_otlp_text name;
    struct rn_otlp_facts facts;
};
struct rn_otlp_link {
    uint64_t trace_high, trace_low, id;
    bool has_facts;
};

/* All is borrowed. */
struct rn_otlp_read_span {
    uint64_t trace_high, trace_low, id, parent;
    uint64_t start_ns, end_ns;
    uint64_t kind, status;
    struct rn_otlp_text trace_state, name, message;
    struct rn_otlp_facts facts;
    const struct rn_otlp_moment *moments;
    size_t moment_count;
    const struct rn_otlp_link *links;
    size_t link_count;
    uint64_t dropped; /* attributes, events and links that the sender says are missing */
};

/* What a form does with its nested values. Both append; false: it makes no sense. */
struct rn_otlp_form {
    bool (*put_json)(const struct rn_otlp_text *nested, struct rn_buf *out);
    /* The strings of an array, each with a NUL behind it. */
    bool (*put_strings)(const struct rn_otlp_text *nested, struct rn_buf *out);
};

struct rn_otlp_read;
struct rn_otlp_read *rn_otlp_read_new(struct rn_import *import, const struct rn_otlp_form *form);
void rn_otlp_read_free(struct rn_otlp_read *read); /* accepts NULL */

/* Of the spans that follow. */
RN_MUST_CHECK enum rn_status rn_otlp_read_resource(struct rn_otlp_read *read,
                                                   const struct rn_otlp_facts *facts,
                                                   struct rn_error *err);
void rn_otlp_read_scope(struct rn_otlp_read *read, const struct rn_otlp_text *name,
                        const struct rn_otlp_text *version);
/* *wrong: NULL, or what of the span makes no sense. */
RN_MUST_CHECK enum rn_status rn_otlp_read_add(struct rn_otlp_read *read,
                                              const struct rn_otlp_read_span *span,
                                              const char **wrong, struct rn_error *err);
void rn_otlp_read_finish(struct rn_otlp_read *read); /* tells what was left out */

bool rn_otlp_text_is(const struct rn_otlp_text *text, const char *word);
/* Of a key; NULL none. */
const struct rn_otlp_value *rn_otlp_fact(const struct rn_otlp_facts *facts, const char *key);

#endif
