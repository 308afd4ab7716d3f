/* SPDX-License-Identifier: MIT */
#include "member_clock.h"

#include "member_encode.h"

#include <string.h>

/* More readings in one member say nothing more. */
#define FRESH_MAX 4096u

void rn_member_clocks_free(struct rn_member_clocks *clocks)
{
    rn_buf_free(&clocks->fresh);
    rn_buf_free(&clocks->last);
}

static size_t count_of(const struct rn_buf *readings)
{
    return readings->size / sizeof(struct rn_member_reading);
}

static struct rn_member_reading *readings_of(const struct rn_buf *readings)
{
    return (struct rn_member_reading *)(void *)readings->data;
}

static enum rn_status make_reading(const struct rn_event *event, struct rn_member_reading *reading,
                                   struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    uint64_t clock = event->u.device_clock.clock;

    if (clock == 0 || clock > RN_DEVICE_CLOCK_MAX)
        return rn_fail(err, RN_E_USAGE, "clock %llu of a device is none of 1 to %u",
                       (unsigned long long)clock, RN_DEVICE_CLOCK_MAX);
    *reading = (struct rn_member_reading){.clock = event->u.device_clock};
    if (name) {
        reading->name_size = name->size < RN_CLOCK_NAME_MAX ? name->size : RN_CLOCK_NAME_MAX;
        memcpy(reading->name, name->data, reading->name_size);
    }
    return RN_OK;
}

static enum rn_status set_last(struct rn_member_clocks *clocks,
                               const struct rn_member_reading *reading, struct rn_error *err)
{
    size_t at = reading->clock.clock - 1, have = count_of(&clocks->last);

    if (at >= have) {
        size_t more = (at + 1 - have) * sizeof *reading;
        uint8_t *room = rn_buf_reserve(&clocks->last, more);

        if (!room)
            return rn_fail(err, RN_E_NOMEM, "no memory for a clock");
        memset(room, 0, more);
        clocks->last.size += more;
    }
    readings_of(&clocks->last)[at] = *reading;
    readings_of(&clocks->last)[at].flags = RN_EVENT_SNAPSHOT;
    return RN_OK;
}

enum rn_status rn_member_clocks_add(struct rn_member_clocks *clocks, const struct rn_event *event,
                                    struct rn_error *err)
{
    struct rn_member_reading reading;
    enum rn_status status = make_reading(event, &reading, err);

    if (status != RN_OK || count_of(&clocks->fresh) >= FRESH_MAX)
        return status;
    rn_buf_append(&clocks->fresh, &reading, sizeof reading);
    if (!clocks->fresh.failed)
        return RN_OK;
    clocks->fresh.failed = false;
    return rn_fail(err, RN_E_NOMEM, "no memory for a reading of a clock");
}

enum rn_status rn_member_clocks_note(struct rn_member_clocks *clocks, const struct rn_event *event,
                                     struct rn_error *err)
{
    struct rn_member_reading reading;
    enum rn_status status = make_reading(event, &reading, err);

    return status == RN_OK ? set_last(clocks, &reading, err) : status;
}

enum rn_status rn_member_clocks_written(struct rn_member_clocks *clocks, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; status == RN_OK && i < count_of(&clocks->fresh); i++)
        status = set_last(clocks, &readings_of(&clocks->fresh)[i], err);
    rn_buf_clear(&clocks->fresh);
    return status;
}

static enum rn_status set_row(struct rn_member_encoder *encoder, struct rn_chunk_rows *rows,
                              const struct rn_member_reading *reading, struct rn_error *err)
{
    unsigned words = rn_schema_get(RN_KIND_DEVICE_CLOCK)->words;
    uint64_t values[sizeof reading->clock / sizeof(uint64_t)];
    uint32_t row = rows->rows++;

    memcpy(values, &reading->clock, sizeof values);
    encoder->rows[RN_COLUMN_START][row] = reading->clock.ticks;
    encoder->rows[RN_COLUMN_FLAGS][row] = reading->flags;
    encoder->rows[RN_COLUMN_ATTACHMENTS][row] = reading->name_size != 0;
    for (unsigned i = 0; i < words; i++)
        encoder->rows[RN_COLUMN_WORD + i][row] = values[i];
    if (!reading->name_size)
        return RN_OK;
    encoder->tags[rows->list_items] = RN_ATT_NAME | RN_ARG_NONE << 8;
    return rn_string_table_intern(encoder->strings, (const uint8_t *)reading->name,
                                  reading->name_size, &encoder->refs[rows->list_items++], err);
}

static enum rn_status make_columns(struct rn_member_encoder *encoder, struct rn_chunk_rows *rows,
                                   struct rn_error *err)
{
    unsigned words = rn_schema_get(RN_KIND_DEVICE_CLOCK)->words;

    for (unsigned i = RN_COLUMN_START; i < RN_COLUMN_WORD + words; i++) {
        if (i > RN_COLUMN_ATTACHMENTS && i < RN_COLUMN_WORD)
            continue;
        rows->column[i] = rn_member_rows(encoder, i);
        if (!rows->column[i])
            return rn_fail(err, RN_E_NOMEM, "no memory to encode a member");
    }
    return RN_OK;
}

enum rn_status rn_member_put_clocks(struct rn_member_encoder *encoder, bool segment_start,
                                    struct rn_buf *out, struct rn_error *err)
{
    const struct rn_member_clocks *clocks = &encoder->clocks;
    struct rn_chunk_rows rows = {.kind = RN_KIND_DEVICE_CLOCK};
    enum rn_status status = make_columns(encoder, &rows, err);

    for (size_t i = 0; status == RN_OK && segment_start && i < count_of(&clocks->last); i++)
        if (readings_of(&clocks->last)[i].clock.clock)
            status = set_row(encoder, &rows, &readings_of(&clocks->last)[i], err);
    for (size_t i = 0; status == RN_OK && i < count_of(&clocks->fresh); i++)
        status = set_row(encoder, &rows, &readings_of(&clocks->fresh)[i], err);
    if (status != RN_OK || rows.rows == 0)
        return status;
    status = rn_member_put_tables(encoder, out, err);
    return status == RN_OK ? rn_member_put(encoder, &rows, out, err) : status;
}
