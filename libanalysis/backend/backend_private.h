/* SPDX-License-Identifier: MIT */
/* What the files of librn-backend share. */
#ifndef RN_BACKEND_PRIVATE_H
#define RN_BACKEND_PRIVATE_H

#include "rn_backend.h"

#include "capture/inject/rn_simd.h"

#include <stdbool.h>

#define BACKEND_MAX_RANGES 16u
#define BACKEND_MAX_ISA    32u
#define BACKEND_BINS       65u

/* As in a policy: the last size of each range, and what to take. */
struct backend_range {
    uint64_t to;
    uint8_t use; /* enum rn_backend_use; 0: no answer */
    char isa[BACKEND_MAX_ISA];
};
struct backend_band {
    uint64_t low, high;
};
struct backend_placement {
    uint64_t from, to;
    unsigned range_count, band_count;
    struct backend_range ranges[BACKEND_MAX_RANGES];
    struct backend_band bands[BACKEND_MAX_RANGES]; /* between range i and i + 1 */
};
struct backend_entry {
    char *name;
    struct backend_placement placements[2]; /* enum rn_backend_data */
};

struct rn_backend_policy {
    unsigned flags;
    struct backend_entry *entries;
    unsigned entry_count;
    struct rn_backend_operation *operations; /* a list */
    unsigned operation_count;
};

/* The same for the variants that a program has. */
struct backend_answers {
    uint64_t from, to;
    unsigned count;
    uint64_t last[BACKEND_MAX_RANGES];
    int8_t variant[BACKEND_MAX_RANGES]; /* -1: the program has none such */
    struct backend_band bands[BACKEND_MAX_RANGES];
};

/* What was measured since the program began, for sizes of one power of 2. */
struct backend_measured {
    uint32_t count, tries;
    uint64_t ns; /* typical */
};
struct backend_cell {
    uint32_t calls;
    struct backend_measured variant[RN_BACKEND_MAX_VARIANTS];
};

struct rn_backend_operation {
    struct rn_backend_operation *next;
    char *name;
    uint64_t serial; /* no other operation ever has it */
    unsigned flags, variant_count;
    struct rn_backend_variant variants[RN_BACKEND_MAX_VARIANTS];
    int8_t of_use[4]; /* enum rn_backend_use: the variant for it */
    enum rn_backend_class class_of;
    struct backend_answers answers[2];
    struct rn_simd_choice choice;
    uint8_t habit[2]; /* 1 + variant that was taken last outside of bands */
    struct backend_cell cells[BACKEND_BINS];
};

struct backend_answer {
    unsigned variant;
    enum rn_backend_source source;
};

/* backend_hot.c: this thread calls it once more; is it hot? */
bool backend_count_call(const struct rn_backend_operation *operation);
/* backend_trace.c: what was selected becomes a decision of the recording. */
void backend_trace(struct rn_backend_operation *operation, uint64_t elements,
                   enum rn_backend_data data, struct backend_answer answer);

#endif
