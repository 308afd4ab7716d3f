/* SPDX-License-Identifier: MIT */
/* OTLP in protobuf. A TracesData is a sequence of ResourceSpans, and so are many of them one behind
 * the other; or there is a length before each, of four bytes, the highest first, as the
 * OpenTelemetry Collector's file exporter writes it, or a varint. A ResourceSpans is read when all
 * of it is there. */
#include "formats/buf.h"
#include "import_formats.h"
#include "otlp_proto_span.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (16u << 20)

enum framing { UNKNOWN, BARE, FIXED_LENGTH, VARINT_LENGTH };

struct reading {
    struct rn_input *input;
    struct rn_import *import;
    struct rn_otlp_read *read;
    struct rn_otlp_pool pool;
    struct rn_buf rest; /* read and not used, from `at` on */
    size_t at;
    uint64_t offset; /* of the first byte of rest */
    enum framing framing;
    uint64_t others; /* fields that are no ResourceSpans */
};

/* ---- messages ---- */

static uint64_t offset_of(const struct reading *reading, const uint8_t *at)
{
    return reading->offset + (uint64_t)(at - reading->rest.data);
}

static enum rn_status wrong_at(struct reading *reading, const uint8_t *at, const char *what,
                               struct rn_error *err)
{
    return rn_import_problem(reading->import, 0, offset_of(reading, at), err, "%s", what);
}

static enum rn_status read_scope(struct reading *reading, struct rn_wire message,
                                 struct rn_error *err)
{
    struct rn_otlp_text name = {"", 0}, version = {"", 0};
    struct rn_wire again = message, scope;
    enum rn_status status = RN_OK;
    struct rn_wire_field field;

    while (rn_wire_next(&again, &field)) {
        if (field.number != 1 || field.type != RN_WIRE_BYTES)
            continue;
        scope = rn_wire_of(&field);
        while (rn_wire_next(&scope, &field)) {
            struct rn_otlp_text text = {(const char *)field.data, field.size};

            if (field.type == RN_WIRE_BYTES && field.number == 1)
                name = text;
            else if (field.type == RN_WIRE_BYTES && field.number == 2)
                version = text;
        }
    }
    rn_otlp_read_scope(reading->read, &name, &version);
    while (status == RN_OK && rn_wire_next(&message, &field)) {
        struct rn_otlp_read_span span;
        const char *wrong;

        if (field.number != 2 || field.type != RN_WIRE_BYTES)
            continue;
        wrong = rn_otlp_proto_span(rn_wire_of(&field), &reading->pool, &span);
        if (!wrong)
            status = rn_otlp_read_add(reading->read, &span, &wrong, err);
        if (status == RN_OK && wrong)
            status = wrong_at(reading, field.data, wrong, err);
    }
    if (status == RN_OK && message.wrong)
        status = wrong_at(reading, message.at, "spans of a scope that make no sense", err);
    return status;
}

static enum rn_status read_resource_spans(struct reading *reading, struct rn_wire message,
                                          struct rn_error *err)
{
    struct rn_wire again = message;
    struct rn_otlp_facts facts;
    enum rn_status status;
    struct rn_wire_field field;

    rn_otlp_pool_clear(&reading->pool);
    while (rn_wire_next(&again, &field))
        if (field.number == 1 && field.type == RN_WIRE_BYTES &&
            !rn_otlp_proto_facts(rn_wire_of(&field), 1, &reading->pool))
            again.wrong = true;
    if (again.wrong)
        return wrong_at(reading, message.at, "a resource that makes no sense", err);
    facts = (struct rn_otlp_facts){reading->pool.facts, reading->pool.fact_count};
    status = rn_otlp_read_resource(reading->read, &facts, err);
    while (status == RN_OK && rn_wire_next(&message, &field))
        if (field.number == 2 && field.type == RN_WIRE_BYTES)
            status = read_scope(reading, rn_wire_of(&field), err);
    return status;
}

/* ---- the file ---- */

/* Is this where a ResourceSpans could begin? Its tag, its length, and the tag of a resource or of
 * spans in it. */
static bool could_begin(const uint8_t *data, size_t size)
{
    struct rn_wire wire = {data + 1, data + size, false};
    uint64_t length;

    if (size < 3 || data[0] != RN_WIRE_TAG(1, RN_WIRE_BYTES) ||
        !rn_wire_get_varint(&wire, &length) || length < 2 || length > MESSAGE_MAX ||
        wire.at == wire.end)
        return false;
    return *wire.at == RN_WIRE_TAG(1, RN_WIRE_BYTES) || *wire.at == RN_WIRE_TAG(2, RN_WIRE_BYTES);
}

static enum framing framing_of(const uint8_t *data, size_t size)
{
    struct rn_wire wire = {data, data + size, false};
    uint64_t length;

    if (could_begin(data, size))
        return BARE;
    if (size > 7 && data[0] < MESSAGE_MAX >> 24 && could_begin(data + 4, size - 4))
        return FIXED_LENGTH;
    if (rn_wire_get_varint(&wire, &length) && length > 4 && length <= MESSAGE_MAX &&
        could_begin(wire.at, (size_t)(wire.end - wire.at)))
        return VARINT_LENGTH;
    return UNKNOWN;
}

/* A message with a length before it is one TracesData. */
static enum rn_status read_traces(struct reading *reading, struct rn_wire message,
                                  struct rn_error *err)
{
    enum rn_status status = RN_OK;
    struct rn_wire_field field;

    while (status == RN_OK && rn_wire_next(&message, &field)) {
        if (field.number == 1 && field.type == RN_WIRE_BYTES)
            status = read_resource_spans(reading, rn_wire_of(&field), err);
        else
            reading->others++;
    }
    if (status == RN_OK && message.wrong)
        status = wrong_at(reading, message.at, "traces that make no sense", err);
    return status;
}

