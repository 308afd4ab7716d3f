/* SPDX-License-Identifier: MIT */
#include "column_call.h"
#include "column_codec.h"

#include <stdlib.h>

#define NO_REGION 0xffu

/* Addresses are at least this; a region reaches NEAR to both sides of its first address. */
#define ADDRESS_MIN  (1ull << 32)
#define ADDRESS_BITS 48u
#define NEAR         (1ull << 24)

/* A result beyond this distinguishes no contexts: it is hardly ever the same again. */
#define RESULT_MAX 4096u

void column_call_free(struct column_call_model *model)
{
    if (!model)
        return;
    free(model->classes);
    free(model->regions);
    free(model->payload);
    free(model);
}

static bool make_room(struct column_call_model *model, size_t values)
{
    if (values <= model->capacity)
        return true;
    free(model->classes);
    free(model->regions);
    free(model->payload);
    model->classes = malloc(values);
    model->regions = malloc(values);
    model->payload = malloc(values * sizeof *model->payload);
    model->capacity = model->classes && model->regions && model->payload ? values : 0;
    return model->capacity != 0;
}

bool column_call_prepare(struct column_call_model **model, const struct rn_column_calls *calls)
{
    if (!*model)
        *model = calloc(1, sizeof **model);
    if (!*model)
        return false;
    (*model)->stride = (calls->columns + 7) / 8 * 8;
    if (!make_room(*model, calls->rows * ((*model)->stride + 1)))
        return false;
    memset((*model)->by_context, 0, sizeof(*model)->by_context);
    memset((*model)->by_call, 0, sizeof(*model)->by_call);
    (*model)->run++;
    return true;
}

static struct column_call_stream *stream_of(struct column_call_model *model,
                                            const struct rn_column_calls *calls, size_t row)
{
    struct column_call_stream *stream =
        &model->streams[column_key(calls->streams, row) % COLUMN_CALL_STREAMS];

    if (stream->run != model->run)
        *stream = (struct column_call_stream){.run = model->run};
    return stream;
}

static bool is_address(uint64_t value)
{
    return value >= ADDRESS_MIN && value >> ADDRESS_BITS == 0;
}

static unsigned find_region(const struct column_call_stream *stream, uint64_t address)
{
    for (unsigned i = 0; i < stream->regions; i++)
        if (address - stream->base[i] + NEAR < 2 * NEAR)
            return i;
    return NO_REGION;
}

/* The region of an address, which is a new one where there is none. */
static unsigned enter_region(struct column_call_stream *stream, uint64_t address, size_t row)
{
    unsigned region = find_region(stream, address);

    if (region != NO_REGION)
        return region;
    region = stream->next;
    stream->next = (uint8_t)((stream->next + 1) % COLUMN_CALL_REGIONS);
    stream->regions = (uint8_t)(stream->regions + (stream->regions < COLUMN_CALL_REGIONS));
    stream->base[region] = stream->last[region] = address;
    stream->changed = (uint32_t)row + 1;
    return region;
}

static uint8_t note_value(struct column_call_stream *stream, uint64_t value, size_t row)
{
    unsigned region;

    if (!is_address(value))
        return NO_REGION;
    region = enter_region(stream, value, row);
    stream->last[region] = value;
    return (uint8_t)region;
}

/* What is known of a row before its values are. */
struct row {
    struct column_call_stream *stream;
    const struct column_call_stream *alike_stream;
    const uint8_t *alike_regions;
    size_t alike, same; /* row + 1: of the same context; of the same call and stream; 0 none */
};

static uint64_t mix(uint64_t number)
{
    number *= 0x9e3779b97f4a7c15u;
    return number ^ number >> 29;
}

static inline struct column_call_key key_of(struct column_call_model *model,
                                            const struct rn_column_calls *calls, size_t number)
{
    uint64_t call = column_key(calls->numbers, number), site = column_key(calls->keys_a, number);
    uint64_t result = column_key(calls->keys_b, number);

    return (struct column_call_key){
        .stream = stream_of(model, calls, number),
        .call = mix(call * 4096 + site % 4096),
        .result = result < RESULT_MAX || result >> 63 ? result : 0,
        .slot = (uint16_t)column_slot(call, column_key(calls->streams, number)),
    };
}

