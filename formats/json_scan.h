/* SPDX-License-Identifier: MIT */
/* JSON as other tools write it, looked at in place: values are stretches of the text, nothing is
 * built. For files of gigabytes whose objects are looked at one by one, and for text that must be
 * made strict JSON before it goes out.
 *
 * More is taken than JSON is: NaN and Infinity, control characters in strings, bytes that are no
 * UTF-8. rn_scan_compact makes strict JSON of it. Not thread-safe where a buffer is shared. */
#ifndef RN_JSON_SCAN_H
#define RN_JSON_SCAN_H

#include "buf.h"

#define RN_SCAN_DEPTH 128u /* values in each other */

enum rn_scan_type {
    RN_JSON_NONE = 0, /* not there */
    RN_JSON_STRING,
    RN_JSON_NUMBER, /* also NaN, Infinity */
    RN_JSON_OBJECT,
    RN_JSON_ARRAY,
    RN_JSON_TRUE,
    RN_JSON_FALSE,
    RN_JSON_NULL,
};

/* A stretch of the text: of a string without its quotes, of an object or array with its brackets.
 */
struct rn_scan_value {
    const char *data;
    size_t size;
    uint8_t type; /* enum rn_scan_type */
    bool escaped; /* of a string: it has backslashes */
};

struct rn_scan_text {
    const char *at, *end;
    const char *why; /* what is wrong at `at`, a constant text; NULL: the text ends too early */
    bool begun;      /* an item of the object or array was read */
};

/* Behind blanks, tabs and ends of lines. */
void rn_scan_space(struct rn_scan_text *text);
/* The string at text->at (a quote), or the value there. False, with text->why set: it makes no
 * sense at text->at, or the text ends in it. What is within brackets is only counted. */
bool rn_scan_string(struct rn_scan_text *text, struct rn_scan_value *value);
bool rn_scan_value(struct rn_scan_text *text, struct rn_scan_value *value);

/* Members of an object one by one: text->at is behind its '{' (and `begun` false), or behind a
 * value of it. 1: one more; 0: text->at is behind the '}'; -1: as false above. */
int rn_scan_member(struct rn_scan_text *text, struct rn_scan_value *key,
                   struct rn_scan_value *value);
/* The same for an array and its values. */
int rn_scan_element(struct rn_scan_text *text, struct rn_scan_value *value);
/* The text within the brackets of an object or array that was scanned, for the two above; empty where
 * there was none. */
struct rn_scan_text rn_scan_inside(const struct rn_scan_value *value);

/* Of a string without escapes, or of a number, true or false: what is written there. */
static inline bool rn_scan_is(const struct rn_scan_value *value, const char *text)
{
    size_t size = strlen(text);

    return value->size == size && !value->escaped && memcmp(value->data, text, size) == 0;
}

/* Append what a string says, as UTF-8. Returns how many halves of surrogate pairs stand alone in
 * it; each became U+FFFD. */
uint64_t rn_scan_unescape(struct rn_buf *out, const struct rn_scan_value *string);

/* A decimal number, or a string of one, times 10^scale, exactly; what is left behind that is
 * rounded to the nearest, halves away from 0. False: it is none, or not within (-2^62, 2^62). */
bool rn_scan_decimal(const struct rn_scan_value *value, int scale, int64_t *out);
/* A whole number from 0 to 2^64 - 1, decimal or (in a string) "0x..."; false for anything else. */
bool rn_scan_u64(const struct rn_scan_value *value, uint64_t *out);
/* A number, also one in a string, NaN and Infinity. */
bool rn_scan_double(const struct rn_scan_value *value, double *out);

struct rn_scan_changes {
    uint64_t numbers; /* NaN, Infinity and others that are no JSON: as strings */
    uint64_t bytes;   /* that are no UTF-8: as "\xNN" */
    bool cut;         /* members over the limit were left out */
};
/* Append a value as strict JSON without blanks; members of an object beyond `limit` bytes are left
 * out. False: it makes no sense, and nothing is appended. Adds to *changes. */
bool rn_scan_compact(struct rn_buf *out, const struct rn_scan_value *value, size_t limit,
                     struct rn_scan_changes *changes);
/* Append any bytes as the string of strict JSON, with its quotes; what is no UTF-8 as \xNN, which
 * reads as these four characters. Returns how many bytes that were. */
uint64_t rn_scan_quote(struct rn_buf *out, const char *data, size_t size);

#endif