/* Lengths cannot be found again once one is lost: so this ends it in any case. */
static enum rn_status lost(struct reading *reading, const char *what, struct rn_error *err)
{
    rn_fail(err, RN_E_FORMAT, "%s", what);
    return rn_fail_at(err, rn_input_name(reading->input), reading->offset + reading->at);
}

/* The length of what is next, with the bytes before it; 0: it is not there yet. */
static size_t head_size(struct reading *reading, uint64_t *length, bool *wrong)
{
    const uint8_t *from = reading->rest.data + reading->at;
    size_t size = reading->rest.size - reading->at;
    struct rn_wire wire = {from, from + size, false};
    uint64_t tag = RN_WIRE_TAG(1, RN_WIRE_BYTES);

    *wrong = false;
    if (reading->framing == FIXED_LENGTH) {
        *length = size < 4 ? 0
                           : (uint64_t)from[0] << 24 | (uint64_t)from[1] << 16 |
                                 (uint64_t)from[2] << 8 | from[3];
        return size < 4 ? 0 : 4;
    }
    if (reading->framing == BARE && !rn_wire_get_varint(&wire, &tag)) {
        *wrong = size > 10;
        return 0;
    }
    if (tag != RN_WIRE_TAG(1, RN_WIRE_BYTES)) {
        *wrong = true;
        return 0;
    }
    if (rn_wire_get_varint(&wire, length))
        return (size_t)(wire.at - from);
    *wrong = wire.end - wire.at > 10 || size > 20;
    return 0;
}

/* One message, if all of it is there; else *more becomes false. */
static enum rn_status take_message(struct reading *reading, bool *more, struct rn_error *err)
{
    uint64_t length = 0;
    bool wrong;
    size_t head = head_size(reading, &length, &wrong);
    struct rn_wire message;

    if (wrong)
        return lost(reading, "no ResourceSpans begins here", err);
    if (length > MESSAGE_MAX)
        return lost(reading, "a message that is over 16 MiB long", err);
    *more = head && reading->rest.size - reading->at - head >= length;
    if (!*more)
        return RN_OK;
    message.at = reading->rest.data + reading->at + head;
    message.end = message.at + length;
    message.wrong = false;
    reading->at += head + (size_t)length;
    return reading->framing == BARE ? read_resource_spans(reading, message, err)
                                    : read_traces(reading, message, err);
}

static enum rn_status take_piece(struct reading *reading, const uint8_t *data, size_t size,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;
    bool more = true;

    rn_buf_append(&reading->rest, data, size);
    if (reading->rest.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to read spans");
    if (reading->framing == UNKNOWN)
        reading->framing = framing_of(reading->rest.data, reading->rest.size);
    if (reading->framing == UNKNOWN)
        return reading->rest.size < 32 ? RN_OK
                                       : lost(reading, "no traces of OpenTelemetry begin so", err);
    while (more && status == RN_OK && reading->at < reading->rest.size)
        status = take_message(reading, &more, err);
    memmove(reading->rest.data, reading->rest.data + reading->at, reading->rest.size - reading->at);
    reading->rest.size -= reading->at;
    reading->offset += reading->at;
    reading->at = 0;
    return status;
}

static enum rn_status read_all(struct reading *reading, struct rn_error *err)
{
    enum rn_status status = RN_OK;
    const uint8_t *data;
    size_t size;

    while (status == RN_OK) {
        status = rn_input_next(reading->input, &data, &size, err);
        if (status == RN_OK)
            status = take_piece(reading, data, size, err);
    }
    if (status != RN_EOF)
        return status;
    return reading->rest.size ? rn_import_problem(reading->import, 0, reading->offset, err,
                                                  "the message that begins here is cut")
                              : RN_OK;
}

static enum rn_status read_proto(struct rn_input *input, struct rn_import *import,
                                 struct rn_error *err)
{
    struct reading reading = {.input = input, .import = import};
    enum rn_status status;

    reading.read = rn_otlp_read_new(import, &rn_otlp_proto_form);
    if (!reading.read)
        return rn_fail(err, RN_E_NOMEM, "no memory to read spans");
    status = read_all(&reading, err);
    rn_otlp_read_finish(reading.read);
    if (reading.others)
        rn_import_note(import, "fields beside the traces", reading.others);
    rn_otlp_read_free(reading.read);
    rn_otlp_pool_free(&reading.pool);
    rn_buf_free(&reading.rest);
    return status;
}

/* What begins as traces do, and has the key of an attribute or the id of a trace in it where they
 * would be. */
static int recognise(const uint8_t *head, size_t size)
{
    enum framing framing = framing_of(head, size);
    struct rn_wire wire = {head, head + size, false};
    uint64_t number;

    if (framing == UNKNOWN)
        return 0;
    if (framing == FIXED_LENGTH)
        wire.at += 4;
    if (framing == VARINT_LENGTH && !rn_wire_get_varint(&wire, &number))
        return 0;
    /* Down to the first attribute, resource or span: what begins there is short, or begins again.
     */
    for (unsigned depth = 0; depth < 4; depth++) {
        if (!rn_wire_get_varint(&wire, &number) || (number != 0x0a && number != 0x12) ||
            !rn_wire_get_varint(&wire, &number))
            return depth > 2 ? 40 : 0;
    }
    return 70;
}

const struct rn_import_format rn_otlp_proto_import = {
    .name = "otlp",
    .text = "OpenTelemetry traces in protobuf",
    .recognise = recognise,
    .read = read_proto,
};
