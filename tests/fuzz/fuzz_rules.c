/* SPDX-License-Identifier: MIT */
/* libFuzzer target: rules for comparing, and texts under them. The input is rules, then behind a
 * NUL two texts with a NUL between. */
#include "libanalysis/diff_rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t part(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;

    return end ? (size_t)(end - data) : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_diff_rules *rules = rn_diff_rules_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf texts[2] = {RN_BUF_INIT, RN_BUF_INIT};
    size_t length = part(data, size);
    bool applies;

    if (!rules)
        return 0;
    if (rn_diff_rules_parse(rules, (const char *)data, length, &err) != RN_OK && !err.what[0])
        abort();
    for (int i = 0; i < 2 && length < size; i++) {
        data += length + 1;
        size -= length + 1;
        length = part(data, size);
        rn_buf_append(&texts[i], data, length);
    }
    (void)rn_diff_rules_equal(rules, "stdout", &texts[0], &texts[1], &applies);
    (void)rn_diff_rules_ignore(rules, RN_EFFECT_FILE, "stdout");
    rn_buf_free(&texts[0]);
    rn_buf_free(&texts[1]);
    rn_diff_rules_free(rules);
    return 0;
}
