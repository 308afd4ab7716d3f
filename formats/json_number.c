/* SPDX-License-Identifier: MIT */
#include "json_scan.h"

#include <stdlib.h>

#define LIMIT      ((uint64_t)1 << 62)
#define DIGITS_MAX 19 /* of a mantissa: 10^19 is less than 2^64 */

/* mantissa * 10^exponent */
struct decimal {
    uint64_t mantissa;
    int64_t exponent;
    unsigned digits; /* of the mantissa, without zeros in front */
    bool negative;
};

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Digits that do not fit any more are left out: where a half is looked for, they change nothing, as
 * halves are rounded up. */
static const char *add_digits(struct decimal *number, const char *at, const char *end, int shift)
{
    for (; is_digit(at, end); at++) {
        if (number->digits < DIGITS_MAX) {
            number->mantissa = number->mantissa * 10 + (uint64_t)(*at - '0');
            number->digits += number->mantissa != 0;
            number->exponent -= shift;
        } else {
            number->exponent += 1 - shift;
        }
    }
    return at;
}

static const char *add_exponent(struct decimal *number, const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    int64_t exponent = 0;

    at += at < end && (*at == '-' || *at == '+');
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++)
        if (exponent < 1000000)
            exponent = exponent * 10 + (*at - '0');
    number->exponent += negative ? -exponent : exponent;
    return at;
}

static bool parse(const struct rn_scan_value *value, struct decimal *number)
{
    const char *at = value->data, *end = at + value->size, *start;

    *number = (struct decimal){.mantissa = 0};
    if ((value->type != RN_JSON_NUMBER && value->type != RN_JSON_STRING) || value->size == 0)
        return false;
    number->negative = *at == '-';
    at += *at == '-' || *at == '+';
    start = at;
    at = add_digits(number, at, end, 0);
    if (at < end && *at == '.')
        at = add_digits(number, at + 1, end, 1);
    if (at == start || (at == start + 1 && *start == '.'))
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = add_exponent(number, at + 1, end);
    return at == end;
}

bool rn_scan_decimal(const struct rn_scan_value *value, int scale, int64_t *out)
{
    struct decimal number;
    uint64_t result, divisor = 1;

    if (!parse(value, &number))
        return false;
    number.exponent += scale;
    result = number.mantissa;
    for (; number.exponent > 0 && result; number.exponent--)
        if (__builtin_mul_overflow(result, 10u, &result))
            return false;
    if (number.exponent < -DIGITS_MAX)
        result = 0; /* less than a half of one */
    else
        for (; number.exponent < 0; number.exponent++)
            divisor *= 10;
    result = result / divisor + (result % divisor >= divisor - divisor / 2 && divisor > 1);
    if (result >= LIMIT)
        return false;
    *out = number.negative ? -(int64_t)result : (int64_t)result;
    return true;
}

static bool parse_hex(const char *at, const char *end, uint64_t *out)
{
    uint64_t number = 0;

    if (at == end || end - at > 16)
        return false;
    for (; at < end; at++) {
        int digit = *at >= '0' && *at <= '9'   ? *at - '0'
                    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
                    : *at >= 'A' && *at <= 'F' ? *at - 'A' + 10
                                               : -1;

        if (digit < 0)
            return false;
        number = number << 4 | (uint64_t)digit;
    }
    *out = number;
    return true;
}

bool rn_scan_u64(const struct rn_scan_value *value, uint64_t *out)
{
    const char *at = value->data, *end = at + value->size;
    uint64_t number = 0;

    if ((value->type != RN_JSON_NUMBER && value->type != RN_JSON_STRING) || value->size == 0)
        return false;
    if (value->type == RN_JSON_STRING && value->size > 2 && at[0] == '0' &&
        (at[1] == 'x' || at[1] == 'X'))
        return parse_hex(at + 2, end, out);
    for (; is_digit(at, end); at++)
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return false;
    /* "7.0" is whole as well. */
    if (at > value->data && at < end && *at == '.')
        for (at++; at < end && *at == '0'; at++)
            ;
    *out = number;
    return at == end;
}

bool rn_scan_double(const struct rn_scan_value *value, double *out)
{
    char text[64], *end;

    if ((value->type != RN_JSON_NUMBER && value->type != RN_JSON_STRING) || value->escaped ||
        value->size == 0 || value->size >= sizeof text)
        return false;
    memcpy(text, value->data, value->size);
    text[value->size] = '\0';
    *out = strtod(text, &end);
    return end == text + value->size;
}
