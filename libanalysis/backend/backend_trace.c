/* SPDX-License-Identifier: MIT */
/* Selections as decisions, where the program is recorded with rn-record --simd. */
#include "backend_private.h"

#include <string.h>

#define TEXT 96u

static char *put_text(char *at, const char *end, const char *text)
{
    while (*text && at + 1 < end)
        *at++ = *text++;
    *at = 0;
    return at;
}

static char *put_number(char *at, const char *end, uint64_t number)
{
    char digits[21];
    size_t i = sizeof digits;

    digits[--i] = 0;
    do
        digits[--i] = (char)('0' + number % 10);
    while (number /= 10);
    return put_text(at, end, digits + i);
}

void backend_trace(struct rn_backend_operation *operation, uint64_t elements,
                   enum rn_backend_data data, struct backend_answer answer)
{
    static const char *const uses[] = {"?", "scalar", "simd", "gpu"};
    const struct rn_backend_variant *variant = &operation->variants[answer.variant];
    char input[TEXT], result[TEXT], *at;

    at = put_number(input, input + TEXT, elements);
    put_text(at, input + TEXT,
             data == RN_BACKEND_ON_DEVICE ? " elements on the device" : " elements");
    at = put_text(result, result + TEXT, uses[(unsigned)variant->backend & 3]);
    if (variant->isa) {
        at = put_text(at, result + TEXT, " ");
        at = put_text(at, result + TEXT, variant->isa);
    }
    at = put_text(at, result + TEXT, ", ");
    put_text(at, result + TEXT, rn_backend_source_name(answer.source));
    rn_simd_hooks->decide(&operation->choice, input, result);
}
