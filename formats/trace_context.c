/* SPDX-License-Identifier: MIT */
#include "trace_context.h"

#include <stdio.h>
#include <string.h>

/* version, trace, span, flags */
enum { TRACE = 3, SPAN = 36, FLAGS = 53, SIZE = 55 };
enum { KEY_MAX = 256, VALUE_MAX = 256 };

/* Lower case only, as the specification wants it. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A later version may have more behind the flags. */
static bool has_form(const char *text, size_t size)
{
    uint8_t version;

    return size >= SIZE && read_hex(text, 1, &version) && version != 0xff &&
           (size == SIZE || (version > 0 && text[SIZE] == '-')) && text[TRACE - 1] == '-' &&
           text[SPAN - 1] == '-' && text[FLAGS - 1] == '-';
}

bool rn_trace_parent_parse(const char *text, size_t size, struct rn_trace_parent *parent)
{
    struct rn_trace_parent read = {.span_id = 0};
    uint8_t span[8], any = 0;

    if (!has_form(text, size) || !read_hex(text + TRACE, 16, read.trace_id) ||
        !read_hex(text + SPAN, 8, span) || !read_hex(text + FLAGS, 1, &read.flags))
        return false;
    for (unsigned i = 0; i < 16; i++)
        any |= read.trace_id[i];
    for (unsigned i = 0; i < 8; i++)
        read.span_id = read.span_id << 8 | span[i];
    if (!any || !read.span_id)
        return false;
    *parent = read;
    return true;
}

void rn_trace_parent_format(const struct rn_trace_parent *parent, char out[RN_TRACE_PARENT_SIZE])
{
    int at = snprintf(out, RN_TRACE_PARENT_SIZE, "00-");

    for (unsigned i = 0; i < 16; i++)
        at += snprintf(out + at, RN_TRACE_PARENT_SIZE - (size_t)at, "%02x", parent->trace_id[i]);
    snprintf(out + at, RN_TRACE_PARENT_SIZE - (size_t)at, "-%016llx-%02x",
             (unsigned long long)parent->span_id,
             parent->flags & (RN_TRACE_FLAG_SAMPLED | RN_TRACE_FLAG_RANDOM));
}

struct member {
    const char *key, *value;
    size_t key_size, value_size;
};

/* "key" or "tenant@system"; level 2 does not tell them apart any more, nor does this. */
static bool is_key(const char *text, size_t size)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    if (size == 0 || size > KEY_MAX || !memchr(first, text[0], sizeof first - 1))
        return false;
    for (size_t i = 1; i < size; i++)
        if (!memchr(first, text[i], sizeof first - 1) && !memchr("_-*/@", text[i], 5))
            return false;
    return true;
}

/* Printable ASCII without comma and equals sign. Blanks at its end are not part of it. */
static bool is_value(const char *text, size_t size)
{
    if (size == 0 || size > VALUE_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '=')
            return false;
    return true;
}

static bool split_member(const char *text, size_t size, struct member *member)
{
    const char *equals = memchr(text, '=', size);

    if (!equals)
        return false;
    member->key = text;
    member->key_size = (size_t)(equals - text);
    member->value = equals + 1;
    member->value_size = size - member->key_size - 1;
    return is_key(member->key, member->key_size) && is_value(member->value, member->value_size);
}

static bool is_known(const struct member *members, size_t count, const struct member *member)
{
    for (size_t i = 0; i < count; i++)
        if (members[i].key_size == member->key_size &&
            memcmp(members[i].key, member->key, member->key_size) == 0)
            return true;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *size)
{
    while (*size && is_blank((*text)[0])) {
        (*text)++;
        (*size)--;
    }
    while (*size && is_blank((*text)[*size - 1]))
        (*size)--;
}

const char *rn_trace_state_fault(const char *text, size_t size)
{
    struct member members[RN_TRACE_STATE_MEMBERS];
    size_t count = 0;

    if (size > RN_TRACE_STATE_MAX)
        return "it is too long";
    for (const char *end = text + size; text < end;) {
        const char *comma = memchr(text, ',', (size_t)(end - text)), *item = text;
        size_t length = (size_t)((comma ? comma : end) - text);

        text += length + 1;
        trim(&item, &length);
        if (length == 0)
            continue;
        if (count == RN_TRACE_STATE_MEMBERS)
            return "it has more than 32 members";
        if (!split_member(item, length, &members[count]))
            return "a member is not key=value";
        if (is_known(members, count, &members[count]))
            return "a key is in it twice";
        count++;
    }
    return count ? NULL : "it has no members";
}
