/* SPDX-License-Identifier: MIT */
/* An operation of the program: what a policy says of it, in terms of the variants that there are.
 */
#include "backend_private.h"

#include <stdlib.h>
#include <string.h>

/* The variant of that instruction set; else one of that backend; else -1. */
static int8_t variant_for(const struct rn_backend_operation *operation, uint8_t use,
                          const char *isa)
{
    int8_t found = -1;

    for (unsigned i = 0; i < operation->variant_count; i++) {
        const struct rn_backend_variant *variant = &operation->variants[i];

        if (variant->backend != use)
            continue;
        if (variant->isa && strcmp(variant->isa, isa) == 0)
            return (int8_t)i;
        if (found < 0)
            found = (int8_t)i;
    }
    return found;
}

/* A rule may ask for what the program has not: the next simpler one then. */
static void set_uses(struct rn_backend_operation *operation)
{
    for (uint8_t use = 1; use < 4; use++) {
        int8_t found = -1;

        for (uint8_t down = use; down > 0 && found < 0; down--)
            found = variant_for(operation, down, "");
        operation->of_use[use] = found < 0 ? 0 : found;
    }
}

static void set_answers(struct rn_backend_operation *operation,
                        const struct backend_placement *placement, struct backend_answers *out)
{
    out->from = placement->from;
    out->to = placement->to;
    out->count = placement->range_count;
    for (unsigned i = 0; i < placement->range_count; i++) {
        out->last[i] = placement->ranges[i].to;
        out->variant[i] =
            variant_for(operation, placement->ranges[i].use, placement->ranges[i].isa);
    }
    for (unsigned i = 0; i < placement->band_count; i++)
        out->bands[i] = placement->bands[i];
    for (unsigned i = placement->band_count; i < BACKEND_MAX_RANGES; i++)
        out->bands[i] = (struct backend_band){.low = 1, .high = 0};
}

static const struct backend_entry *entry_of(const struct rn_backend_policy *policy,
                                            const char *name)
{
    for (unsigned i = 0; i < policy->entry_count; i++)
        if (strcmp(policy->entries[i].name, name) == 0)
            return &policy->entries[i];
    return NULL;
}

struct rn_backend_operation *rn_backend_operation(struct rn_backend_policy *policy,
                                                  const char *name,
                                                  const struct rn_backend_variant *variants,
                                                  unsigned count)
{
    static uint64_t serial;
    const struct backend_entry *entry = entry_of(policy, name);
    struct rn_backend_operation *made;

    if (count < 1 || count > RN_BACKEND_MAX_VARIANTS ||
        policy->operation_count == RN_BACKEND_MAX_OPERATIONS)
        return NULL;
    made = calloc(1, sizeof *made);
    if (!made || !(made->name = strdup(name))) {
        free(made);
        return NULL;
    }
    made->serial = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
    made->flags = policy->flags;
    made->class_of = rn_backend_class_of(name);
    made->variant_count = count;
    memcpy(made->variants, variants, count * sizeof *variants);
    set_uses(made);
    for (int data = 0; entry && data < 2; data++)
        set_answers(made, &entry->placements[data], &made->answers[data]);
    made->choice = (struct rn_simd_choice){.category = "backend::select", .name = made->name};
    made->next = policy->operations;
    policy->operations = made;
    policy->operation_count++;
    return made;
}
