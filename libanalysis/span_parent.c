/* SPDX-License-Identifier: MIT */
#include "span_parent.h"

#include <string.h>

/* version, trace, span, flags */
enum { VERSION = 0, TRACE = 3, SPAN = 36, FLAGS = 53, SIZE = 55 };

/* Lower case only, as the specification wants it. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, size_t bytes, uint8_t *out)
{
    uint8_t any = 0;

    for (size_t i = 0; i < bytes; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        any |= out[i];
    }
    return any != 0;
}

bool rn_span_parent_parse(const char *text, size_t size, uint8_t trace_id[16], uint64_t *span_id)
{
    uint8_t trace[16], span[8];
    uint64_t id = 0;

    /* A later version may have more behind the flags. */
    if (size < SIZE || (size > SIZE && (text[SIZE] != '-' || !memcmp(text, "00", 2))) ||
        !memcmp(text, "ff", 2) || digit(text[0]) < 0 || digit(text[1]) < 0 ||
        text[TRACE - 1] != '-' || text[SPAN - 1] != '-' || text[FLAGS - 1] != '-' ||
        digit(text[FLAGS]) < 0 || digit(text[FLAGS + 1]) < 0 ||
        !read_hex(text + TRACE, 16, trace) || !read_hex(text + SPAN, 8, span))
        return false;
    for (unsigned i = 0; i < 8; i++)
        id = id << 8 | span[i];
    memcpy(trace_id, trace, 16);
    *span_id = id;
    return true;
}
