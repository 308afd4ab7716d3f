/* SPDX-License-Identifier: MIT */
/* Which variant: what was fitted, else what was measured here, else a rule. */
#include "backend_private.h"

#define MOST_TRIES 3u /* of a variant that is selected, but whose time is never told */

static struct backend_cell *cell_of(const struct rn_backend_operation *operation, uint64_t elements)
{
    unsigned bin = elements ? 64 - (unsigned)__builtin_clzll(elements) : 0;

    return (struct backend_cell *)(uintptr_t)&operation->cells[bin];
}

/* False: the policy has nothing to say of this size. */
static bool ask_policy(const struct rn_backend_operation *operation, uint64_t elements,
                       enum rn_backend_data data, struct backend_answer *answer)
{
    const struct backend_answers *answers = &operation->answers[data];
    unsigned i = 0;

    if (!answers->count || elements < answers->from || elements > answers->to)
        return false;
    while (i + 1 < answers->count && elements > answers->last[i])
        i++;
    if (answers->variant[i] < 0)
        return false;
    *answer = (struct backend_answer){(unsigned)answers->variant[i], RN_BACKEND_BY_POLICY};
    /* In a band both neighbours will do: changing costs more than it gains. */
    for (unsigned b = i ? i - 1 : 0; b <= i && b + 1 < answers->count; b++) {
        const struct backend_band *band = &answers->bands[b];
        int habit = __atomic_load_n(&operation->habit[data], __ATOMIC_RELAXED) - 1;

        if (elements < band->low || elements > band->high)
            continue;
        answer->source = RN_BACKEND_BY_HABIT;
        if (habit >= 0 && (habit == answers->variant[b] || habit == answers->variant[b + 1]))
            answer->variant = (unsigned)habit;
        break;
    }
    return true;
}

/* One that was never tried at such a size; -1: none. */
static int untried(const struct rn_backend_operation *operation, const struct backend_cell *cell)
{
    for (unsigned i = 0; i < operation->variant_count; i++)
        if (!__atomic_load_n(&cell->variant[i].count, __ATOMIC_RELAXED) &&
            __atomic_load_n(&cell->variant[i].tries, __ATOMIC_RELAXED) < MOST_TRIES)
            return (int)i;
    return -1;
}

/* The fastest of those that were measured, if these are two at least; -1. */
static int fastest(const struct rn_backend_operation *operation, const struct backend_cell *cell)
{
    uint64_t least = UINT64_MAX;
    unsigned measured = 0;
    int found = -1;

    for (unsigned i = 0; i < operation->variant_count; i++) {
        uint64_t ns = __atomic_load_n(&cell->variant[i].ns, __ATOMIC_RELAXED);

        if (!__atomic_load_n(&cell->variant[i].count, __ATOMIC_RELAXED))
            continue;
        measured++;
        if (ns < least) {
            least = ns;
            found = (int)i;
        }
    }
    return measured > 1 ? found : -1;
}

static struct backend_answer ask_experience(const struct rn_backend_operation *operation,
                                            uint64_t elements)
{
    const struct backend_cell *cell = cell_of(operation, elements);
    enum rn_backend_use use = rn_backend_rule(operation->class_of, elements);
    struct backend_answer rule = {(unsigned)operation->of_use[use], RN_BACKEND_BY_RULE};
    int found;

    if (__atomic_load_n(&cell->calls, __ATOMIC_RELAXED) < RN_BACKEND_FIRST_CALLS)
        return rule;
    if (operation->flags & RN_BACKEND_EXPLORE) {
        found = untried(operation, cell);
        if (found >= 0)
            return (struct backend_answer){(unsigned)found, RN_BACKEND_EXPLORING};
    }
    found = fastest(operation, cell);
    return found >= 0 ? (struct backend_answer){(unsigned)found, RN_BACKEND_BY_MEASURE} : rule;
}

static struct backend_answer answer(const struct rn_backend_operation *operation, uint64_t elements,
                                    enum rn_backend_data data)
{
    struct backend_answer found;

    if (ask_policy(operation, elements, data, &found))
        return found;
    return ask_experience(operation, elements);
}

/* What others read is written only where it changes. */
static void take_note(struct rn_backend_operation *operation, uint64_t elements,
                      enum rn_backend_data data, struct backend_answer taken)
{
    struct backend_cell *cell;

    if (taken.source == RN_BACKEND_BY_POLICY) {
        if (__atomic_load_n(&operation->habit[data], __ATOMIC_RELAXED) != taken.variant + 1)
            __atomic_store_n(&operation->habit[data], (uint8_t)(taken.variant + 1),
                             __ATOMIC_RELAXED);
        return;
    }
    if (taken.source == RN_BACKEND_BY_HABIT)
        return;
    cell = cell_of(operation, elements);
    if (__atomic_load_n(&cell->calls, __ATOMIC_RELAXED) < RN_BACKEND_FIRST_CALLS)
        __atomic_add_fetch(&cell->calls, 1, __ATOMIC_RELAXED);
    if (taken.source == RN_BACKEND_EXPLORING)
        __atomic_add_fetch(&cell->variant[taken.variant].tries, 1, __ATOMIC_RELAXED);
}

unsigned rn_backend_select_at(struct rn_backend_operation *operation, uint64_t elements,
                              enum rn_backend_data data)
{
    struct backend_answer taken = answer(operation, elements, data);
    bool hot = backend_count_call(operation);

    take_note(operation, elements, data, taken);
    if (__builtin_expect(rn_simd_hooks != NULL, 0) && !hot)
        backend_trace(operation, elements, data, taken);
    return taken.variant;
}

unsigned rn_backend_select(struct rn_backend_operation *operation, uint64_t elements)
{
    return rn_backend_select_at(operation, elements, RN_BACKEND_ON_HOST);
}

unsigned rn_backend_explain(const struct rn_backend_operation *operation, uint64_t elements,
                            enum rn_backend_data data, enum rn_backend_source *source)
{
    struct backend_answer found = answer(operation, elements, data);

    *source = found.source;
    return found.variant;
}

/* A median that is followed in steps (Robbins and Monro 1951), large ones at first: what is slow by
 * chance moves it no further than what is a little slower. Threads that record at the same moment
 * may undo each other's step; that does no harm. */
void rn_backend_record(struct rn_backend_operation *operation, uint64_t elements, unsigned variant,
                       uint64_t ns)
{
    struct backend_measured *measured;
    uint64_t typical, step;
    uint32_t count;

    if (variant >= operation->variant_count)
        return;
    measured = &cell_of(operation, elements)->variant[variant];
    count = __atomic_load_n(&measured->count, __ATOMIC_RELAXED);
    typical = __atomic_load_n(&measured->ns, __ATOMIC_RELAXED);
    if (count == 0) {
        typical = ns;
    } else {
        step = typical / (count < 4 ? 4 : count < 32 ? 16 : 64) + 1;
        if (ns > typical)
            typical += ns - typical < step ? ns - typical : step;
        else
            typical -= typical - ns < step ? typical - ns : step;
    }
    __atomic_store_n(&measured->ns, typical, __ATOMIC_RELAXED);
    if (count < UINT32_MAX)
        __atomic_store_n(&measured->count, count + 1, __ATOMIC_RELEASE);
}
