/* SPDX-License-Identifier: MIT */
/* rn_backend.h: which backend to take for an operation of a given size, by a policy that
 * rn-backend-fit(1) made, by what was measured since the program began, or by simple rules.
 *
 *     static const struct rn_backend_variant variants[] = {
 *         {RN_BACKEND_USE_SCALAR, NULL}, {RN_BACKEND_USE_SIMD, "avx2"}};
 *     struct rn_backend_policy *policy;
 *     struct rn_backend_operation *saxpy;
 *
 *     rn_backend_open("policy.json", 0, &policy, NULL, 0);
 *     saxpy = rn_backend_operation(policy, "saxpy", variants, 2);
 *     switch (rn_backend_select(saxpy, n)) { ... }
 *
 * C (GNU) and C++; needs the C library alone. Thread-safe: several threads may select and record
 * for the same operation; open, operation and free are called by one thread at a time. Sizes are
 * numbers of elements, times are nanoseconds. See rn-backend(3). */
#ifndef RN_BACKEND_H
#define RN_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define RN_BACKEND_MAX_VARIANTS   8u
#define RN_BACKEND_MAX_OPERATIONS 1024u
#define RN_BACKEND_HOT_CALLS      10000u /* in a second, by one thread: these are not traced */
#define RN_BACKEND_FIRST_CALLS    10u    /* of an operation and size: no exploring yet */

enum rn_backend_use { RN_BACKEND_USE_SCALAR = 1, RN_BACKEND_USE_SIMD = 2, RN_BACKEND_USE_GPU = 3 };

/* A way that the program has to do an operation. isa NULL: any; else as recordings name it
 * ("avx2"). */
struct rn_backend_variant {
    enum rn_backend_use backend;
    const char *isa;
};

/* Where the data is: a GPU has to fetch it from the host. */
enum rn_backend_data { RN_BACKEND_ON_HOST = 0, RN_BACKEND_ON_DEVICE = 1 };

/* What an answer rests on. */
enum rn_backend_source {
    RN_BACKEND_BY_RULE,    /* built-in rules: nothing is known */
    RN_BACKEND_BY_POLICY,  /* fitted */
    RN_BACKEND_BY_HABIT,   /* fitted, but the data cannot tell here: what was used last */
    RN_BACKEND_BY_MEASURE, /* rn_backend_record has been told */
    RN_BACKEND_EXPLORING,  /* it was never tried at such a size */
    RN_BACKEND_SOURCES
};

enum rn_backend_flags {
    RN_BACKEND_EXPLORE = 1,     /* try what was never tried, where no policy answers */
    RN_BACKEND_ANY_MACHINE = 2, /* use a policy that was made on another CPU */
};

struct rn_backend_policy;
struct rn_backend_operation;

/* Load a policy; path NULL: none, rules alone. 0, or an errno value with a sentence in `message`
 * (may be NULL): then *out is there all the same, and works by rules. EXDEV: the policy is of
 * another machine. ENOMEM: *out is NULL. */
int rn_backend_open(const char *path, unsigned flags, struct rn_backend_policy **out, char *message,
                    size_t message_size);
/* The same from memory. */
int rn_backend_parse(const char *json, size_t size, unsigned flags, struct rn_backend_policy **out,
                     char *message, size_t message_size);
void rn_backend_free(
    struct rn_backend_policy *policy); /* accepts NULL; its operations go with it */

/* The operation of that name; 1 to RN_BACKEND_MAX_VARIANTS variants, which are copied (isa must
 * outlive it). NULL: no memory, or over a limit. */
struct rn_backend_operation *rn_backend_operation(struct rn_backend_policy *policy,
                                                  const char *name,
                                                  const struct rn_backend_variant *variants,
                                                  unsigned count);

/* Index of the variant to take. */
unsigned rn_backend_select(struct rn_backend_operation *operation, uint64_t elements);
unsigned rn_backend_select_at(struct rn_backend_operation *operation, uint64_t elements,
                              enum rn_backend_data data);
/* The same for curiosity: no side effect, and says what the answer rests on. */
unsigned rn_backend_explain(const struct rn_backend_operation *operation, uint64_t elements,
                            enum rn_backend_data data, enum rn_backend_source *source);
/* How long a variant took. */
void rn_backend_record(struct rn_backend_operation *operation, uint64_t elements, unsigned variant,
                       uint64_t ns);
/* Does this thread call it more than RN_BACKEND_HOT_CALLS times a second? Then its selections are
 * not recorded as decisions. */
int rn_backend_is_hot(const struct rn_backend_operation *operation);

/* What the rules say. */
enum rn_backend_class {
    RN_BACKEND_IRREGULAR,
    RN_BACKEND_VECTOR,
    RN_BACKEND_REDUCTION,
    RN_BACKEND_MATRIX,
    RN_BACKEND_CONVOLUTION
};
enum rn_backend_class rn_backend_class_of(const char *operation); /* by its name */
enum rn_backend_use rn_backend_rule(enum rn_backend_class class_of, uint64_t elements);
const char *rn_backend_class_name(enum rn_backend_class class_of);
const char *rn_backend_source_name(enum rn_backend_source source);

/* A number for the CPU that /proc/cpuinfo describes: model, stepping and flags, not clocks. 0 where
 * the text says nothing of the kind. */
uint64_t rn_backend_cpu_fingerprint(const char *cpuinfo, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
