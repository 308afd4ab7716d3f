/* SPDX-License-Identifier: MIT */
/* coverage CASES: how often does the interval of a crossover hold the true one? Cases have fixed
 * seeds, so that the answer is always the same. Prints a line for each crossover that was missed
 * with -v, and the verdicts. */
#include "synthetic.h"

#include "formats/event.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    unsigned crossovers, covered, found, below, above, undecided;
    double width;
};

static const struct rn_fit_crossover *between(const struct rn_fit *fit, unsigned a, unsigned b)
{
    const struct rn_fit_placement *placement = &fit->operations[0].placements[0];

    for (unsigned i = 0; i < placement->crossover_count; i++) {
        const struct rn_fit_crossover *crossover = &placement->crossovers[i];

        if (fit->series[crossover->below].backend == a + 1 &&
            fit->series[crossover->above].backend == b + 1)
            return crossover;
    }
    return NULL;
}

static void judge(const struct synthetic_case *test, const struct rn_fit *fit, unsigned a,
                  unsigned b, struct tally *tally)
{
    double truth = synthetic_crossover(&test->curve[a], &test->curve[b]);
    const struct rn_fit_crossover *found = between(fit, a, b);

    tally->crossovers++;
    if (!found) {
        printf("# no crossover from %u to %u at %.0f:", a, b, truth);
        for (uint32_t i = 0; i < fit->series_count; i++)
            printf(" %s %s;", rn_fit_form_name(fit->series[i].model.form), fit->series[i].why);
        printf("\n");
        return;
    }
    tally->found++;
    tally->undecided += !found->decided;
    tally->width += log(found->high / found->low);
    if (truth >= found->low && truth <= found->high)
        tally->covered++;
    else if (truth < found->low)
        tally->below++;
    else
        tally->above++;
    if (truth < found->low || truth > found->high)
        printf("# missed: %u to %u at %.0f: %.0f, %.0f to %.0f (%s, %s)\n", a, b, truth,
               found->size, found->low, found->high,
               rn_fit_form_name(fit->series[found->below].model.form),
               rn_fit_form_name(fit->series[found->above].model.form));
}

/* Is there a crossover from SIMD to GPU, where scalar code is not faster than both again? */
static bool simd_hands_over(const struct synthetic_case *test, double first, double size)
{
    return !isnan(size) && !(size < 1.5 * first) && size < 8e6 &&
           synthetic_time(&test->curve[0], size) > 1.05 * synthetic_time(&test->curve[1], size);
}

static bool run_case(uint64_t seed, struct tally *tally)
{
    struct synthetic_case test;
    struct rn_fit_options options = {.seed = seed};
    struct rn_fit *fit = rn_fit_new(&options);
    double first, second;
    bool done;

    synthetic_case(&test, seed);
    done = fit && synthetic_fill(&test, fit) && rn_fit_run(fit, NULL) == RN_OK;
    first = synthetic_crossover(&test.curve[0], &test.curve[1]);
    second = synthetic_crossover(&test.curve[1], &test.curve[2]);
    if (done && !isnan(first) && !(second < 1.5 * first))
        judge(&test, fit, 0, 1, tally);
    if (done && simd_hands_over(&test, first, second))
        judge(&test, fit, 1, 2, tally);
    rn_fit_free(fit);
    return done;
}

static struct rn_fit *fit_case(uint64_t seed, uint64_t threshold_ns)
{
    struct synthetic_case test;
    struct rn_fit_options options = {.seed = seed};
    struct rn_fit *fit = rn_fit_new(&options);

    synthetic_case(&test, seed);
    test.threshold_ns = threshold_ns;
    if (!fit || !synthetic_fill(&test, fit) || rn_fit_run(fit, NULL) != RN_OK)
        exit(2);
    return fit;
}

/* The same calls, but for those under 100 us, which are counted: each crossover that is found must
 * meet the interval that all calls give. */
static bool compare_cut(unsigned cases)
{
    unsigned kept = 0, refused = 0, moved = 0;

    for (unsigned seed = 1; seed <= cases; seed++) {
        struct rn_fit *full = fit_case(seed, 0), *cut = fit_case(seed, 100000);

        for (unsigned a = 0; a < 2; a++) {
            const struct rn_fit_crossover *one = between(full, a, a + 1);
            const struct rn_fit_crossover *other = between(cut, a, a + 1);

            if (one && cut->operations[0].placements[0].refused == RN_FIT_CENSORED)
                refused++;
            else if (one && other && other->low <= one->high && one->low <= other->high)
                kept++;
            else if (one)
                moved++;
        }
        rn_fit_free(full);
        rn_fit_free(cut);
    }
    printf("# under 100 us counted: %u crossovers kept, %u refused, %u moved\n", kept, refused,
           moved);
    return moved == 0;
}

int main(int argc, char **argv)
{
    unsigned cases = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
    struct tally tally = {0};
    double share;
    bool good, kept;

    for (unsigned seed = 1; seed <= cases; seed++)
        if (!run_case(seed, &tally))
            return 2;
    share = 100.0 * tally.covered / tally.crossovers;
    good = share >= 85 && share <= 95;
    printf("# %u cases, %u crossovers, %u found, %u undecided; width: a factor of %.2f; missed: %u "
           "below, %u above\n",
           cases, tally.crossovers, tally.found, tally.undecided, exp(tally.width / tally.found),
           tally.below, tally.above);
    printf("%s - 90 %% intervals hold the truth in 85 to 95 %% of the cases: %.1f %%\n",
           good ? "ok" : "not ok", share);
    kept = compare_cut(cases / 4);
    printf("%s - counted calls move no crossover, or it is refused\n", kept ? "ok" : "not ok");
    return !good || !kept;
}
