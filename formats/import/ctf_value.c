/* SPDX-License-Identifier: MIT */
#include "ctf_value.h"

#include "formats/escape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT (1ull << 53) /* from here on a double, which JSON's readers use, skips integers */

void rn_ctf_json_unsigned(struct rn_buf *out, uint64_t value)
{
    if (value >= EXACT)
        rn_buf_byte(out, '"');
    rn_buf_decimal(out, value);
    if (value >= EXACT)
        rn_buf_byte(out, '"');
}

void rn_ctf_json_signed(struct rn_buf *out, int64_t value)
{
    bool quoted = value >= (int64_t)EXACT || value <= -(int64_t)EXACT;
    if (quoted)
        rn_buf_byte(out, '"');
    rn_buf_decimal_signed(out, value);
    if (quoted)
        rn_buf_byte(out, '"');
}

void rn_ctf_json_hex(struct rn_buf *out, uint64_t value)
{
    rn_buf_byte(out, '"');
    rn_buf_hex(out, value);
    rn_buf_byte(out, '"');
}

/* As few digits as say which double it is, of 15 or 17. */
static void put_shortest(struct rn_buf *out, double value)
{
    char text[32];
    snprintf(text, sizeof(text), "%.15g", value);
    if (strtod(text, NULL) < value || strtod(text, NULL) > value)
        snprintf(text, sizeof(text), "%.17g", value);
    rn_buf_text(out, text);
}

void rn_ctf_json_real(struct rn_buf *out, double value)
{
    if (isnan(value))
        rn_buf_text(out, "\"NaN\"");
    else if (isinf(value))
        rn_buf_text(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else
        put_shortest(out, value);
}

void rn_ctf_json_field(struct rn_buf *out, const struct rn_ctf_field *field)
{
    const uint8_t *text = (const uint8_t *)field->u.text.data;
    if (field->label) {
        rn_escape_json(out, (const uint8_t *)field->label, strlen(field->label));
        return;
    }
    switch ((enum rn_ctf_type)field->type) {
    case RN_CTF_UNSIGNED:
        rn_ctf_json_unsigned(out, field->u.number);
        break;
    case RN_CTF_SIGNED:
        rn_ctf_json_signed(out, (int64_t)field->u.number);
        break;
    case RN_CTF_HEX:
        rn_ctf_json_hex(out, field->u.number);
        break;
    case RN_CTF_REAL:
        rn_ctf_json_real(out, field->u.real);
        break;
    case RN_CTF_STRING:
        rn_escape_json(out, text, field->u.text.size);
        break;
    case RN_CTF_BYTES:
        rn_escape_json_bytes(out, text, field->u.text.size);
        break;
    case RN_CTF_JSON:
        rn_buf_append(out, text, field->u.text.size);
        break;
    }
}
