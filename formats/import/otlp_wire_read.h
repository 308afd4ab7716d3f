/* SPDX-License-Identifier: MIT */
/* The protobuf wire format, read by hand: field by field, nothing is copied. What protobuf-c makes
 * of the same bytes is compared in tests/unit/test_otlp_proto.c. */
#ifndef RN_OTLP_WIRE_READ_H
#define RN_OTLP_WIRE_READ_H

#include "formats/otlp_wire.h"

#include <stdbool.h>

struct rn_wire {
    const uint8_t *at, *end;
    bool wrong; /* what is at `at` is no field */
};

struct rn_wire_field {
    uint64_t number;
    unsigned type;
    const uint8_t *begin; /* of its tag */
    uint64_t value;       /* VARINT and FIXED64 (and 32 bits) */
    const uint8_t *data;  /* BYTES */
    size_t size;
};

static inline struct rn_wire rn_wire_of(const struct rn_wire_field *field)
{
    return (struct rn_wire){field->data, field->data + field->size, false};
}

/* False where the varint is cut or longer than ten bytes. */
static inline bool rn_wire_get_varint(struct rn_wire *wire, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;

        *value |= (uint64_t)(byte & 0x7f) << (shift < 63 ? shift : 63);
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* The next field; false at the end, or where something is wrong. */
static inline bool rn_wire_next(struct rn_wire *wire, struct rn_wire_field *field)
{
    const uint8_t *begin = wire->at;
    uint64_t tag;
    size_t fixed;

    if (wire->wrong || wire->at == wire->end)
        return false;
    wire->wrong = true;
    if (!rn_wire_get_varint(wire, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return false;
    *field = (struct rn_wire_field){.number = tag >> 3, .type = tag & 7, .begin = begin};
    if (field->type == RN_WIRE_VARINT) {
        if (!rn_wire_get_varint(wire, &field->value))
            return false;
    } else if (field->type == RN_WIRE_BYTES) {
        if (!rn_wire_get_varint(wire, &field->value) ||
            field->value > (uint64_t)(wire->end - wire->at))
            return false;
        field->data = wire->at;
        field->size = (size_t)field->value;
        wire->at += field->size;
    } else if (field->type == RN_WIRE_FIXED64 || field->type == 5) {
        fixed = field->type == 5 ? 4 : 8;
        if ((size_t)(wire->end - wire->at) < fixed)
            return false;
        for (size_t i = 0; i < fixed; i++)
            field->value |= (uint64_t)wire->at[i] << 8 * i;
        wire->at += fixed;
    } else {
        return false; /* groups are not used any more */
    }
    wire->wrong = false;
    return true;
}

#endif
