/* SPDX-License-Identifier: MIT */
/* JSON (RFC 8259) as a tree, for a library that needs no other one. Memory: the text and 40 bytes a
 * value; text of at most BACKEND_JSON_MAX bytes, nested at most BACKEND_JSON_DEPTH deep. */
#ifndef RN_BACKEND_JSON_H
#define RN_BACKEND_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKEND_JSON_MAX   (16u << 20)
#define BACKEND_JSON_DEPTH 32u

enum backend_json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct backend_json_value {
    uint8_t type;
    uint32_t first, next; /* child, sibling; 0: none */
    const char *key;      /* in an object */
    const char *text;     /* STRING, ends with zero; one that holds a zero is refused */
    double number;
};

struct backend_json {
    char *text;
    struct backend_json_value *values; /* 0 is the document */
    uint32_t count, room;
    const char *problem; /* where parsing failed: what is wrong, and where */
    size_t offset;
};

/* False: see problem; or NULL there, for lack of memory. Free it in any case. */
bool backend_json_parse(struct backend_json *json, const char *text, size_t size);
void backend_json_free(struct backend_json *json);

/* NULL where `of` is NULL, no object, or has no such member. */
const struct backend_json_value *backend_json_member(const struct backend_json *json,
                                                     const struct backend_json_value *of,
                                                     const char *key);
const struct backend_json_value *backend_json_first(const struct backend_json *json,
                                                    const struct backend_json_value *of);
const struct backend_json_value *backend_json_next(const struct backend_json *json,
                                                   const struct backend_json_value *of);
/* "" and 0 where it is none. */
const char *backend_json_string(const struct backend_json_value *value);
uint64_t backend_json_whole(const struct backend_json_value *value);

#endif
