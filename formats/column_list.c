/* SPDX-License-Identifier: MIT */
#include "column_list.h"
#include "column_codec.h"

/* What is known of an item before its value is. */
struct expectation {
    struct column_reference_last *last;
    uint64_t *next, *after_one, *after_two;
};

static struct expectation expect(struct column_reference_model *model, uint64_t tag,
                                 uint64_t stream)
{
    unsigned table = (tag & 0xff) == RN_ATT_CONTENT;
    struct column_reference_last *last = &model->last[table][stream % COLUMN_LIST_STREAMS];

    return (struct expectation){
        .last = last,
        .next = &model->next[table],
        .after_one = &model->after_one[(last->one * 2 + table) % RN_COLUMN_SLOTS],
        .after_two = &model->after_two[(last->one * 62 + last->two * 2 + table) % COLUMN_LIST_TWO],
    };
}

static void note(const struct expectation *known, uint64_t value)
{
    *known->after_one = *known->after_two = value + 1;
    known->last->two = known->last->one;
    known->last->one = value + 1;
    if (value >= *known->next)
        *known->next = value + 1;
}

static uint8_t classify(const struct expectation *known, uint64_t value)
{
    if (value == *known->next)
        return COLUMN_REFERENCE_FRESH;
    if (value + 1 == *known->after_two)
        return COLUMN_REFERENCE_AFTER_TWO;
    if (value + 1 == *known->after_one)
        return COLUMN_REFERENCE_AFTER_ONE;
    return value + 1 == known->last->one ? COLUMN_REFERENCE_AGAIN : COLUMN_REFERENCE_BACK;
}

size_t column_reference_code(struct column_reference_model *model, const uint64_t *values,
                             size_t count, const uint64_t *tags, const uint64_t *streams,
                             uint8_t *classes, uint64_t *payload)
{
    size_t payloads = 0;

    memset(model, 0, sizeof *model);
    for (size_t i = 0; i < count; i++) {
        struct expectation known = expect(model, column_key(tags, i), column_key(streams, i));

        classes[i] = classify(&known, values[i]);
        if (classes[i] == COLUMN_REFERENCE_BACK)
            payload[payloads++] = zigzag(*known.next - values[i]);
        note(&known, values[i]);
    }
    return payloads;
}

static uint64_t restore(const struct expectation *known, uint8_t class)
{
    switch (class) {
    case COLUMN_REFERENCE_FRESH:
        return *known->next;
    case COLUMN_REFERENCE_AFTER_TWO:
        return *known->after_two - 1;
    case COLUMN_REFERENCE_AFTER_ONE:
        return *known->after_one - 1;
    default:
        return known->last->one - 1;
    }
}

bool column_reference_decode(struct column_reference_model *model, const uint8_t *classes,
                             const uint64_t *payload, size_t payloads, size_t count,
                             const uint64_t *tags, const uint64_t *streams, uint64_t *values)
{
    size_t used = 0;

    memset(model, 0, sizeof *model);
    for (size_t i = 0; i < count; i++) {
        struct expectation known = expect(model, column_key(tags, i), column_key(streams, i));

        if (classes[i] < COLUMN_REFERENCE_BACK)
            values[i] = restore(&known, classes[i]);
        else if (classes[i] == COLUMN_REFERENCE_BACK && used < payloads)
            values[i] = *known.next - unzigzag(payload[used++]);
        else
            return false;
        note(&known, values[i]);
    }
    return used == payloads;
}

size_t column_item_slot(struct column_item *state, uint64_t key, uint64_t items)
{
    if (state->left == 0)
        *state = (struct column_item){.left = items};
    state->left -= state->left > 0;
    return column_slot(column_slot(key, items), state->before);
}
