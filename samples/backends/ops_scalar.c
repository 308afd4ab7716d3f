/* SPDX-License-Identifier: MIT */
/* Plain loops, which the build keeps the compiler from vectorizing. */
#include "ops.h"

#include "capture/inject/rn_simd.h"

#define BLOCK(name, bytes, flops)                                                                  \
    RN_SIMD_BLOCK_AS(name, data->size, bytes, flops, RN_SIMD_SCALAR, NULL)

static void saxpy(struct op_data *data)
{
    BLOCK("saxpy", 12 * data->size, 2 * data->size);
    for (size_t i = 0; i < data->size; i++)
        data->y[i] += 0.5f * data->x[i];
}

static void sum(struct op_data *data)
{
    BLOCK("sum", 4 * data->size, data->size);
    float total = 0;

    for (size_t i = 0; i < data->size; i++)
        total += data->x[i];
    data->result = total;
}

static void dot(struct op_data *data)
{
    BLOCK("dot", 8 * data->size, 2 * data->size);
    float total = 0;

    for (size_t i = 0; i < data->size; i++)
        total += data->x[i] * data->z[i];
    data->result = total;
}

static void conv3x3(struct op_data *data)
{
    BLOCK("conv3x3", 8 * data->size, 18 * data->size);
    size_t side = data->side;

    for (size_t r = 1; r + 1 < side; r++) {
        for (size_t c = 1; c + 1 < side; c++) {
            const float *at = data->x + (r - 1) * side + c - 1;
            float total = 0;

            for (size_t k = 0; k < 9; k++)
                total += data->z[k] * at[k / 3 * side + k % 3];
            data->y[r * side + c] = total;
        }
    }
}

static void matmul(struct op_data *data)
{
    BLOCK("matmul", 12 * data->size, 2 * data->size * data->side);
    size_t side = data->side;

    for (size_t i = 0; i < data->size; i++)
        data->y[i] = 0;
    for (size_t r = 0; r < side; r++)
        for (size_t k = 0; k < side; k++)
            for (size_t c = 0; c < side; c++)
                data->y[r * side + c] += data->x[r * side + k] * data->z[k * side + c];
}

const struct op_variant ops_scalar = {
    .name = "scalar", .backend = "scalar", .run = {saxpy, sum, dot, conv3x3, matmul}};
