/* SPDX-License-Identifier: MIT */
/* libFuzzer target: expressions of selection, and matching by what they made. Expressions are
 * separated by newlines. */
#include "libanalysis/filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(const struct rn_filter *filter)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL};

    for (uint8_t kind = 0; kind < RN_KIND_LIMIT; kind++) {
        event.kind = kind;
        for (uint64_t nr = 0; nr < 2 * RN_FILTER_MAX_NR; nr += 97) {
            event.u.syscall.nr = nr;
            event.u.syscall.abi = nr % 6;
            /* What matches is of a kind that can match. */
            if (rn_filter_match(filter, &event) && kind < RN_KIND_STREAM &&
                !(rn_filter_kinds(filter) >> kind & 1))
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_filter *filter = rn_filter_new();
    char *text = malloc(size + 1), *rest = text, *line;

    if (filter && text) {
        memcpy(text, data, size);
        text[size] = '\0';
        while ((line = strsep(&rest, "\n"))) {
            struct rn_error err = RN_ERROR_INIT;

            if (rn_filter_add(filter, line, &err) != RN_OK && !err.what[0])
                abort();
        }
        match(filter);
    }
    free(text);
    rn_filter_free(filter);
    return 0;
}
