/* SPDX-License-Identifier: MIT */
#include "json_cursor.h"

#include "formats/escape.h"

#include <string.h>

void rn_json_begin(struct rn_json *json, char *data, size_t size)
{
    *json = (struct rn_json){.at = data, .begin = data, .end = data + size};
}

bool rn_json_fail(struct rn_json *json, const char *what)
{
    if (!json->wrong)
        json->wrong = what;
    return false;
}

bool rn_json_odd(struct rn_json *json, const char *what)
{
    if (!json->odd) {
        json->odd = what;
        json->odd_at = json->at;
    }
    return true;
}

char rn_json_peek(struct rn_json *json)
{
    if (json->wrong)
        return 0;
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
        json->at++;
    return json->at < json->end ? *json->at : 0;
}

static bool enter(struct rn_json *json, char open, const char *what)
{
    if (rn_json_peek(json) != open)
        return rn_json_fail(json, what);
    if (json->depth == RN_JSON_DEPTH)
        return rn_json_fail(json, "nested too deep");
    json->at++;
    json->depth++;
    json->first = true;
    return true;
}

bool rn_json_object(struct rn_json *json)
{
    return enter(json, '{', "an object was expected");
}

bool rn_json_array(struct rn_json *json)
{
    return enter(json, '[', "an array was expected");
}

/* To the next member or element; false at the end. */
static bool advance(struct rn_json *json, char close)
{
    char next = rn_json_peek(json);

    if (json->wrong)
        return false;
    if (next == close) {
        json->at++;
        json->depth--;
        json->first = false;
        return false;
    }
    if (!json->first) {
        if (next != ',')
            return rn_json_fail(json, next ? "a comma was expected" : "the text ends too soon");
        json->at++;
        rn_json_peek(json);
    }
    json->first = false;
    return json->at < json->end || rn_json_fail(json, "the text ends too soon");
}

bool rn_json_element(struct rn_json *json)
{
    return advance(json, ']');
}

bool rn_json_member(struct rn_json *json, struct rn_json_text *key)
{
    if (!advance(json, '}') || !rn_json_string(json, key))
        return false;
    if (rn_json_peek(json) != ':')
        return rn_json_fail(json, "a colon was expected");
    json->at++;
    return true;
}

static bool hex4(const char *from, const char *end, uint32_t *value)
{
    *value = 0;
    if (end - from < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        int digit = rn_hex_digit(from[i]);

        if (digit < 0)
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xe0 | c >> 12);
        } else {
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

/* Behind the 'u'. Half a surrogate pair becomes U+FFFD. */
static bool unescape_unicode(struct rn_json *json, char **to)
{
    uint32_t c, low;

    if (!hex4(json->at, json->end, &c))
        return rn_json_fail(json, "an escape of a character is cut");
    json->at += 4;
    if (c >= 0xd800 && c < 0xdc00 && json->end - json->at >= 6 && json->at[0] == '\\' &&
        json->at[1] == 'u' && hex4(json->at + 2, json->end, &low) && low >= 0xdc00 &&
        low < 0xe000) {
        json->at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xd800 && c < 0xe000) {
        c = 0xfffd;
    }
    *to = put_utf8(*to, c);
    return true;
}

static bool unescape(struct rn_json *json, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (json->at == json->end)
        return rn_json_fail(json, "a string is cut");
    if (*json->at == 'u') {
        json->at++;
        return unescape_unicode(json, to);
    }
    found = *json->at ? strchr(from, *json->at) : NULL;
    if (!found)
        return rn_json_fail(json, "an unknown escape");
    *(*to)++ = into[found - from];
    json->at++;
    return true;
}

/* Bytes of a string that need a look: its end, escapes, control characters. */
static bool is_special(unsigned char c)
{
    return c == '"' || c == '\\' || c < 0x20;
}

bool rn_json_string(struct rn_json *json, struct rn_json_text *text)
{
    char *to;

    if (rn_json_peek(json) != '"')
        return rn_json_fail(json, "a string was expected");
    text->data = to = ++json->at;
    for (;;) {
        char *run = json->at;

        while (json->at < json->end && !is_special((unsigned char)*json->at))
            json->at++;
        if (to != run)
            memmove(to, run, (size_t)(json->at - run));
        to += json->at - run;
        if (json->at == json->end)
            return rn_json_fail(json, "a string is cut");
        if (*json->at == '"')
            break;
        if (*json->at != '\\')
            return rn_json_fail(json, "a control character in a string");
        json->at++;
        if (!unescape(json, &to))
            return false;
    }
    json->at++;
    text->size = (size_t)(to - text->data);
    return true;
}

static bool ends_scalar(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r' ||
           c == ':' || c == '"' || c == '{' || c == '[';
}

bool rn_json_scalar(struct rn_json *json, struct rn_json_text *text)
{
    char next = rn_json_peek(json);

    if (next == '"')
        return rn_json_string(json, text);
    if (!next || ends_scalar(next))
        return rn_json_fail(json, "a value was expected");
    text->data = json->at;
    while (json->at < json->end && !ends_scalar(*json->at))
        json->at++;
    text->size = (size_t)(json->at - text->data);
    if ((next >= '0' && next <= '9') || next == '-' || rn_json_is(text, "true") ||
        rn_json_is(text, "false") || rn_json_is(text, "null"))
        return true;
    json->at = text->data;
    return rn_json_fail(json, "what is there is no value");
}

static bool skip_string(struct rn_json *json)
{
    for (json->at++; json->at < json->end && *json->at != '"'; json->at++)
        if (*json->at == '\\' && json->at + 1 < json->end)
            json->at++;
    if (json->at == json->end)
        return rn_json_fail(json, "a string is cut");
    json->at++;
    return true;
}

bool rn_json_skip(struct rn_json *json, struct rn_json_text *text)
{
    struct rn_json_text scalar;
    unsigned depth = 0;
    char next = rn_json_peek(json), *from = json->at;

    /* Whether brackets match, and what stands between values, is for whoever reads it. */
    do {
        next = rn_json_peek(json);
        if (next == '"') {
            skip_string(json);
        } else if (next == '{' || next == '[') {
            json->at++;
            if (++depth + json->depth > RN_JSON_DEPTH)
                rn_json_fail(json, "nested too deep");
        } else if (depth && (next == '}' || next == ']')) {
            json->at++;
            depth--;
        } else if (depth && (next == ',' || next == ':')) {
            json->at++;
        } else {
            rn_json_scalar(json, &scalar);
        }
    } while (depth && !json->wrong);
    if (json->wrong)
        return false;
    if (text)
        *text = (struct rn_json_text){from, (size_t)(json->at - from)};
    return true;
}

bool rn_json_is(const struct rn_json_text *text, const char *word)
{
    return text->size == strlen(word) && memcmp(text->data, word, text->size) == 0;
}

bool rn_json_unsigned(const struct rn_json_text *text, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text->size; i++) {
        uint64_t digit = (uint64_t)(text->data[i] - '0');

        if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return text->size > 0;
}

bool rn_json_signed(const struct rn_json_text *text, int64_t *value)
{
    bool negative = text->size > 0 && text->data[0] == '-';
    struct rn_json_text digits = {text->data + negative, text->size - negative};
    uint64_t magnitude;

    if (!rn_json_unsigned(&digits, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}