static inline struct row find_rows(struct column_call_model *model,
                                   const struct column_call_key *key, size_t number)
{
    struct column_call_stream *stream = key->stream;
    uint64_t context = mix(key->call + mix(stream->history) + key->result);
    uint16_t *alike = &model->by_context[context % COLUMN_CALL_CONTEXTS];
    uint16_t *same = &model->by_call[key->slot];
    struct row row = {.stream = stream, .alike = *alike, .same = *same};

    stream->history =
        stream->history << COLUMN_CALL_HISTORY | key->call >> (64 - COLUMN_CALL_HISTORY);
    *alike = *same = (uint16_t)(number + 1);
    return row;
}

static inline uint8_t *regions_of(const struct column_call_model *model, size_t number)
{
    return model->regions + number * model->stride;
}

static uint8_t *result_region(const struct column_call_model *model,
                              const struct rn_column_calls *calls, size_t number)
{
    return model->regions + calls->rows * model->stride + number;
}

/* What was returned and from where, before the values of the row. */
static inline void enter_keys(struct column_call_model *model, const struct rn_column_calls *calls,
                              size_t number, struct row *row)
{
    uint64_t site = column_key(calls->keys_a, number);

    if (row->alike) {
        row->alike_stream = stream_of(model, calls, row->alike - 1);
        row->alike_regions = regions_of(model, row->alike - 1);
    }
    if (is_address(site))
        enter_region(row->stream, site, number);
    *result_region(model, calls, number) =
        note_value(row->stream, column_key(calls->keys_b, number), number);
}

/* The value of the row of the same context, its address moved to this stream. */
static uint64_t foresee(const struct row *row, const uint64_t *values, unsigned column)
{
    unsigned region;
    uint64_t value;

    if (!row->alike)
        return 0;
    value = values[row->alike - 1];
    region = row->alike_regions[column];
    if (region < row->stream->regions)
        value += row->stream->base[region] - row->alike_stream->base[region];
    return value;
}

static uint64_t repeat(const struct row *row, const uint64_t *values)
{
    return row->same ? values[row->same - 1] : 0;
}

static uint8_t classify(const struct row *row, const uint64_t *values, unsigned column,
                        uint64_t value, uint64_t *payload)
{
    unsigned region;

    if (value == foresee(row, values, column))
        return COLUMN_CALL_FORESEEN;
    if (value == repeat(row, values))
        return COLUMN_CALL_REPEATED;
    if (!is_address(value)) {
        *payload = zigzag(value);
        return COLUMN_CALL_NUMBER;
    }
    region = find_region(row->stream, value);
    if (region == NO_REGION) {
        *payload = value;
        return COLUMN_CALL_ADDRESS;
    }
    *payload = zigzag(value - row->stream->last[region]);
    return (uint8_t)(COLUMN_CALL_REGION + region);
}

static void code_row(struct column_call_model *model, const struct rn_column_calls *calls,
                     const uint64_t *const *values, size_t number, struct row *row,
                     size_t *payloads)
{
    uint8_t *regions = regions_of(model, number);
    size_t at = 0;

    enter_keys(model, calls, number, row);
    for (unsigned c = 0; c < calls->columns; c++, at += calls->rows) {
        uint64_t value = values[c][number];
        uint8_t class = classify(row, values[c], c, value, model->payload + at + payloads[c]);

        payloads[c] += class >= COLUMN_CALL_NUMBER;
        model->classes[at + number] = class;
        regions[c] = note_value(row->stream, value, number);
    }
}

static bool all_foreseen(const struct rn_column_calls *calls, const uint64_t *const *values,
                         size_t number, const struct row *row)
{
    uint64_t different = 0;

    for (unsigned c = 0; c < calls->columns; c++)
        different |= foresee(row, values[c], c) ^ values[c][number];
    return different == 0;
}

/* A row that is the same as one before in its stream, since when the stream has got no new region:
 * all its addresses have their regions, the same as there. Where all of it is foreseen, too, no
 * value needs a look of its own; the classes are 0 already. */
