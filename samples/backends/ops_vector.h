/* SPDX-License-Identifier: MIT */
/* The operations in vectors of OPS_WIDTH floats, for a file that defines that, OPS_ISA, OPS_VARIANT
 * and load_part and store_part (the first `count` elements of a vector), and is compiled for it. */
#include "ops.h"

#include "capture/inject/rn_simd.h"

#define BLOCK(name, bytes, flops)                                                                  \
    RN_SIMD_BLOCK_AS(name, data->size, bytes, flops, RN_SIMD_VECTOR, OPS_ISA)
#define AT(p) (*(const vector *)(p))

static inline float across(vector v)
{
    float total = 0;

    for (int i = 0; i < OPS_WIDTH; i++)
        total += v[i];
    return total;
}

static void saxpy(struct op_data *data)
{
    BLOCK("saxpy", 12 * data->size, 2 * data->size);
    size_t i = 0;

    for (; i + OPS_WIDTH <= data->size; i += OPS_WIDTH)
        *(vector *)(data->y + i) += 0.5f * AT(data->x + i);
    if (i < data->size)
        store_part(data->y + i,
                   load_part(data->y + i, data->size - i) +
                       0.5f * load_part(data->x + i, data->size - i),
                   data->size - i);
}

static void sum(struct op_data *data)
{
    BLOCK("sum", 4 * data->size, data->size);
    vector a = {0}, b = {0}, c = {0}, d = {0};
    size_t i = 0;

    for (; i + 4 * OPS_WIDTH <= data->size; i += 4 * OPS_WIDTH) {
        a += AT(data->x + i);
        b += AT(data->x + i + OPS_WIDTH);
        c += AT(data->x + i + 2 * OPS_WIDTH);
        d += AT(data->x + i + 3 * OPS_WIDTH);
    }
    for (; i + OPS_WIDTH <= data->size; i += OPS_WIDTH)
        a += AT(data->x + i);
    if (i < data->size)
        b += load_part(data->x + i, data->size - i);
    data->result = across(a + b + c + d);
}

static void dot(struct op_data *data)
{
    BLOCK("dot", 8 * data->size, 2 * data->size);
    vector a = {0}, b = {0}, c = {0}, d = {0};
    size_t i = 0;

    for (; i + 4 * OPS_WIDTH <= data->size; i += 4 * OPS_WIDTH) {
        a += AT(data->x + i) * AT(data->z + i);
        b += AT(data->x + i + OPS_WIDTH) * AT(data->z + i + OPS_WIDTH);
        c += AT(data->x + i + 2 * OPS_WIDTH) * AT(data->z + i + 2 * OPS_WIDTH);
        d += AT(data->x + i + 3 * OPS_WIDTH) * AT(data->z + i + 3 * OPS_WIDTH);
    }
    for (; i + OPS_WIDTH <= data->size; i += OPS_WIDTH)
        a += AT(data->x + i) * AT(data->z + i);
    if (i < data->size)
        b += load_part(data->x + i, data->size - i) * load_part(data->z + i, data->size - i);
    data->result = across(a + b + c + d);
}

/* One vector of a row's result, or the first `count` elements of one. */
static inline vector nine(const struct op_data *data, const float *at)
{
    vector total = {0};

    for (size_t k = 0; k < 9; k++)
        total += data->z[k] * AT(at + k / 3 * data->side + k % 3);
    return total;
}

static inline vector nine_of_part(const struct op_data *data, const float *at, size_t count)
{
    vector total = {0};

    for (size_t k = 0; k < 9; k++)
        total += data->z[k] * load_part(at + k / 3 * data->side + k % 3, count);
    return total;
}

/* What is left of a row is done by a vector that ends where the row does: some of it once more. */
static void conv3x3(struct op_data *data)
{
    BLOCK("conv3x3", 8 * data->size, 18 * data->size);
    size_t side = data->side, inner = side < 2 ? 0 : side - 2;

    for (size_t r = 1; r + 1 < side; r++) {
        const float *from = data->x + (r - 1) * side;
        float *to = data->y + r * side + 1;
        size_t c = 0;

        for (; c + OPS_WIDTH <= inner; c += OPS_WIDTH)
            *(vector *)(to + c) = nine(data, from + c);
        if (c < inner && inner >= OPS_WIDTH)
            *(vector *)(to + inner - OPS_WIDTH) = nine(data, from + inner - OPS_WIDTH);
        else if (c < inner)
            store_part(to, nine_of_part(data, from, inner), inner);
    }
}

/* Four rows by two vectors at a time. */
static void tile(const struct op_data *data, size_t r, size_t c)
{
    size_t side = data->side;
    vector acc[4][2] = {{{0}}};

    for (size_t k = 0; k < side; k++) {
        vector left = AT(data->z + k * side + c), right = AT(data->z + k * side + c + OPS_WIDTH);

        for (size_t i = 0; i < 4; i++) {
            acc[i][0] += data->x[(r + i) * side + k] * left;
            acc[i][1] += data->x[(r + i) * side + k] * right;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        *(vector *)(data->y + (r + i) * side + c) = acc[i][0];
        *(vector *)(data->y + (r + i) * side + c + OPS_WIDTH) = acc[i][1];
    }
}

/* One row by one vector, or what is left of one. */
static void strip(const struct op_data *data, size_t r, size_t c, size_t count)
{
    size_t side = data->side;
    vector acc = {0};

    for (size_t k = 0; k < side; k++)
        acc += data->x[r * side + k] * load_part(data->z + k * side + c, count);
    store_part(data->y + r * side + c, acc, count);
}

static void matmul(struct op_data *data)
{
    BLOCK("matmul", 12 * data->size, 2 * data->size * data->side);
    size_t side = data->side, rows = side / 4 * 4, columns = side / (2 * OPS_WIDTH) * 2 * OPS_WIDTH;

    for (size_t r = 0; r < rows; r += 4)
        for (size_t c = 0; c < columns; c += 2 * OPS_WIDTH)
            tile(data, r, c);
    for (size_t r = 0; r < side; r++)
        for (size_t c = r < rows ? columns : 0; c < side; c += OPS_WIDTH)
            strip(data, r, c, side - c < OPS_WIDTH ? side - c : OPS_WIDTH);
}

const struct op_variant OPS_VARIANT = {
    .name = OPS_ISA, .backend = "simd", .run = {saxpy, sum, dot, conv3x3, matmul}};
