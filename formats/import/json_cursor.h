/* SPDX-License-Identifier: MIT */
/* JSON that lies in memory as a whole, read value by value as the caller asks for them: nothing is
 * built, so that a line of 16 MiB needs no more than that. Strings are unescaped where they lie,
 * which changes the bytes: a string is read once, and what holds it is not skipped afterwards.
 *
 * The text is hostile: nesting is limited, and the first thing that is wrong ends it; every
 * function then returns false. So a loop needs no check but the one behind it. Grammar: RFC 8259.
 */
#ifndef RN_JSON_CURSOR_H
#define RN_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_JSON_DEPTH 64u

struct rn_json {
    char *at, *begin, *end;
    unsigned depth;
    bool first;        /* nothing of the innermost object or array was read yet */
    const char *wrong; /* NULL: nothing so far; else it is at `at` */
    /* For the caller: what is good JSON but not what it should be, and where. Reading goes on. */
    const char *odd, *odd_at;
};

/* Not terminated; any bytes, NUL among them. */
struct rn_json_text {
    char *data;
    size_t size;
};

void rn_json_begin(struct rn_json *json, char *data, size_t size);

/* The first character of the next value, which stays; 0 at the end. */
char rn_json_peek(struct rn_json *json);

/* Go into an object, and on to its next member: its value must then be read, or skipped. False at
 * its end, which is consumed. The same for an array. */
bool rn_json_object(struct rn_json *json);
bool rn_json_member(struct rn_json *json, struct rn_json_text *key);
bool rn_json_array(struct rn_json *json);
bool rn_json_element(struct rn_json *json);

bool rn_json_string(struct rn_json *json, struct rn_json_text *text);
/* A number, true, false or null, as it is written; or what is in a string, as protobuf's mapping
 * writes 64-bit integers. */
bool rn_json_scalar(struct rn_json *json, struct rn_json_text *text);
/* Over any value; *text (or NULL): its extent. */
bool rn_json_skip(struct rn_json *json, struct rn_json_text *text);

/* Say what is wrong, unless something was already. Returns false. */
bool rn_json_fail(struct rn_json *json, const char *what);

/* The same for what is only odd; the first counts. Returns true. */
bool rn_json_odd(struct rn_json *json, const char *what);

bool rn_json_is(const struct rn_json_text *text, const char *word);
/* Decimal, with a sign where it is signed; false for what is none or has no room. */
bool rn_json_unsigned(const struct rn_json_text *text, uint64_t *value);
bool rn_json_signed(const struct rn_json_text *text, int64_t *value);

#endif
