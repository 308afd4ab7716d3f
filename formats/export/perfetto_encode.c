/* SPDX-License-Identifier: MIT */
#include "perfetto_encode.h"

#include "formats/escape.h"
#include "formats/otlp_wire.h"

#include <string.h>

#define FIELD_MAX     20u /* bytes of a tag and a number */
#define INTERNED_MAX  (4u << 20)
#define INTERNED_IIDS (1u << 16)

static uint8_t *put_tag(uint8_t *to, unsigned field, unsigned type)
{
    return rn_wire_put_varint(to, RN_WIRE_TAG(field, type));
}

void rn_proto_varint(struct rn_buf *out, unsigned field, uint64_t value)
{
    uint8_t *start = rn_buf_reserve(out, FIELD_MAX);

    if (start)
        out->size +=
            (size_t)(rn_wire_put_varint(put_tag(start, field, RN_WIRE_VARINT), value) - start);
}

void rn_proto_fixed64(struct rn_buf *out, unsigned field, uint64_t value)
{
    uint8_t *start = rn_buf_reserve(out, FIELD_MAX), *to;

    if (!start)
        return;
    to = put_tag(start, field, RN_WIRE_FIXED64);
    for (unsigned i = 0; i < 8; i++)
        *to++ = (uint8_t)(value >> (8 * i));
    out->size += (size_t)(to - start);
}

void rn_proto_double(struct rn_buf *out, unsigned field, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    rn_proto_fixed64(out, field, bits);
}

void rn_proto_bytes(struct rn_buf *out, unsigned field, const void *data, size_t size)
{
    uint8_t *start = rn_buf_reserve(out, FIELD_MAX + size), *to;

    if (!start)
        return;
    to = rn_wire_put_varint(put_tag(start, field, RN_WIRE_BYTES), size);
    out->size += (size_t)(rn_wire_put_raw(to, data, size) - start);
}

/* The length is one byte until it is known that this is too short. */
size_t rn_proto_open(struct rn_buf *out, unsigned field)
{
    uint8_t *start = rn_buf_reserve(out, FIELD_MAX);

    if (!start)
        return 0;
    out->size += (size_t)(put_tag(start, field, RN_WIRE_BYTES) - start) + 1;
    return out->size;
}

void rn_proto_close(struct rn_buf *out, size_t opened)
{
    size_t size = out->size - opened, more = rn_wire_varint_size(size) - 1;

    if (out->failed || (more && !rn_buf_reserve(out, more)))
        return;
    if (more)
        memmove(out->data + opened + more, out->data + opened, size);
    rn_wire_put_varint(out->data + opened - 1, size);
    out->size += more;
}

static bool is_ascii(const char *data, size_t size)
{
    size_t at = 0;

    for (; size - at >= 8; at += 8) {
        uint64_t word;

        memcpy(&word, data + at, sizeof word);
        if (word & 0x8080808080808080u)
            return false;
    }
    while (at < size && (uint8_t)data[at] < 0x80)
        at++;
    return at == size;
}

/* Append text as UTF-8. */
static uint64_t append_text(struct rn_buf *out, const char *data, size_t size)
{
    uint64_t bad = 0;

    for (size_t at = 0; at < size;) {
        size_t length = rn_utf8_length((const uint8_t *)data + at, size - at);

        if (length) {
            rn_buf_append(out, data + at, length);
        } else {
            rn_buf_text(out, "\\x");
            rn_escape_hex(out, (const uint8_t *)data + at, 1);
            bad++;
        }
        at += length ? length : 1;
    }
    return bad;
}

uint64_t rn_proto_text(struct rn_buf *out, unsigned field, const char *data, size_t size)
{
    uint64_t bad;
    size_t opened;

    if (is_ascii(data, size)) {
        rn_proto_bytes(out, field, data, size);
        return 0;
    }
    opened = rn_proto_open(out, field);
    bad = append_text(out, data, size);
    rn_proto_close(out, opened);
    return bad;
}

bool rn_perfetto_interner_init(struct rn_perfetto_interner *interner)
{
    bool whole = true;

    *interner = (struct rn_perfetto_interner){.bad_bytes = 0};
    for (unsigned i = 0; i < RN_PERFETTO_INTERNS; i++)
        whole &= (interner->tables[i] = rn_string_table_new()) != NULL;
    return whole;
}

void rn_perfetto_interner_free(struct rn_perfetto_interner *interner)
{
    for (unsigned i = 0; i < RN_PERFETTO_INTERNS; i++)
        rn_string_table_free(interner->tables[i]);
    rn_buf_free(&interner->fresh);
    rn_buf_free(&interner->text);
}

bool rn_perfetto_interner_full(const struct rn_perfetto_interner *interner)
{
    for (unsigned i = 0; i < RN_PERFETTO_INTERNS; i++)
        if (rn_string_table_count(interner->tables[i]) > INTERNED_IIDS ||
            rn_string_table_bytes(interner->tables[i]) > INTERNED_MAX)
            return true;
    return false;
}

void rn_perfetto_interner_reset(struct rn_perfetto_interner *interner)
{
    for (unsigned i = 0; i < RN_PERFETTO_INTERNS; i++)
        rn_string_table_reset(interner->tables[i]);
}

/* Number n of a table is iid n + 1: 0 is none. The messages of all three are alike, as the fields
 * of InternedData that hold them are in the order of the enumeration. */
uint64_t rn_perfetto_intern(struct rn_perfetto_interner *interner, enum rn_perfetto_intern which,
                            const char *data, size_t size)
{
    struct rn_string_table *table = interner->tables[which];
    uint64_t count = rn_string_table_count(table), number;
    size_t opened;

    if (size > UINT32_MAX || rn_string_table_intern(table, (const uint8_t *)data, (uint32_t)size,
                                                    &number, NULL) != RN_OK) {
        interner->fresh.failed = true;
        return 0;
    }
    if (number != count)
        return number + 1;
    opened = rn_proto_open(&interner->fresh, (unsigned)which + 1);
    rn_proto_varint(&interner->fresh, 1, number + 1);
    interner->bad_bytes += rn_proto_text(&interner->fresh, 2, data, size);
    rn_proto_close(&interner->fresh, opened);
    return number + 1;
}
