/* SPDX-License-Identifier: MIT */
/* rn_simd.h: mark compute blocks and decisions of a program, for rn-record --simd to record.
 *
 *     #include <rn_simd.h>
 *
 *     void saxpy(float a, const float *x, float *y, size_t n)
 *     {
 *         RN_SIMD_BLOCK("saxpy", n, 12 * n, 2 * n);      // until the end of this scope
 *         for (size_t i = 0; i < n; i++)
 *             y[i] += a * x[i];
 *     }
 *
 * C (GNU) and C++ by gcc and clang; nothing to link. While no recorder is there a block costs two
 * tests of a pointer. Blocks nest. Thread-safe; may be used in signal handlers. See rn-simd(7). */
#ifndef RN_SIMD_H
#define RN_SIMD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RN_SIMD_ABI 1u

enum rn_simd_backend {
    RN_SIMD_UNKNOWN = 0,
    RN_SIMD_SCALAR = 1,
    RN_SIMD_VECTOR = 2,
    RN_SIMD_GPU = 3
};

/* How the instruction set is known: said by whoever wrote the block, by the compiler, or by the
 * library that did the work. */
enum rn_simd_provenance { RN_SIMD_DECLARED = 1, RN_SIMD_COMPILED = 2, RN_SIMD_LIBRARY = 3 };

/* One place in the source; static. */
struct rn_simd_site {
    const char *operation;
    const char *isa; /* instruction set; NULL: not known */
    const char *file; /* NULL: not known */
    uint32_t line;
    uint8_t backend;    /* enum rn_simd_backend */
    uint8_t provenance; /* enum rn_simd_provenance, of isa */
    uint16_t reserved;
    void *recorder; /* the recorder's own, NULL at first */
};

/* One run of a block; on the stack of whoever runs it. */
struct rn_simd_block {
    const struct rn_simd_hooks *hooks; /* NULL: not recorded */
    struct rn_simd_site *site;
    uint64_t elements, bytes, flops;
    uint64_t start, depth; /* the recorder's own */
};

/* One place in the source where something is decided; static. */
struct rn_simd_choice {
    const char *category; /* "optimization::inline" */
    const char *name;
    const char *file;
    uint32_t line, reserved;
    void *recorder;
};

/* What the recorder gives the program. */
struct rn_simd_hooks {
    uint32_t abi, reserved;
    void (*begin)(struct rn_simd_block *block);
    void (*end)(struct rn_simd_block *block);
    void (*decide)(struct rn_simd_choice *choice, const char *input, const char *result);
};

/* The recorder's library has this function; NULL where nothing is recorded. */
typedef const struct rn_simd_hooks *rn_simd_hook_fn(uint32_t abi);
extern rn_simd_hook_fn rn_simd_hook;

#ifndef RN_SIMD_RECORDER /* the recorder's own library */
/* One pointer for each executable and shared library that is marked. */
extern const struct rn_simd_hooks *rn_simd_hooks;
__attribute__((weak, visibility("hidden"))) const struct rn_simd_hooks *rn_simd_hooks;

/* Weak, so that a static program, which has no dynamic linker to ask, needs none; by another name,
 * so that this header does not contradict <dlfcn.h>. */
extern void *rn_simd_dlsym(void *handle, const char *name) __asm__("dlsym") __attribute__((weak));

__attribute__((constructor(101), unused)) static void rn_simd_start(void)
{
    void *found;
    rn_simd_hook_fn *hook;

    if (rn_simd_hooks || !rn_simd_dlsym)
        return;
    found = rn_simd_dlsym(NULL, "rn_simd_hook");
    if (!found)
        return;
    __builtin_memcpy(&hook, &found, sizeof(hook));
    rn_simd_hooks = hook(RN_SIMD_ABI);
}

static inline void rn_simd_begin(struct rn_simd_block *block, struct rn_simd_site *site,
                                 uint64_t elements, uint64_t bytes, uint64_t flops)
{
    block->hooks = rn_simd_hooks;
    if (__builtin_expect(!block->hooks, 1))
        return;
    block->site = site;
    block->elements = elements;
    block->bytes = bytes;
    block->flops = flops;
    block->hooks->begin(block);
}

static inline void rn_simd_end(struct rn_simd_block *block)
{
    if (__builtin_expect(block->hooks != NULL, 0))
        block->hooks->end(block);
}

#endif

/* What the compiler was told to use for this file. */
#if defined(__AVX512F__)
#define RN_SIMD_COMPILED_ISA "avx512f"
#elif defined(__AVX2__)
#define RN_SIMD_COMPILED_ISA "avx2"
#elif defined(__AVX__)
#define RN_SIMD_COMPILED_ISA "avx"
#elif defined(__SSE4_2__)
#define RN_SIMD_COMPILED_ISA "sse4.2"
#elif defined(__SSE2__)
#define RN_SIMD_COMPILED_ISA "sse2"
#elif defined(__ARM_FEATURE_SVE)
#define RN_SIMD_COMPILED_ISA "sve"
#elif defined(__ARM_NEON)
#define RN_SIMD_COMPILED_ISA "neon"
#else
#define RN_SIMD_COMPILED_ISA NULL
#endif

#define RN_SIMD_JOIN_(a, b) a##b
#define RN_SIMD_JOIN(a, b)  RN_SIMD_JOIN_(a, b)
#define RN_SIMD_BLOCK_(number, operation, elements, bytes, flops, backend, isa, provenance)       \
    static struct rn_simd_site RN_SIMD_JOIN(rn_simd_site_, number) = {                             \
        operation, isa, __FILE__, __LINE__, backend, provenance, 0, NULL};                         \
    struct rn_simd_block RN_SIMD_JOIN(rn_simd_block_, number)                                      \
        __attribute__((cleanup(rn_simd_end)));                                                     \
    rn_simd_begin(&RN_SIMD_JOIN(rn_simd_block_, number), &RN_SIMD_JOIN(rn_simd_site_, number),     \
                  (uint64_t)(elements), (uint64_t)(bytes), (uint64_t)(flops))

/* A block from here to the end of the scope. operation and isa are string literals; elements, bytes
 * (moved) and flops are numbers, 0 where they make no sense. The instruction set is what the compiler
 * was told to use. */
#define RN_SIMD_BLOCK(operation, elements, bytes, flops)                                           \
    RN_SIMD_BLOCK_(__COUNTER__, operation, elements, bytes, flops, RN_SIMD_VECTOR,                 \
                   RN_SIMD_COMPILED_ISA, RN_SIMD_COMPILED)
/* The same where you know better: backend is an enum rn_simd_backend, isa for example "avx2". */
#define RN_SIMD_BLOCK_AS(operation, elements, bytes, flops, backend, isa)                          \
    RN_SIMD_BLOCK_(__COUNTER__, operation, elements, bytes, flops, backend, isa, RN_SIMD_DECLARED)

/* Something was decided here. category ("optimization::inline") and name are string literals, input
 * and result strings of any kind. */
#define RN_SIMD_DECISION(category, name, input, result)                                            \
    do {                                                                                           \
        static struct rn_simd_choice rn_simd_choice_ = {category, name, __FILE__,                  \
                                                        __LINE__, 0,    NULL};                     \
        if (__builtin_expect(rn_simd_hooks != NULL, 0))                                            \
            rn_simd_hooks->decide(&rn_simd_choice_, input, result);                                \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