static bool code_like(struct column_call_model *model, const struct rn_column_calls *calls,
                      const uint64_t *const *values, size_t number, struct row *row)
{
    struct column_call_stream *stream = row->stream;
    size_t first = calls->like[number], before = model->keys[first].latest;
    const uint8_t *known = regions_of(model, before);
    unsigned region;

    model->keys[first].latest = (uint16_t)number;
    if (first == number || before < stream->changed || !row->alike)
        return false;
    if (calls->like[row->alike - 1] != first) {
        row->alike_stream = stream_of(model, calls, row->alike - 1);
        row->alike_regions = regions_of(model, row->alike - 1);
        if (!all_foreseen(calls, values, number, row))
            return false;
    }
    memcpy(regions_of(model, number), known, model->stride);
    region = *result_region(model, calls, number) = *result_region(model, calls, before);
    if (stream->end == before + 1)
        return true;
    if (region != NO_REGION)
        stream->last[region] = column_key(calls->keys_b, number);
    for (unsigned c = 0; c < calls->columns; c++)
        if (known[c] != NO_REGION)
            stream->last[known[c]] = values[c][number];
    return true;
}

static void code_like_rows(struct column_call_model *model, const struct rn_column_calls *calls,
                           const uint64_t *const *values, size_t *payloads)
{
    for (size_t i = 0; i < calls->rows; i++) {
        struct column_call_key *key = &model->keys[calls->like[i]];
        struct row row;

        if (calls->like[i] == i)
            *key = key_of(model, calls, i);
        row = find_rows(model, key, i);
        if (!code_like(model, calls, values, i, &row))
            code_row(model, calls, values, i, &row, payloads);
        row.stream->end = (uint32_t)i + 1;
    }
}

void column_call_code(struct column_call_model *model, const struct rn_column_calls *calls,
                      const uint64_t *const *values, size_t *payloads)
{
    memset(payloads, 0, calls->columns * sizeof *payloads);
    memset(model->classes, 0, calls->columns * calls->rows);
    if (calls->like) {
        code_like_rows(model, calls, values, payloads);
        return;
    }
    for (size_t i = 0; i < calls->rows; i++) {
        struct column_call_key key = key_of(model, calls, i);
        struct row row = find_rows(model, &key, i);

        code_row(model, calls, values, i, &row, payloads);
    }
}

static uint64_t restore(const struct row *row, uint8_t class, uint64_t payload)
{
    if (class == COLUMN_CALL_NUMBER)
        return unzigzag(payload);
    if (class == COLUMN_CALL_ADDRESS)
        return payload;
    return row->stream->last[class - COLUMN_CALL_REGION] + unzigzag(payload);
}

static bool check_classes(const uint8_t *classes, size_t rows, size_t payloads)
{
    size_t found = 0;
    uint8_t greatest = 0;

    for (size_t i = 0; i < rows; i++) {
        found += classes[i] >= COLUMN_CALL_NUMBER;
        greatest = classes[i] > greatest ? classes[i] : greatest;
    }
    return greatest < COLUMN_CALL_CLASSES && found == payloads;
}

static void decode_row(struct column_call_model *model, const struct rn_column_calls *calls,
                       uint64_t *const *values, size_t number, size_t *used)
{
    struct column_call_key key = key_of(model, calls, number);
    struct row row = find_rows(model, &key, number);
    uint8_t *regions = regions_of(model, number);
    size_t at = 0;

    enter_keys(model, calls, number, &row);
    for (unsigned c = 0; c < calls->columns; c++, at += calls->rows) {
        uint8_t class = model->classes[at + number];
        uint64_t value;

        if (class == COLUMN_CALL_FORESEEN)
            value = foresee(&row, values[c], c);
        else if (class == COLUMN_CALL_REPEATED)
            value = repeat(&row, values[c]);
        else
            value = restore(&row, class, model->payload[at + used[c]++]);
        values[c][number] = value;
        regions[c] = note_value(row.stream, value, number);
    }
}

bool column_call_decode(struct column_call_model *model, const struct rn_column_calls *calls,
                        uint64_t *const *values, const size_t *payloads)
{
    size_t used[RN_COLUMN_MAX_CALLS] = {0};

    for (unsigned c = 0; c < calls->columns; c++)
        if (!check_classes(model->classes + c * calls->rows, calls->rows, payloads[c]))
            return false;
    for (size_t i = 0; i < calls->rows; i++)
        decode_row(model, calls, values, i, used);
    return true;
}
