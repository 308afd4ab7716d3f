/* SPDX-License-Identifier: MIT */
#include "escape.h"
#include "json_scan.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

static void put_utf8(struct rn_buf *out, uint32_t code)
{
    if (code < 0x80) {
        rn_buf_byte(out, (uint8_t)code);
    } else if (code < 0x800) {
        rn_buf_byte(out, (uint8_t)(0xc0 | code >> 6));
        rn_buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        rn_buf_byte(out, (uint8_t)(0xe0 | code >> 12));
        rn_buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        rn_buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        rn_buf_byte(out, (uint8_t)(0xf0 | code >> 18));
        rn_buf_byte(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        rn_buf_byte(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        rn_buf_byte(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* The four digits of \uNNNN at `at`; -1: there are none. */
static int32_t code_unit(const char *at, const char *end)
{
    int32_t code = 0;

    if (end - at < 4)
        return -1;
    for (unsigned i = 0; i < 4; i++) {
        int digit = rn_hex_digit(at[i]);

        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* At the digits behind "\u"; returns where it goes on. A character outside of the first plane is
 * two units. */
static const char *put_unit(struct rn_buf *out, const char *at, const char *end, uint64_t *alone)
{
    int32_t high = code_unit(at, end), low;

    if (high < 0) { /* no escape: what stands there is taken as it is */
        rn_buf_text(out, "\\u");
        return at;
    }
    at += 4;
    if (high < 0xd800 || high > 0xdfff) {
        put_utf8(out, (uint32_t)high);
        return at;
    }
    low = high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? code_unit(at + 2, end)
                                                                          : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        put_utf8(out, 0xfffd);
        ++*alone;
        return at;
    }
    put_utf8(out, 0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
    return at + 6;
}

static char escaped_byte(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

uint64_t rn_scan_unescape(struct rn_buf *out, const struct rn_scan_value *string)
{
    const char *at = string->data, *end = at + string->size;
    uint64_t alone = 0;

    while (at < end) {
        const char *special = memchr(at, '\\', (size_t)(end - at));

        if (!special || end - special < 2) {
            rn_buf_append(out, at, (size_t)(end - at));
            break;
        }
        rn_buf_append(out, at, (size_t)(special - at));
        at = special + 2;
        if (special[1] == 'u')
            at = put_unit(out, at, end, &alone);
        else
            rn_buf_byte(out, (uint8_t)escaped_byte(special[1]));
    }
    return alone;
}

/* Bytes that stand for themselves in a JSON string: printable ASCII but quote and backslash. */
static size_t plain_bytes(const char *data, size_t size)
{
    size_t at = 0;

    while (size - at >= 8) {
        uint64_t word, quote, backslash, low;

        memcpy(&word, data + at, 8);
        quote = word ^ 0x2222222222222222ull;
        backslash = word ^ 0x5c5c5c5c5c5c5c5cull;
        low = (word - 0x2020202020202020ull) & ~word;
        if ((((quote - 0x0101010101010101ull) & ~quote) |
             ((backslash - 0x0101010101010101ull) & ~backslash) | low | word) &
            0x8080808080808080ull)
            break;
        at += 8;
    }
    while (at < size && (uint8_t)data[at] >= 0x20 && (uint8_t)data[at] < 0x80 && data[at] != '"' &&
           data[at] != '\\')
        at++;
    return at;
}

static void put_control(struct rn_buf *out, uint8_t byte)
{
    char text[6] = {'\\', 'u', '0', '0', hex_digits[byte >> 4], hex_digits[byte & 15]};

    rn_buf_append(out, text, sizeof text);
}

/* A byte of 0x80 or more: the character that begins there; or "\xNN", written so that a parser
 * reads a backslash. Returns its length. */
static size_t put_wide(struct rn_buf *out, const char *data, size_t size, uint64_t *bytes)
{
    size_t length = rn_utf8_length((const uint8_t *)data, size);
    uint8_t byte = (uint8_t)*data;
    char text[5] = {'\\', '\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15]};

    if (length) {
        rn_buf_append(out, data, length);
        return length;
    }
    rn_buf_append(out, text, sizeof text);
    ++*bytes;
    return 1;
}

uint64_t rn_scan_quote(struct rn_buf *out, const char *data, size_t size)
{
    uint64_t bytes = 0;

    rn_buf_byte(out, '"');
    for (size_t at = 0; at < size;) {
        size_t plain = plain_bytes(data + at, size - at);

        rn_buf_append(out, data + at, plain);
        at += plain;
        if (at == size)
            break;
        if (data[at] == '"' || data[at] == '\\') {
            rn_buf_byte(out, '\\');
            rn_buf_byte(out, (uint8_t)data[at++]);
        } else if ((uint8_t)data[at] < 0x20) {
            put_control(out, (uint8_t)data[at++]);
        } else {
            at += put_wide(out, data + at, size - at, &bytes);
        }
    }
    rn_buf_byte(out, '"');
    return bytes;
}

struct copy {
    struct rn_buf *out;
    struct rn_scan_changes *changes;
    size_t limit; /* size of *out from which on members of the outermost object are left out */
    unsigned depth;
};

/* What stands behind a backslash: kept where it is an escape of JSON, and made one where not. */
static size_t copy_escape(struct copy *copy, const char *at, const char *end)
{
    char letter = end - at > 1 ? at[1] : '\0';

    if (letter == 'u') {
        int32_t unit = code_unit(at + 2, end);
        bool pair = unit >= 0xd800 && unit < 0xdc00 && end - at >= 12 && at[6] == '\\' &&
                    at[7] == 'u' && (code_unit(at + 8, end) & 0xfc00) == 0xdc00;

        if (pair || (unit >= 0 && (unit & 0xf800) != 0xd800)) {
            rn_buf_append(copy->out, at, pair ? 12 : 6);
            return pair ? 12 : 6;
        }
        if (unit >= 0) {
            rn_buf_text(copy->out, "\\ufffd");
            copy->changes->bytes++;
            return 6;
        }
    } else if (letter && strchr("\"\\/bfnrt", letter)) {
        rn_buf_append(copy->out, at, 2);
        return 2;
    }
    rn_buf_text(copy->out, "\\\\");
    return 1;
}

static void copy_string(struct copy *copy, const struct rn_scan_value *string)
{
    const char *at = string->data, *end = at + string->size;

    rn_buf_byte(copy->out, '"');
    /* What is over the limit is left out in any case. */
    while (at < end && copy->out->size <= copy->limit) {
        size_t plain = plain_bytes(at, (size_t)(end - at));

        rn_buf_append(copy->out, at, plain);
        at += plain;
        if (at == end)
            break;
        if (*at == '\\')
            at += copy_escape(copy, at, end);
        else if ((uint8_t)*at < 0x20)
            put_control(copy->out, (uint8_t)*at++);
        else
            at += put_wide(copy->out, at, (size_t)(end - at), &copy->changes->bytes);
    }
    rn_buf_byte(copy->out, '"');
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool is_strict_number(const struct rn_scan_value *value)
{
    const char *at = value->data, *end = at + value->size, *digits;

    at += at < end && *at == '-';
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at > digits + 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

static void copy_number(struct copy *copy, const struct rn_scan_value *value)
{
    bool strict = is_strict_number(value);

    if (!strict) {
        copy->changes->numbers++;
        rn_buf_byte(copy->out, '"');
    }
    rn_buf_append(copy->out, value->data, value->size);
    if (!strict)
        rn_buf_byte(copy->out, '"');
}

static bool copy_value(struct copy *copy, const struct rn_scan_value *value);

static bool copy_array(struct copy *copy, const struct rn_scan_value *array)
{
    struct rn_scan_text text = rn_scan_inside(array);
    struct rn_scan_value value;
    bool first = true;
    int more;

    rn_buf_byte(copy->out, '[');
    while ((more = rn_scan_element(&text, &value)) == 1) {
        if (!first)
            rn_buf_byte(copy->out, ',');
        first = false;
        if (!copy_value(copy, &value))
            return false;
    }
    rn_buf_byte(copy->out, ']');
    return more == 0;
}

static bool copy_object(struct copy *copy, const struct rn_scan_value *object)
{
    struct rn_scan_text text = rn_scan_inside(object);
    struct rn_scan_value key, value;
    bool outermost = copy->depth == 1, first = true;
    int more;

    rn_buf_byte(copy->out, '{');
    while ((more = rn_scan_member(&text, &key, &value)) == 1) {
        size_t before = copy->out->size;

        if (!first)
            rn_buf_byte(copy->out, ',');
        copy_string(copy, &key);
        rn_buf_byte(copy->out, ':');
        if (!copy_value(copy, &value))
            return false;
        if (outermost && copy->out->size > copy->limit) {
            copy->out->size = before;
            copy->changes->cut = true;
        } else {
            first = false;
        }
    }
    rn_buf_byte(copy->out, '}');
    return more == 0;
}

static bool copy_value(struct copy *copy, const struct rn_scan_value *value)
{
    bool good = true;

    switch (value->type) {
    case RN_JSON_STRING:
        copy_string(copy, value);
        break;
    case RN_JSON_NUMBER:
        copy_number(copy, value);
        break;
    case RN_JSON_OBJECT:
    case RN_JSON_ARRAY:
        copy->depth++;
        good = copy->depth <= RN_SCAN_DEPTH &&
               (value->type == RN_JSON_OBJECT ? copy_object(copy, value) : copy_array(copy, value));
        copy->depth--;
        break;
    default:
        rn_buf_append(copy->out, value->data, value->size);
    }
    return good;
}

bool rn_scan_compact(struct rn_buf *out, const struct rn_scan_value *value, size_t limit,
                     struct rn_scan_changes *changes)
{
    struct copy copy = {.out = out, .changes = changes, .limit = SIZE_MAX};
    size_t before = out->size;

    if (value->type == RN_JSON_OBJECT && limit < SIZE_MAX - before)
        copy.limit = before + limit;
    if (copy_value(&copy, value))
        return true;
    out->size = before;
    return false;
}
