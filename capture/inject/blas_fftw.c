/* SPDX-License-Identifier: MIT */
/* FFTW: making plans, and executing them. With which instructions a plan works FFTW itself says
 * (fftw_sprint_plan); how many points it has, the arguments of the call that made it. Its flops are
 * those that are usually given: 5 n log2 n of complex data, half of that of real data, whatever is
 * really done (fftw_flops counts vector instructions). A plan that was made by a call that is not
 * wrapped here (guru) has 0 points. */
#include "blas_call.h"

#include <stdlib.h>
#include <string.h>

#define PLANS_MAX 1024u /* at a time; others are executed unrecorded */
#define GONE      ((void *)1)

enum isa { ISA_UNKNOWN, ISA_SSE2, ISA_AVX, ISA_AVX2, ISA_AVX512, ISA_NEON, ISA_COUNT };
/* Codelets' names end so; in order, because one is part of another. */
static const struct {
    const char *suffix, *name;
    enum isa isa;
} isas[] = {{"_avx512", "avx512", ISA_AVX512},
            {"_avx2", "avx2", ISA_AVX2},
            {"_avx", "avx", ISA_AVX},
            {"_sse2", "sse2", ISA_SSE2},
            {"_neon", "neon", ISA_NEON}};
#define ISAS (sizeof(isas) / sizeof(isas[0]))

struct plan {
    void *key; /* FFTW's, NULL: free, GONE: was used */
    uint64_t points, flops;
    enum isa isa;
};
static struct plan plans[PLANS_MAX];

