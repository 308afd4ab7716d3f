/* SPDX-License-Identifier: MIT */
/* Decisions: the parts of a record that do not change are the site's, input and result follow. */
#include "compute.h"

#define VALUE_MAX 4096u /* bytes of an input or result; more are cut, and flagged so */

struct value {
    const char *text;
    uint32_t size;
    bool cut;
};

static struct value measure(const char *text)
{
    struct value value = {.text = text ? text : ""};

    while (value.size < VALUE_MAX && value.text[value.size])
        value.size++;
    value.cut = value.size == VALUE_MAX && value.text[value.size];
    return value;
}

static uint32_t room_for(const struct value *value)
{
    return (uint32_t)sizeof(struct rn_record_attachment) + (value->size + 7) / 8 * 8;
}

static uint8_t *put(uint8_t *at, uint8_t type, const struct value *value)
{
    struct rn_record_attachment header = {.type = type,
                                          .arg = RN_ARG_NONE,
                                          .flags = value->cut ? RN_ATT_CUT : 0,
                                          .size = value->size};
    uint64_t zero = 0;

    rn_compute_copy(at, &header, sizeof(header));
    if (value->size % 8)
        rn_compute_copy(at + room_for(value) - 8, &zero, 8);
    rn_compute_copy(at + sizeof(header), value->text, value->size);
    return at + room_for(value);
}

static bool record(struct rn_producer *self, const struct rn_compute_site *site, uint64_t now,
                   const struct value *input, const struct value *result)
{
    uint32_t size = site->size + room_for(input) + room_for(result);
    struct rn_record *record = rn_compute_reserve(self, size);

    if (!record)
        return false;
    rn_compute_copy(record, site->record, site->size);
    record->size = size;
    record->attachments = (uint8_t)(record->attachments + 2);
    record->start = now;
    put(put((uint8_t *)record + site->size, RN_ATT_INPUT, input), RN_ATT_RESULT, result);
    rn_producer_commit(self, size);
    return true;
}

static void count(struct rn_producer *self, const struct rn_compute_site *site, uint64_t now,
                  uint8_t reason)
{
    static const char other[] = "(other)";
    uint64_t number = site ? site->operation->number : 0;
    struct rn_producer_sample sample = {
        .key = number << 32 | (uint64_t)RN_KIND_DECISION << 24 | (uint64_t)reason << 16,
        .of = RN_KIND_DECISION,
        .reason = reason,
        .name_size = site ? site->operation->name_size : sizeof(other) - 1,
        .name = site ? site->operation->name : other,
        .start = now};

    rn_producer_count(self, &sample);
}

/* One that a signal handler makes in the middle of another one is lost, and counted so: its texts
 * could not be kept for later. */
void rn_compute_decide(struct rn_simd_choice *choice, const char *input, const char *result)
{
    const struct rn_ring_producers *settings = rn_producer_settings();
    struct rn_producer *self = rn_producer_self();
    uint64_t now = rn_producer_now();
    const struct rn_compute_site *site;
    struct value values[2] = {measure(input), measure(result)};

    if (!self)
        return;
    if (rn_compute_thread.busy) {
        rn_producer_lose(self, 1);
        return;
    }
    rn_compute_enter(&rn_compute_thread, __builtin_frame_address(0), now);
    site = __atomic_load_n((const struct rn_compute_site **)(void *)&choice->recorder,
                           __ATOMIC_ACQUIRE);
    if (!site)
        site = rn_compute_choice_site(choice);
    if (site && !settings->all && settings->hot_calls &&
        rn_compute_is_hot(self, site->operation, now))
        count(self, site, now, RN_AGGREGATE_HOT);
    else if (!site || !record(self, site, now, &values[0], &values[1]))
        count(self, site, now, RN_AGGREGATE_FULL);
    rn_compute_leave(self, &rn_compute_thread);
}
