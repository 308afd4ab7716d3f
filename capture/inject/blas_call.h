/* SPDX-License-Identifier: MIT */
/* What the wrappers of librn-blas.so are made of. The wrappers themselves are generated: BLAS from
 * blas.def, FFTW from blas_fftw.def.
 *
 * Calls that a library makes to itself or to another one inside a wrapped call (cblas of the
 * reference BLAS calls its Fortran functions) are not counted again. A library that is linked into
 * the program, or that binds its own calls to itself, is not seen. */
#ifndef RN_BLAS_CALL_H
#define RN_BLAS_CALL_H

#define RN_SIMD_RECORDER
#include "rn_simd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RN_BLAS_EXPORT __attribute__((visibility("default")))

struct rn_blas_function {
    const char *symbol;
    void *real; /* the function of the library, NULL until the first call */
    struct rn_simd_site site;
};
#define RN_BLAS_FUNCTION(symbol, operation)                                                        \
    {                                                                                              \
        symbol, NULL,                                                                              \
        {                                                                                          \
            operation, NULL, NULL, 0, RN_SIMD_UNKNOWN, RN_SIMD_LIBRARY, 0, NULL                    \
        }                                                                                          \
    }

extern __thread unsigned rn_blas_inside; /* wrapped calls that this thread is in */

/* librn-compute.so */
void rn_compute_begin(struct rn_simd_block *block);
void rn_compute_end(struct rn_simd_block *block);

/* The library's own function. Ends the program with a message where no library has one: as the
 * dynamic linker would have. */
void *rn_blas_find_slow(struct rn_blas_function *function, const void *caller);
static inline void *rn_blas_find(struct rn_blas_function *function, const void *caller)
{
    void *real = __atomic_load_n(&function->real, __ATOMIC_ACQUIRE);

    return __builtin_expect(real != NULL, 1) ? real : rn_blas_find_slow(function, caller);
}

extern bool rn_blas_recording; /* rn_blas_find has found a recorder */

/* A size as the caller gives it. */
static inline uint64_t rn_blas_size(int64_t given)
{
    return given > 0 ? (uint64_t)given : 0;
}

/* False: the call is not to be recorded. Else rn_blas_end must follow. */
static inline bool rn_blas_begin(struct rn_blas_function *function, struct rn_simd_block *block,
                                 uint64_t elements, uint64_t bytes, uint64_t flops)
{
    if (!rn_blas_recording || rn_blas_inside)
        return false;
    rn_blas_inside = 1;
    block->site = &function->site;
    block->elements = elements;
    block->bytes = bytes;
    block->flops = flops;
    rn_compute_begin(block);
    return true;
}

static inline void rn_blas_end(struct rn_simd_block *block)
{
    rn_compute_end(block);
    rn_blas_inside = 0;
}

#endif
