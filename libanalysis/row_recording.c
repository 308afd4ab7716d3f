/* SPDX-License-Identifier: MIT */
/* Rows of the table `recording`. Their values are in the order of its columns in row_table.c. */
#include "row_private.h"

#include "formats/escape.h"

#include <string.h>

struct facts {
    struct rn_row_maker *maker;
    const struct rn_manifest *manifest;
    unsigned next;
};

static struct rn_row_value *next(struct facts *facts)
{
    struct rn_row_value *value = &facts->maker->values[facts->next++];

    value->type = RN_ROW_NULL;
    return value;
}

static void add_text(struct facts *facts, const char *text)
{
    rn_row_string(next(facts), text);
}

static void add_number(struct facts *facts, bool known, uint64_t number)
{
    struct rn_row_value *value = next(facts);

    if (known)
        rn_row_integer(value, number);
}

static void add_uuid(struct facts *facts)
{
    const uint8_t *uuid = facts->manifest->uuid;
    struct rn_buf *buf = rn_row_buf(facts->maker);

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            rn_buf_byte(buf, '-');
        rn_escape_hex(buf, uuid + i, 1);
    }
    rn_row_text(next(facts), buf->data, buf->size);
}

static void add_command(struct facts *facts)
{
    char *const *argv = facts->manifest->argv;
    struct rn_row_value *value = next(facts);
    struct rn_buf *buf;

    if (!argv)
        return;
    buf = rn_row_buf(facts->maker);
    for (size_t i = 0; argv[i]; i++) {
        rn_buf_byte(buf, i ? ',' : '[');
        rn_escape_json(buf, (const uint8_t *)argv[i], strlen(argv[i]));
    }
    rn_buf_text(buf, argv[0] ? "]" : "[]");
    rn_row_text(value, buf->data, buf->size);
}

static void add_manifest(struct facts *facts, size_t index)
{
    const struct rn_manifest *manifest = facts->manifest;

    add_number(facts, true, index);
    add_uuid(facts);
    add_text(facts, manifest->host);
    add_text(facts, manifest->os);
    add_command(facts);
    add_number(facts, manifest->attached_pid != 0, manifest->attached_pid);
    add_text(facts, manifest->cwd);
    add_text(facts, manifest->engine);
    add_text(facts, manifest->creator);
    add_text(facts, manifest->boot_id);
    add_text(facts, manifest->selection);
    add_text(facts, manifest->trace_parent);
    add_text(facts, manifest->trace_given);
    add_text(facts, manifest->scrubbed);
    add_number(facts, true, manifest->start.realtime_ns);
}

enum rn_status rn_row_maker_recording(struct rn_row_maker *maker, size_t index, bool complete,
                                      struct rn_row *row, struct rn_error *err)
{
    const struct rn_manifest *whole = maker->manifest;
    struct facts facts = {.maker = maker, .manifest = whole};

    if (index > whole->source_count)
        return RN_EOF;
    if (index)
        facts.manifest = whole->sources[index - 1].manifest;
    maker->bufs_used = 0;
    add_manifest(&facts, index);
    add_number(&facts, index == 0 && maker->end_ns, maker->end_ns);
    add_text(&facts, facts.manifest->tick_unit == RN_TICK_TSC ? "tsc" : "ns");
    add_number(&facts, facts.manifest->tick_unit == RN_TICK_TSC, facts.manifest->tick_hz);
    add_number(&facts, true, facts.manifest->start.error_ns);
    add_number(&facts, index == 0, maker->events);
    add_number(&facts, index == 0, maker->lost_unknown ? UINT64_MAX : maker->lost);
    add_number(&facts, index == 0, complete);
    add_text(&facts, index == 0 ? maker->creator : NULL);
    for (unsigned i = 0; i < RN_ROW_BUFS; i++)
        if (maker->bufs[i].failed)
            return rn_fail(err, RN_E_NOMEM, "out of memory");
    *row = (struct rn_row){
        .table = maker->tables[RN_ROW_TABLE_RECORDING],
        .values = maker->values,
        .start_ns = facts.manifest->start.realtime_ns,
        .source = (uint32_t)index,
    };
    return RN_OK;
}
