/* SPDX-License-Identifier: MIT */
/* An event that is made of a span of rn-export-otlp; shared by otlp_read_own.c and the files that
 * read its stream, its fields, and its system call. */
#ifndef RN_OTLP_OWN_H
#define RN_OTLP_OWN_H

#include "otlp_read_private.h"

#define OTLP_OWN_ATTACHMENTS 16u
#define OTLP_OWN_HISTOGRAM   65u /* pairs */

struct otlp_own {
    struct rn_otlp_read *read;
    const struct rn_otlp_facts *facts;
    struct rn_event event;
    struct rn_attachment attachments[OTLP_OWN_ATTACHMENTS];
    uint8_t histogram[16 * OTLP_OWN_HISTOGRAM];
    uint8_t build_id[64];
    struct rn_buf strings; /* of argv; its place must not change once it is attached */
    struct rn_buf source;
};

void otlp_own_attach(struct otlp_own *own, uint8_t type, uint8_t arg, const void *data,
                     size_t size);
bool otlp_begins(const struct rn_otlp_text *text, const char *word);
/* An integer; 0 where there is none. */
uint64_t otlp_own_number(const struct rn_otlp_facts *facts, const char *key);

/* The stream of the event. `outer`: the attributes of the span that a moment is in; NULL for a
 * span. */
enum rn_status otlp_own_find_stream(struct otlp_own *own, const struct rn_otlp_facts *outer,
                                    struct rn_error *err);
/* A fork names its child by the number that it had. */
enum rn_status otlp_own_take_child(struct otlp_own *own, struct rn_error *err);

/* All rn.KIND.FIELD of the event's kind. */
void otlp_own_take_fields(struct otlp_own *own);

/* Which call a name is, in the ABI that is told. */
bool otlp_own_find_call(const struct otlp_own *own, const struct rn_otlp_text *name, uint64_t *abi,
                        uint64_t *nr);
void otlp_own_take_call(struct otlp_own *own);

#endif
