/* SPDX-License-Identifier: MIT */
/* Files of decisions, in two pieces: whatever they hold, what comes out is within its limits, and
 * the same as when they are read at once. */
#include "formats/decision_file.h"

#include <stdlib.h>
#include <string.h>

struct seen {
    uint64_t count, hash;
};

static enum rn_status look(void *context, const struct rn_decision_entry *entry,
                           struct rn_error *err)
{
    const struct rn_decision_text *texts[] = {&entry->category, &entry->name, &entry->source,
                                              &entry->input, &entry->result};
    struct seen *seen = context;

    (void)err;
    seen->count++;
    seen->hash = seen->hash * 31 + entry->id + entry->timestamp_us;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i]->size > RN_DECISION_TEXT_MAX)
            abort();
        for (uint32_t at = 0; at < texts[i]->size; at++)
            seen->hash = seen->hash * 31 + (uint8_t)texts[i]->text[at];
    }
    return RN_OK;
}

static struct seen read_pieces(const uint8_t *data, size_t size, size_t first)
{
    struct rn_decision_file *file = rn_decision_file_new();
    struct rn_error err = RN_ERROR_INIT;
    struct seen seen = {0, 0};

    if (!file)
        return seen;
    if (rn_decision_file_feed(file, data, first, first == size, look, &seen, &err) == RN_OK &&
        first < size &&
        rn_decision_file_feed(file, data + first, size - first, true, look, &seen, &err) != RN_OK &&
        (!err.has_offset || err.offset > size))
        abort();
    rn_decision_file_free(file);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = read_pieces(data, size, size), pieces = read_pieces(data, size, size / 2);

    if (whole.count != pieces.count || whole.hash != pieces.hash)
        abort();
    return 0;
}
