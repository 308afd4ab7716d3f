/* SPDX-License-Identifier: MIT */
/* Values of attributes that are arrays, maps or bytes, as plain JSON. */
#include "otlp_json_private.h"

#include "formats/escape.h"

#include <string.h>

static void put_any(struct rn_json *json, struct rn_buf *out);

static void put_list(struct rn_json *json, struct rn_buf *out, bool is_map)
{
    struct rn_json_text key, name;
    bool first = true;

    rn_buf_byte(out, is_map ? '{' : '[');
    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        if (!rn_json_is(&key, "values")) {
            rn_json_skip(json, NULL);
            continue;
        }
        for (more = rn_json_array(json); more && rn_json_element(json); first = false) {
            if (!first)
                rn_buf_byte(out, ',');
            if (!is_map) {
                put_any(json, out);
                continue;
            }
            bool has_value = false;
            for (bool inner = rn_json_object(json); inner && rn_json_member(json, &key);) {
                if (rn_json_is(&key, "key") && rn_json_string(json, &name)) {
                    rn_escape_json(out, (const uint8_t *)name.data, name.size);
                    rn_buf_byte(out, ':');
                } else if (rn_json_is(&key, "value")) {
                    put_any(json, out);
                    has_value = true;
                } else {
                    rn_json_skip(json, NULL);
                }
            }
            if (!has_value)
                rn_buf_text(out, "null");
        }
        more = true;
    }
    rn_buf_byte(out, is_map ? '}' : ']');
}

/* What follows the name of a member that is nested. */
static void put_nested(struct rn_json *json, const struct rn_json_text *key, struct rn_buf *out)
{
    struct rn_json_text text;

    if (rn_otlp_json_key(key, "bytesValue", "bytes_value")) {
        if (rn_json_string(json, &text))
            rn_escape_json(out, (const uint8_t *)text.data, text.size);
    } else {
        put_list(json, out, rn_otlp_json_key(key, "kvlistValue", "kvlist_value"));
    }
}

static void put_any(struct rn_json *json, struct rn_buf *out)
{
    struct rn_json_text key, text;
    size_t before = out->size;

    for (bool more = rn_json_object(json); more && rn_json_member(json, &key);) {
        out->size = before;
        if (rn_otlp_json_key(&key, "arrayValue", "array_value") ||
            rn_otlp_json_key(&key, "kvlistValue", "kvlist_value") ||
            rn_otlp_json_key(&key, "bytesValue", "bytes_value")) {
            put_nested(json, &key, out);
        } else if (rn_otlp_json_key(&key, "stringValue", "string_value")) {
            if (rn_json_string(json, &text))
                rn_escape_json(out, (const uint8_t *)text.data, text.size);
        } else if (rn_otlp_json_key(&key, "doubleValue", "double_value") &&
                   rn_json_peek(json) == '"') {
            if (rn_json_string(json, &text)) /* NaN, Infinity */
                rn_escape_json(out, (const uint8_t *)text.data, text.size);
        } else if (rn_json_scalar(json, &text)) {
            rn_buf_append(out, text.data, text.size);
        }
    }
    if (out->size == before)
        rn_buf_text(out, "null");
}

/* `nested` begins with the name of the member, whose quote and colon follow. A copy: strings are
 * unescaped where they are. */
static bool begin_nested(const struct rn_otlp_text *nested, struct rn_buf *copy,
                         struct rn_json *json, struct rn_json_text *key)
{
    const char *quote = memchr(nested->data, '"', nested->size);

    rn_buf_append(copy, nested->data, nested->size);
    if (!quote || copy->failed)
        return false;
    *key = (struct rn_json_text){(char *)copy->data, (size_t)(quote - nested->data)};
    rn_json_begin(json, key->data + key->size + 1, nested->size - key->size - 1);
    if (rn_json_peek(json) != ':')
        return false;
    json->at++;
    return true;
}

static bool put_json(const struct rn_otlp_text *nested, struct rn_buf *out)
{
    struct rn_buf copy = RN_BUF_INIT;
    struct rn_json_text key;
    struct rn_json json;
    bool good = begin_nested(nested, &copy, &json, &key);

    if (good) {
        put_nested(&json, &key, out);
        good = !json.wrong;
    }
    rn_buf_free(&copy);
    return good;
}

static bool put_strings(const struct rn_otlp_text *nested, struct rn_buf *out)
{
    struct rn_buf copy = RN_BUF_INIT;
    struct rn_json_text key, text;
    struct rn_json json;
    bool good = begin_nested(nested, &copy, &json, &key);

    for (bool more = good && rn_json_object(&json); more && rn_json_member(&json, &key);) {
        for (bool item = rn_json_array(&json); item && rn_json_element(&json);)
            for (bool inner = rn_json_object(&json); inner && rn_json_member(&json, &key);) {
                if (rn_json_peek(&json) != '"') {
                    rn_json_skip(&json, NULL);
                } else if (rn_json_string(&json, &text)) {
                    rn_buf_append(out, text.data, strnlen(text.data, text.size));
                    rn_buf_byte(out, 0);
                }
            }
    }
    good = good && !json.wrong;
    rn_buf_free(&copy);
    return good;
}

const struct rn_otlp_form rn_otlp_json_form = {put_json, put_strings};
