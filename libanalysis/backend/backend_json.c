/* SPDX-License-Identifier: MIT */
#include "backend_json.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct backend_json *json;
    char *at, *end; /* of the copy, in which strings are decoded where they stand */
    unsigned depth;
    locale_t locale; /* C's; 0: none could be had */
};

static bool fail(struct parser *parser, const char *problem)
{
    if (!parser->json->problem) {
        parser->json->problem = problem;
        parser->json->offset = (size_t)(parser->at - parser->json->text);
    }
    return false;
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && *parser->at && strchr(" \t\r\n", *parser->at))
        parser->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct parser *parser, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, parser->at++) {
        int digit = parser->at < parser->end ? hex_digit(*parser->at) : -1;

        if (digit < 0)
            return fail(parser, "\\u without four hexadecimal digits");
        *code = *code << 4 | (unsigned)digit;
    }
    return true;
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* Behind "\u". What comes out is never longer than what stood there. */
static bool read_code(struct parser *parser, char **out)
{
    unsigned code, low;

    if (!read_hex(parser, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (parser->end - parser->at < 6 || parser->at[0] != '\\' || parser->at[1] != 'u')
            return fail(parser, "half of a surrogate pair");
        parser->at += 2;
        if (!read_hex(parser, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(parser, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code == 0 || (code >= 0xdc00 && code < 0xe000)) {
        return fail(parser, "a character that cannot be used");
    }
    *out = put_utf8(*out, code);
    return true;
}

static bool read_escape(struct parser *parser, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (parser->at == parser->end)
        return fail(parser, "the text ends in a string");
    if (*parser->at == 'u') {
        parser->at++;
        return read_code(parser, out);
    }
    found = *parser->at ? strchr(from, *parser->at) : NULL;
    if (!found)
        return fail(parser, "an unknown escape");
    *(*out)++ = to[found - from];
    parser->at++;
    return true;
}

static bool read_string(struct parser *parser, const char **text)
{
    char *out;

    if (parser->at == parser->end || *parser->at != '"')
        return fail(parser, "a string is missing");
    out = ++parser->at;
    *text = out;
    while (parser->at < parser->end && *parser->at != '"') {
        if ((unsigned char)*parser->at < 0x20)
            return fail(parser, "a control character in a string");
        if (*parser->at == '\\') {
            parser->at++;
            if (!read_escape(parser, &out))
                return false;
        } else {
            *out++ = *parser->at++;
        }
    }
    if (parser->at == parser->end)
        return fail(parser, "the text ends in a string");
    parser->at++;
    *out = 0;
    return true;
}

/* Index of a new value; 0: no memory. The document itself is there before any other. */
static uint32_t new_value(struct parser *parser, uint8_t type)
{
    struct backend_json *json = parser->json;

    if (json->count == json->room) {
        uint32_t room = json->room * 2 + 64;
        struct backend_json_value *grown = reallocarray(json->values, room, sizeof *grown);

        if (!grown)
            return 0;
        json->values = grown;
        json->room = room;
    }
    json->values[json->count] = (struct backend_json_value){.type = type};
    return json->count++;
}

static bool read_value(struct parser *parser, uint32_t into);

static bool read_member(struct parser *parser, uint32_t into, uint32_t *last, bool object)
{
    const char *key = NULL;
    uint32_t made;

    if (object) {
        if (!read_string(parser, &key))
            return false;
        skip_blanks(parser);
        if (parser->at == parser->end || *parser->at != ':')
            return fail(parser, "':' is missing");
        parser->at++;
    }
    made = new_value(parser, JSON_NULL);
    if (!made)
        return false;
    parser->json->values[made].key = key;
    if (*last)
        parser->json->values[*last].next = made;
    else
        parser->json->values[into].first = made;
    *last = made;
    return read_value(parser, made);
}

static bool read_members(struct parser *parser, uint32_t into, bool object)
{
    char close = object ? '}' : ']';
    uint32_t last = 0;

    parser->json->values[into].type = object ? JSON_OBJECT : JSON_ARRAY;
    parser->at++;
    skip_blanks(parser);
    if (parser->at < parser->end && *parser->at == close) {
        parser->at++;
        return true;
    }
    for (;;) {
        skip_blanks(parser);
        if (!read_member(parser, into, &last, object))
            return false;
        skip_blanks(parser);
        if (parser->at == parser->end)
            return fail(parser, "the text ends too early");
        if (*parser->at == close)
            break;
        if (*parser->at != ',')
            return fail(parser, "',' is missing");
        parser->at++;
    }
    parser->at++;
    return true;
}

/* strtod takes more than JSON has: what may stand in a number is looked at first. */
static bool read_number(struct parser *parser, uint32_t into)
{
    size_t length = strspn(parser->at, "+-0123456789.eE");
    char *stop, kept;
    double value;

    if (!length || *parser->at == '+' || *parser->at == '.')
        return fail(parser, "a value is missing");
    kept = parser->at[length];
    parser->at[length] = 0;
    /* Whatever locale the program has set. */
    value =
        parser->locale ? strtod_l(parser->at, &stop, parser->locale) : strtod(parser->at, &stop);
    parser->at[length] = kept;
    if (stop != parser->at + length)
        return fail(parser, "a number is malformed");
    parser->at = stop;
    parser->json->values[into].type = JSON_NUMBER;
    parser->json->values[into].number = value;
    return true;
}

static bool read_word(struct parser *parser, uint32_t into)
{
    static const struct {
        const char *word;
        uint8_t type;
    } words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word);

        if ((size_t)(parser->end - parser->at) >= length &&
            memcmp(parser->at, words[i].word, length) == 0) {
            parser->json->values[into].type = words[i].type;
            parser->at += length;
            return true;
        }
    }
    return read_number(parser, into);
}

static bool read_value(struct parser *parser, uint32_t into)
{
    bool done;

    skip_blanks(parser);
    if (parser->at == parser->end)
        return fail(parser, "the text ends too early");
    if (++parser->depth > BACKEND_JSON_DEPTH)
        return fail(parser, "nested too deep");
    if (*parser->at == '{' || *parser->at == '[') {
        done = read_members(parser, into, *parser->at == '{');
    } else if (*parser->at == '"') {
        const char *text;

        done = read_string(parser, &text);
        parser->json->values[into].type = JSON_STRING;
        parser->json->values[into].text = done ? text : "";
    } else {
        done = read_word(parser, into);
    }
    parser->depth--;
    return done;
}

bool backend_json_parse(struct backend_json *json, const char *text, size_t size)
{
    struct parser parser = {.json = json};
    bool whole;

    *json = (struct backend_json){.text = NULL};
    if (size > BACKEND_JSON_MAX) {
        json->problem = "the text is too long";
        return false;
    }
    json->text = malloc(size + 1);
    if (!json->text)
        return false;
    memcpy(json->text, text, size);
    json->text[size] = 0;
    parser.at = json->text;
    parser.end = json->text + size;
    new_value(&parser, JSON_NULL);
    parser.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    whole = json->count && read_value(&parser, 0);
    if (parser.locale)
        freelocale(parser.locale);
    if (!whole)
        return false;
    skip_blanks(&parser);
    return parser.at == parser.end || fail(&parser, "something stands behind the document");
}

void backend_json_free(struct backend_json *json)
{
    free(json->text);
    free(json->values);
    *json = (struct backend_json){.text = NULL};
}

const struct backend_json_value *backend_json_first(const struct backend_json *json,
                                                    const struct backend_json_value *of)
{
    return of && of->first ? &json->values[of->first] : NULL;
}

const struct backend_json_value *backend_json_next(const struct backend_json *json,
                                                   const struct backend_json_value *of)
{
    return of->next ? &json->values[of->next] : NULL;
}

const struct backend_json_value *backend_json_member(const struct backend_json *json,
                                                     const struct backend_json_value *of,
                                                     const char *key)
{
    if (!of || of->type != JSON_OBJECT)
        return NULL;
    for (of = backend_json_first(json, of); of; of = backend_json_next(json, of))
        if (of->key && strcmp(of->key, key) == 0)
            return of;
    return NULL;
}

const char *backend_json_string(const struct backend_json_value *value)
{
    return value && value->type == JSON_STRING ? value->text : "";
}

uint64_t backend_json_whole(const struct backend_json_value *value)
{
    if (!value || value->type != JSON_NUMBER || !(value->number > 0))
        return 0;
    return value->number < 1.8e19 ? (uint64_t)value->number : UINT64_MAX;
}
