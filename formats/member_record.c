/* SPDX-License-Identifier: MIT */
#include "member_record.h"
#include "member_encode.h"
#include "record.h"

#include <stddef.h>
#include <stdlib.h>

/* A program in a hurry makes few different calls. Longer records are not remembered: comparing them
 * is not what they cost. */
#define RECORD_SLOTS 512u
#define RECORD_BYTES 496u

/* Behind the times of a record. */
#define RECORD_REST sizeof(struct rn_record)

struct known_record {
    uint32_t run;  /* of member_records: older ones are none */
    uint32_t size; /* of the record */
    uint32_t shape;
    uint32_t reserved;
    uint8_t bytes[RECORD_BYTES];
};

struct member_records {
    uint32_t run;
    struct known_record slots[RECORD_SLOTS];
};

void member_records_forget(struct member_records *records)
{
    if (records)
        records->run++;
}

static bool may_be_known(const uint8_t *record, size_t size)
{
    return size >= sizeof(struct rn_record) + sizeof(uint64_t) && size <= RECORD_BYTES &&
           size % 8 == 0 && record[offsetof(struct rn_record, kind)] == RN_KIND_SYSCALL;
}

static uint64_t word_at(const uint8_t *record, size_t size, size_t number)
{
    size_t at = sizeof(struct rn_record) + number * sizeof(uint64_t);
    uint64_t word = 0;

    if (at + sizeof word <= size)
        memcpy(&word, record + at, sizeof word);
    return word;
}

/* By stream, call, site and first argument: one descriptor's reads are alike, two are not. */
static struct known_record *slot_of(struct member_records *records, const uint8_t *record,
                                    size_t size)
{
    uint32_t stream;
    uint64_t hash;

    memcpy(&stream, record + offsetof(struct rn_record, stream), sizeof stream);
    hash = word_at(record, size, offsetof(struct rn_syscall, nr) / 8) +
           word_at(record, size, offsetof(struct rn_syscall, site) / 8) * 0x9e3779b97f4a7c15u +
           word_at(record, size, offsetof(struct rn_syscall, args) / 8) * 0xff51afd7ed558ccdu +
           stream * 0xc4ceb9fe1a85ec53u;
    return &records->slots[(hash * 0x9e3779b97f4a7c15u >> 32) % RECORD_SLOTS];
}

/* Size, kind, counts, stream and flags stand in front of the times. */
static bool same(const struct known_record *known, const uint8_t *record, size_t size)
{
    return known->size == size &&
           memcmp(known->bytes, record, offsetof(struct rn_record, start)) == 0 &&
           memcmp(known->bytes + RECORD_REST, record + RECORD_REST, size - RECORD_REST) == 0;
}

enum rn_status rn_member_add_alike(struct rn_member_encoder *encoder, const uint8_t *record,
                                   size_t size, uint64_t ordinal, struct rn_error *err)
{
    const struct known_record *known;
    struct pending_event pending = {.ordinal = ordinal};

    if (!encoder->records || !may_be_known(record, size))
        return RN_EOF;
    known = slot_of(encoder->records, record, size);
    if (known->run != encoder->records->run || !same(known, record, size))
        return RN_EOF;
    pending.shape = known->shape;
    memcpy(&pending.start, record + offsetof(struct rn_record, start), sizeof pending.start);
    memcpy(&pending.duration, record + offsetof(struct rn_record, duration),
           sizeof pending.duration);
    rn_buf_append(&encoder->events, &pending, sizeof pending);
    if (!encoder->events.failed)
        return RN_OK;
    encoder->events.failed = false;
    return rn_fail(err, RN_E_NOMEM, "no memory for another event");
}

void rn_member_remember(struct rn_member_encoder *encoder, const uint8_t *record, size_t size)
{
    uint64_t pending = rn_member_pending(encoder);
    struct known_record *known;

    if (!may_be_known(record, size) || pending == 0)
        return;
    if (!encoder->records) {
        encoder->records = calloc(1, sizeof *encoder->records);
        if (!encoder->records)
            return;
        encoder->records->run = 1;
    }
    known = slot_of(encoder->records, record, size);
    known->run = encoder->records->run;
    known->size = (uint32_t)size;
    known->shape = rn_member_event(encoder, pending - 1)->shape;
    memcpy(known->bytes, record, size);
}
