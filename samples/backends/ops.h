/* SPDX-License-Identifier: MIT */
/* Five operations, each in scalar code, with AVX2, with AVX-512, and in OpenCL: what is recorded to
 * be fitted. Vectors have `size` elements; matrices and images have as many, side x side. */
#ifndef RN_SAMPLE_OPS_H
#define RN_SAMPLE_OPS_H

#include <stdbool.h>
#include <stddef.h>

enum op { OP_SAXPY, OP_SUM, OP_DOT, OP_CONV3X3, OP_MATMUL, OPS };

struct op_data {
    size_t size, side;
    const float *x, *z; /* in */
    float *y;           /* in and out, of saxpy; else out */
    float result;       /* of sum and dot */
};

/* Each runs an operation once, as a block of its own, and says how. */
typedef void op_fn(struct op_data *data);
struct op_variant {
    const char *name;    /* "scalar", "avx2", "avx512", "opencl", "opencl-resident" */
    const char *backend; /* as rn-backend-fit calls it */
    op_fn *run[OPS];
    /* Before and after all runs at one size; NULL: nothing to do. False: cannot be done here. */
    bool (*begin)(struct op_data *data);
    void (*end)(struct op_data *data);
};

extern const struct op_variant ops_scalar, ops_avx2, ops_avx512;
bool ops_has_avx2(void);
bool ops_has_avx512(void);
/* Two variants, data copied each time and data on the device; 0 where there is no OpenCL. */
unsigned ops_opencl(const struct op_variant **first);

#endif
