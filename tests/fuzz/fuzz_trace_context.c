/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the input as a traceparent, whose own form must be read as the same again, and
 * as a tracestate. */
#include "formats/trace_context.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rn_trace_parent parent, again;
    char text[RN_TRACE_PARENT_SIZE];

    if (rn_trace_parent_parse((const char *)data, size, &parent)) {
        rn_trace_parent_format(&parent, text);
        if (!rn_trace_parent_parse(text, strlen(text), &again) || again.span_id != parent.span_id ||
            memcmp(again.trace_id, parent.trace_id, sizeof(parent.trace_id)) != 0)
            abort();
    }
    (void)rn_trace_state_fault((const char *)data, size);
    return 0;
}
