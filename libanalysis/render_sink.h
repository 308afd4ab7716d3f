/* SPDX-License-Identifier: MIT */
/* Values, lists and structs on their way into text or JSON: what is said about a call is said once,
 * and comes out as `{tv_sec=1, tv_nsec=0}` or as {"tv_sec":1,"tv_nsec":0}. Separators are the
 * sink's business. Private to the render files. */
#ifndef RN_RENDER_SINK_H
#define RN_RENDER_SINK_H

#include "formats/buf.h"
#include "formats/xlat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rn_sink {
    struct rn_buf *out;
    bool json;
    bool separate; /* a separator is due before the next element */
    uint32_t string_limit;
};

void rn_sink_open(struct rn_sink *sink, char bracket);
void rn_sink_close(struct rn_sink *sink, char bracket);
/* The name of the value that follows: name= or "name":. */
void rn_sink_name(struct rn_sink *sink, const char *name);

/* JSON: numbers beyond 2^53 and addresses become strings, symbols too. */
void rn_sink_signed(struct rn_sink *sink, int64_t value);
void rn_sink_unsigned(struct rn_sink *sink, uint64_t value);
/* The bits of a double: 15 digits in text, all in JSON, where what is no number is a string. */
void rn_sink_real(struct rn_sink *sink, uint64_t bits);
void rn_sink_hex(struct rn_sink *sink, uint64_t value);     /* 0 is "0" */
void rn_sink_pointer(struct rn_sink *sink, uint64_t value); /* 0 is NULL, null */
void rn_sink_octal(struct rn_sink *sink, uint64_t value);   /* at least three digits */
void rn_sink_bool(struct rn_sink *sink, bool value);
void rn_sink_null(struct rn_sink *sink);
void rn_sink_symbol(struct rn_sink *sink, const char *name);
void rn_sink_flags(struct rn_sink *sink, unsigned xlat, uint64_t value);
void rn_sink_enum(struct rn_sink *sink, unsigned xlat, uint64_t value);
/* Characters of the program, quoted and escaped; at most string_limit of them in text. `more`:
 * there was more than is here. JSON: see rn_escape_json. */
void rn_sink_string(struct rn_sink *sink, const uint8_t *data, size_t size, bool more);
void rn_sink_path(struct rn_sink *sink, const uint8_t *data, size_t size,
                  bool more); /* never cut */
/* Bytes that may be no text: as rn_sink_string in text, always hexadecimal digits in JSON. */
void rn_sink_bytes(struct rn_sink *sink, const uint8_t *data, size_t size, bool more);
/* A C string of our own. */
void rn_sink_text(struct rn_sink *sink, const char *text);

/* htons(80) in text, 80 in JSON: the value comes between the two. */
void rn_sink_call(struct rn_sink *sink, const char *function);
void rn_sink_call_end(struct rn_sink *sink);

/* Text before the value that follows, as part of it: ~[INT]. */
void rn_sink_prefix(struct rn_sink *sink, const char *text);
/* Between two values of one element in text: no separator. */
void rn_sink_raw(struct rn_sink *sink, const char *text);

/* name=value. */
static inline void rn_sink_field(struct rn_sink *sink, const char *name, int64_t value)
{
    rn_sink_name(sink, name);
    rn_sink_signed(sink, value);
}

/* Raw bytes of a struct of the program; reading beyond the end gives zeros. Little-endian, as all
 * ABIs known here are. */
struct rn_bytes {
    const uint8_t *data;
    size_t size;
};

uint64_t rn_bytes_get(struct rn_bytes bytes, size_t offset, size_t width);
int64_t rn_bytes_signed(struct rn_bytes bytes, size_t offset, size_t width);
struct rn_bytes rn_bytes_slice(struct rn_bytes bytes, size_t offset, size_t size);

#endif
