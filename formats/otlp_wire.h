/* SPDX-License-Identifier: MIT */
/* The protobuf wire format, for the files that write OTLP and Perfetto's traces by hand: lengths
 * first, then bytes into room that is known to be there. */
#ifndef RN_OTLP_WIRE_H
#define RN_OTLP_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RN_WIRE_VARINT           0u
#define RN_WIRE_FIXED64          1u
#define RN_WIRE_BYTES            2u
#define RN_WIRE_TAG(field, type) (((uint32_t)(field) << 3) | (type))

static inline size_t rn_wire_varint_size(uint64_t value)
{
    /* 7 bits a byte: (bits + 6) / 7 with at least one bit. */
    return ((size_t)(64 - __builtin_clzll(value | 1)) + 6) / 7;
}

/* Tags here are one byte: fields 1 to 15. */
static inline size_t rn_wire_bytes_size(size_t size)
{
    return 1 + rn_wire_varint_size(size) + size;
}

static inline uint8_t *rn_wire_put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static inline uint8_t *rn_wire_put_head(uint8_t *to, unsigned field, size_t size)
{
    *to++ = (uint8_t)RN_WIRE_TAG(field, RN_WIRE_BYTES);
    return rn_wire_put_varint(to, size);
}

static inline uint8_t *rn_wire_put_raw(uint8_t *to, const void *data, size_t size)
{
    if (size)
        memcpy(to, data, size);
    return to + size;
}

static inline uint8_t *rn_wire_put_bytes(uint8_t *to, unsigned field, const void *data, size_t size)
{
    return rn_wire_put_raw(rn_wire_put_head(to, field, size), data, size);
}

static inline uint8_t *rn_wire_put_fixed64(uint8_t *to, unsigned field, uint64_t value)
{
    *to++ = (uint8_t)RN_WIRE_TAG(field, RN_WIRE_FIXED64);
    for (unsigned i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> (8 * i));
    return to + 8;
}

#endif
