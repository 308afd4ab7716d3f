/* SPDX-License-Identifier: MIT */
#include "json_scan.h"

#include <string.h>

#define ONES  0x0101010101010101ull
#define HIGHS 0x8080808080808080ull

/* The high bit of each byte that is zero; of bytes above a zero byte it may be set by chance, so
 * that only the lowest one is certain. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - ONES) & ~word & HIGHS;
}

/* The first quote or backslash. */
static const char *find_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word, found;

        memcpy(&word, at, 8);
        found = zero_bytes(word ^ ONES * '"') | zero_bytes(word ^ ONES * '\\');
        if (found && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            return at + __builtin_ctzll(found) / 8;
        if (found)
            break;
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

static bool bad(struct rn_scan_text *text, const char *why)
{
    text->why = why;
    return false;
}

static bool ended(struct rn_scan_text *text)
{
    text->at = text->end;
    return bad(text, NULL);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void rn_scan_space(struct rn_scan_text *text)
{
    while (text->at < text->end && is_space(*text->at))
        text->at++;
}

bool rn_scan_string(struct rn_scan_text *text, struct rn_scan_value *value)
{
    const char *at = text->at + 1;

    value->type = RN_JSON_STRING;
    value->data = at;
    value->escaped = false;
    for (;;) {
        at = find_special(at, text->end);
        if (at >= text->end)
            return ended(text);
        if (*at == '"')
            break;
        value->escaped = true;
        if (text->end - at < 2)
            return ended(text);
        at += 2;
    }
    value->size = (size_t)(at - value->data);
    text->at = at + 1;
    return true;
}

/* Over everything up to the bracket that closes this one. */
static bool skip_nested(struct rn_scan_text *text)
{
    uint64_t braces[RN_SCAN_DEPTH / 64] = {0}; /* bit: the bracket at that depth is a brace */
    struct rn_scan_value string;
    unsigned depth = 0;

    while (text->at < text->end) {
        char c = *text->at;

        if (c == '"') {
            if (!rn_scan_string(text, &string))
                return false;
            continue;
        }
        if (c == '{' || c == '[') {
            if (depth == RN_SCAN_DEPTH)
                return bad(text, "values are nested too deeply");
            if (c == '{')
                braces[depth / 64] |= 1ull << depth % 64;
            else
                braces[depth / 64] &= ~(1ull << depth % 64);
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if ((c == '}') != (braces[depth / 64] >> depth % 64 & 1))
                return bad(text, "a bracket that closes none");
        } else if (c == '\0') {
            return bad(text, "a NUL byte");
        }
        text->at++;
        if (depth == 0)
            return true;
    }
    return bad(text, NULL);
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '+';
}

static bool not_a_number(const struct rn_scan_value *value)
{
    static const char *const words[] = {"NaN", "nan",  "-nan", "Infinity", "-Infinity",
                                        "inf", "-inf", "Inf",  "-Inf",     "-NaN"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (rn_scan_is(value, words[i]))
            return true;
    return false;
}

/* A number or literal: up to what cannot be in one. */
static bool scan_word(struct rn_scan_text *text, struct rn_scan_value *value)
{
    const char *at = text->at;

    value->data = at;
    value->escaped = false;
    while (at < text->end && is_word(*at))
        at++;
    if (at == text->end)
        return ended(text);
    value->size = (size_t)(at - value->data);
    if (value->size == 0)
        return bad(text, "no JSON value");
    if ((*value->data >= '0' && *value->data <= '9') ||
        (*value->data == '-' && value->size > 1 && value->data[1] >= '0' &&
         value->data[1] <= '9') ||
        not_a_number(value))
        value->type = RN_JSON_NUMBER;
    else if (rn_scan_is(value, "true"))
        value->type = RN_JSON_TRUE;
    else if (rn_scan_is(value, "false"))
        value->type = RN_JSON_FALSE;
    else if (rn_scan_is(value, "null"))
        value->type = RN_JSON_NULL;
    else
        return bad(text, "no JSON value");
    text->at = at;
    return true;
}

bool rn_scan_value(struct rn_scan_text *text, struct rn_scan_value *value)
{
    const char *start = text->at;

    if (start >= text->end)
        return ended(text);
    if (*start == '"')
        return rn_scan_string(text, value);
    if (*start != '{' && *start != '[')
        return scan_word(text, value);
    value->type = *start == '{' ? RN_JSON_OBJECT : RN_JSON_ARRAY;
    value->data = start;
    value->escaped = false;
    if (!skip_nested(text))
        return false;
    value->size = (size_t)(text->at - start);
    return true;
}

static int closed(struct rn_scan_text *text)
{
    text->at++;
    return 0;
}

/* Behind the comma that stands before all but the first. 1: something follows. A comma behind the
 * last one is taken: some writers leave one. */
static int next_item(struct rn_scan_text *text, char close)
{
    bool comma;

    rn_scan_space(text);
    comma = text->begun && text->at < text->end && *text->at == ',';
    if (comma) {
        text->at++;
        rn_scan_space(text);
    }
    if (text->at >= text->end)
        return ended(text) - 1;
    if (*text->at == close)
        return closed(text);
    if (text->begun && !comma)
        return bad(text, "a comma or a closing bracket was expected here") - 1;
    text->begun = true;
    return 1;
}

int rn_scan_member(struct rn_scan_text *text, struct rn_scan_value *key,
                   struct rn_scan_value *value)
{
    int more = next_item(text, '}');

    if (more != 1)
        return more;
    if (*text->at != '"')
        return bad(text, "a key was expected here") - 1;
    if (!rn_scan_string(text, key))
        return -1;
    rn_scan_space(text);
    if (text->at >= text->end)
        return ended(text) - 1;
    if (*text->at != ':')
        return bad(text, "a colon was expected here") - 1;
    text->at++;
    rn_scan_space(text);
    return rn_scan_value(text, value) ? 1 : -1;
}

int rn_scan_element(struct rn_scan_text *text, struct rn_scan_value *value)
{
    int more = next_item(text, ']');

    if (more != 1)
        return more;
    return rn_scan_value(text, value) ? 1 : -1;
}

struct rn_scan_text rn_scan_inside(const struct rn_scan_value *value)
{
    if (value->size == 0)
        return (struct rn_scan_text){.at = "", .end = ""};
    return (struct rn_scan_text){.at = value->data + 1, .end = value->data + value->size};
}