static uint32_t place_of(const void *key)
{
    return (uint32_t)(((uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15ull) >> 54) % PLANS_MAX;
}

static struct plan *find_plan(const void *key)
{
    for (uint32_t i = 0; i < PLANS_MAX; i++) {
        struct plan *plan = &plans[(place_of(key) + i) % PLANS_MAX];
        void *there = __atomic_load_n(&plan->key, __ATOMIC_ACQUIRE);

        if (there == key)
            return plan;
        if (!there)
            return NULL;
    }
    return NULL;
}

/* FFTW wants plans to be made by one thread at a time, but executed by any. */
static void keep_plan(void *key, uint64_t points, uint64_t flops, enum isa isa)
{
    for (uint32_t i = 0; i < PLANS_MAX; i++) {
        struct plan *plan = &plans[(place_of(key) + i) % PLANS_MAX];

        if (plan->key && plan->key != GONE && plan->key != key)
            continue;
        plan->points = points;
        plan->flops = flops;
        plan->isa = isa;
        __atomic_store_n(&plan->key, key, __ATOMIC_RELEASE);
        return;
    }
}

static void forget_plan(const void *key)
{
    struct plan *plan = find_plan(key);

    if (plan)
        __atomic_store_n(&plan->key, GONE, __ATOMIC_RELEASE);
}

static enum isa isa_in(const char *text)
{
    for (size_t i = 0; i < ISAS; i++)
        if (strstr(text, isas[i].suffix))
            return isas[i].isa;
    return ISA_UNKNOWN;
}

static const char *isa_name(enum isa isa)
{
    for (size_t i = 0; i < ISAS; i++)
        if (isas[i].isa == isa)
            return isas[i].name;
    return NULL;
}

/* The base-2 logarithm, without the mathematical library. */
static double log2_of(uint64_t n)
{
    int whole = n ? 63 - __builtin_clzll(n) : 0;
    double rest = (double)n / (double)(1ull << whole), result = whole, bit = 0.5;

    for (int i = 0; n && i < 24; i++, bit /= 2) {
        rest *= rest;
        if (rest >= 2) {
            rest /= 2;
            result += bit;
        }
    }
    return result;
}

typedef char *sprint_fn(const void *plan);

/* A transform of `size` points, `howmany` times. */
static void note_plan(void *key, uint64_t size, uint64_t howmany, double factor,
                      struct rn_blas_function *sprint, const void *caller)
{
    double flops = factor * (double)size * log2_of(size) * (double)howmany;
    char *text;

    if (!key || !rn_blas_recording)
        return;
    text = ((sprint_fn *)rn_blas_find(sprint, caller))(key);
    keep_plan(key, size * howmany, (uint64_t)(flops + 0.5), text ? isa_in(text) : ISA_UNKNOWN);
    free(text);
}

static uint64_t product(int rank, const int *n)
{
    uint64_t points = rank > 0 ? 1 : 0;

    for (int i = 0; i < rank; i++)
        points *= rn_blas_size(n[i]);
    return points;
}

/* Executing: one function a kind of transform, all of them with the same block. */
static bool begin_execute(struct rn_blas_function functions[ISA_COUNT], const void *key,
                          uint64_t number_size, struct rn_simd_block *block)
{
    const struct plan *plan = find_plan(key);
    enum isa isa = plan ? plan->isa : ISA_UNKNOWN;
    uint64_t points = plan ? plan->points : 0;
    struct rn_blas_function *function = &functions[isa];

    if (isa != ISA_UNKNOWN && !function->site.recorder) {
        function->site.isa = isa_name(isa);
        function->site.backend = RN_SIMD_VECTOR;
    }
    return rn_blas_begin(function, block, points, 2 * points * number_size,
                         plan ? plan->flops : 0);
}

#define SIX(symbol)                                                                                \
    RN_BLAS_FUNCTION(symbol, symbol), RN_BLAS_FUNCTION(symbol, symbol),                            \
        RN_BLAS_FUNCTION(symbol, symbol), RN_BLAS_FUNCTION(symbol, symbol),                        \
        RN_BLAS_FUNCTION(symbol, symbol), RN_BLAS_FUNCTION(symbol, symbol)
_Static_assert(ISA_COUNT == 6, "SIX");

/* clang-format off */
#define EXECUTE(prefix, number_size, name, parameters, arguments, types)                           \
    RN_BLAS_EXPORT void prefix##_##name parameters;                                                \
    void prefix##_##name parameters                                                                \
    {                                                                                              \
        static struct rn_blas_function functions[ISA_COUNT] = {SIX(#prefix "_" #name)};            \
        typedef void real_fn types;                                                                \
        real_fn *real = (real_fn *)rn_blas_find(functions, __builtin_return_address(0));           \
        struct rn_simd_block block;                                                                \
        bool recorded = begin_execute(functions, plan, number_size, &block);                       \
                                                                                                   \
        real arguments;                                                                            \
        if (recorded)                                                                              \
            rn_blas_end(&block);                                                                   \
    }

#define PLAN(prefix, name, parameters, arguments, types, size, howmany, factor)                    \
    RN_BLAS_EXPORT void *prefix##_plan_##name parameters;                                          \
    void *prefix##_plan_##name parameters                                                          \
    {                                                                                              \
        static struct rn_blas_function function =                                                  \
            RN_BLAS_FUNCTION(#prefix "_plan_" #name, #prefix "_plan_" #name);                      \
        typedef void *real_fn types;                                                               \
        const void *caller = __builtin_return_address(0);                                          \
        real_fn *real = (real_fn *)rn_blas_find(&function, caller);                                \
        struct rn_simd_block block;                                                                \
        bool recorded = rn_blas_begin(&function, &block, (size) * (howmany), 0, 0);                \
        void *plan = real arguments;                                                               \
                                                                                                   \
        if (recorded)                                                                              \
            rn_blas_end(&block);                                                                   \
        note_plan(plan, size, howmany, factor, &prefix##_sprint_of, caller);                       \
        return plan;                                                                               \
    }

#define SIGNED(prefix)                                                                             \
    PLAN(prefix, dft, (int rank, const int *n, void *in, void *out, int sign, unsigned flags),     \
         (rank, n, in, out, sign, flags), (int, const int *, void *, void *, int, unsigned),       \
         product(rank, n), 1, 5)                                                                   \
    PLAN(prefix, dft_1d, (int n, void *in, void *out, int sign, unsigned flags),                   \
         (n, in, out, sign, flags), (int, void *, void *, int, unsigned), rn_blas_size(n), 1, 5)   \
    PLAN(prefix, dft_2d, (int n0, int n1, void *in, void *out, int sign, unsigned flags),          \
         (n0, n1, in, out, sign, flags), (int, int, void *, void *, int, unsigned),                \
         rn_blas_size(n0) * rn_blas_size(n1), 1, 5)                                                \
    PLAN(prefix, dft_3d, (int n0, int n1, int n2, void *in, void *out, int sign, unsigned flags),  \
         (n0, n1, n2, in, out, sign, flags), (int, int, int, void *, void *, int, unsigned),       \
         rn_blas_size(n0) * rn_blas_size(n1) * rn_blas_size(n2), 1, 5)                             \
    PLAN(prefix, many_dft,                                                                         \
         (int rank, const int *n, int howmany, void *in, const int *inembed, int istride,          \
          int idist, void *out, const int *onembed, int ostride, int odist, int sign,              \
          unsigned flags),                                                                         \
         (rank, n, howmany, in, inembed, istride, idist, out, onembed, ostride, odist, sign,       \
          flags),                                                                                  \
         (int, const int *, int, void *, const int *, int, int, void *, const int *, int, int,     \
          int, unsigned),                                                                          \
         product(rank, n), rn_blas_size(howmany), 5)

/* Of real data, to (r2c) or from (c2r) complex. */
#define UNSIGNED(prefix, kind)                                                                     \
    PLAN(prefix, dft_##kind, (int rank, const int *n, void *in, void *out, unsigned flags),        \
         (rank, n, in, out, flags), (int, const int *, void *, void *, unsigned),                  \
         product(rank, n), 1, 2.5)                                                                 \
    PLAN(prefix, dft_##kind##_1d, (int n, void *in, void *out, unsigned flags),                    \
         (n, in, out, flags), (int, void *, void *, unsigned), rn_blas_size(n), 1, 2.5)            \
    PLAN(prefix, dft_##kind##_2d, (int n0, int n1, void *in, void *out, unsigned flags),           \
         (n0, n1, in, out, flags), (int, int, void *, void *, unsigned),                           \
         rn_blas_size(n0) * rn_blas_size(n1), 1, 2.5)                                              \
    PLAN(prefix, dft_##kind##_3d, (int n0, int n1, int n2, void *in, void *out, unsigned flags),   \
         (n0, n1, n2, in, out, flags), (int, int, int, void *, void *, unsigned),                  \
         rn_blas_size(n0) * rn_blas_size(n1) * rn_blas_size(n2), 1, 2.5)                           \
    PLAN(prefix, many_dft_##kind,                                                                  \
         (int rank, const int *n, int howmany, void *in, const int *inembed, int istride,          \
          int idist, void *out, const int *onembed, int ostride, int odist, unsigned flags),       \
         (rank, n, howmany, in, inembed, istride, idist, out, onembed, ostride, odist, flags),     \
         (int, const int *, int, void *, const int *, int, int, void *, const int *, int, int,     \
          unsigned),                                                                               \
         product(rank, n), rn_blas_size(howmany), 2.5)

#define PRECISION(prefix, number_size)                                                             \
    static struct rn_blas_function prefix##_sprint_of =                                            \
        RN_BLAS_FUNCTION(#prefix "_sprint_plan", #prefix "_sprint_plan");                          \
    SIGNED(prefix)                                                                                 \
    UNSIGNED(prefix, r2c)                                                                          \
    UNSIGNED(prefix, c2r)                                                                          \
    PLAN(prefix, r2r_1d, (int n, void *in, void *out, int kind, unsigned flags),                   \
         (n, in, out, kind, flags), (int, void *, void *, int, unsigned), rn_blas_size(n), 1, 2.5) \
    PLAN(prefix, r2r,                                                                              \
         (int rank, const int *n, void *in, void *out, const int *kind, unsigned flags),           \
         (rank, n, in, out, kind, flags),                                                          \
         (int, const int *, void *, void *, const int *, unsigned), product(rank, n), 1, 2.5)      \
    EXECUTE(prefix, number_size, execute, (void *plan), (plan), (void *))                          \
    EXECUTE(prefix, number_size, execute_dft, (void *plan, void *in, void *out),                   \
            (plan, in, out), (void *, void *, void *))                                             \
    EXECUTE(prefix, number_size, execute_dft_r2c, (void *plan, void *in, void *out),               \
            (plan, in, out), (void *, void *, void *))                                             \
    EXECUTE(prefix, number_size, execute_dft_c2r, (void *plan, void *in, void *out),               \
            (plan, in, out), (void *, void *, void *))                                             \
    EXECUTE(prefix, number_size, execute_r2r, (void *plan, void *in, void *out),                   \
            (plan, in, out), (void *, void *, void *))                                             \
    RN_BLAS_EXPORT void prefix##_destroy_plan(void *plan);                                         \
    void prefix##_destroy_plan(void *plan)                                                         \
    {                                                                                              \
        static struct rn_blas_function function =                                                  \
            RN_BLAS_FUNCTION(#prefix "_destroy_plan", #prefix "_destroy_plan");                    \
        typedef void real_fn(void *);                                                              \
                                                                                                   \
        forget_plan(plan);                                                                         \
        ((real_fn *)rn_blas_find(&function, __builtin_return_address(0)))(plan);                   \
    }

PRECISION(fftw, 16)
PRECISION(fftwf, 8)
PRECISION(fftwl, 32)
