/* SPDX-License-Identifier: MIT */
#include "synthetic.h"

#include "formats/event.h"

#include <math.h>
#include <string.h>

#define LEAST    16.0
#define GREATEST 16777216.0

static double uniform(struct synthetic_case *test)
{
    uint64_t z = test->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct synthetic_case *test)
{
    double a = uniform(test), b = uniform(test);

    return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}

static double between(struct synthetic_case *test, double low, double high)
{
    return low * pow(high / low, uniform(test));
}

void synthetic_case(struct synthetic_case *out, uint64_t seed)
{
    static const double powers[] = {1, 1, 1, 0.75, 1.25};
    double power;

    memset(out, 0, sizeof *out);
    out->random = seed * 1000003;
    out->runs = 6 + (unsigned)(uniform(out) * 6);
    out->repeats = 10 + (unsigned)(uniform(out) * 10);
    out->size_step = 1 + (unsigned)(uniform(out) * 2);
    out->run_spread = between(out, 0.02, 0.08);
    out->call_spread = between(out, 0.03, 0.1);
    out->tail_share = 0.1;
    out->tail_index = 1.1;
    power = powers[(unsigned)(uniform(out) * 5)];
    out->curve[0] = (struct synthetic_curve){
        .start_ns = between(out, 5, 20), .rate_ns = between(out, 0.4, 1.2), .power = power};
    out->curve[1] = (struct synthetic_curve){.start_ns = between(out, 60, 400),
                                             .rate_ns = out->curve[0].rate_ns / between(out, 4, 10),
                                             .power = power};
    out->curve[2] =
        (struct synthetic_curve){.start_ns = between(out, 8000, 60000),
                                 .rate_ns = out->curve[1].rate_ns / between(out, 2.5, 10),
                                 .power = power};
    if (uniform(out) < 0.3) {
        out->curve[1].fast_until = between(out, 1e5, 1e6);
        out->curve[1].slow_rate_ns = out->curve[1].rate_ns * between(out, 1, 3);
    }
}

double synthetic_time(const struct synthetic_curve *curve, double size)
{
    double ns = curve->start_ns + curve->rate_ns * pow(size, curve->power);

    if (curve->fast_until > 0 && size > curve->fast_until)
        ns += curve->slow_rate_ns * (size - curve->fast_until);
    return ns;
}

double synthetic_crossover(const struct synthetic_curve *a, const struct synthetic_curve *b)
{
    double low = LEAST, high = GREATEST;

    if (synthetic_time(a, low) >= synthetic_time(b, low) ||
        synthetic_time(a, high) <= synthetic_time(b, high))
        return NAN;
    while (high / low > 1.00001) {
        double middle = sqrt(low * high);

        if (synthetic_time(a, middle) < synthetic_time(b, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double call_ns(struct synthetic_case *test, double typical)
{
    double ns = typical * exp(test->call_spread * normal(test));

    if (uniform(test) < test->tail_share)
        ns *= pow(uniform(test), -1 / test->tail_index);
    return fmin(ns, 1e13);
}

/* What a recorder makes of one that was too short. */
static void count(struct rn_fit_aggregate *sum, uint64_t size, uint64_t ns)
{
    unsigned i = 0;

    while ((double)ns >= ldexp(1, (int)i))
        i++;
    if (!sum->count) {
        sum->size_bin = 64 - (unsigned)__builtin_clzll(size);
        sum->min_ns = ns;
        sum->buckets = 48;
        for (unsigned k = 0; k < sum->buckets; k++)
            sum->bucket[k] = (struct rn_fit_bucket){.from_ns = k ? ldexp(1, (int)k - 1) : 0,
                                                    .to_ns = ldexp(1, (int)k)};
    }
    sum->count++;
    sum->sum_ns += ns;
    sum->elements += size;
    sum->min_ns = ns < sum->min_ns ? ns : sum->min_ns;
    sum->max_ns = ns > sum->max_ns ? ns : sum->max_ns;
    sum->bucket[i].count++;
}

static bool fill_size(struct synthetic_case *test, struct rn_fit *fit, uint32_t series,
                      uint32_t counted, unsigned run, uint64_t size, double typical)
{
    struct rn_fit_aggregate sum = {.reason = RN_AGGREGATE_THRESHOLD};
    bool added = true;

    for (unsigned i = 0; i < test->repeats && added; i++) {
        uint64_t ns = (uint64_t)(call_ns(test, typical) + 0.5);

        if (ns < test->threshold_ns)
            count(&sum, size, ns);
        else
            added = rn_fit_add(fit, series, run, size, (size << 16) + i, ns, NULL) == RN_OK;
    }
    if (sum.count && added)
        added = rn_fit_add_aggregate(fit, counted, run, &sum, NULL) == RN_OK;
    return added;
}

bool synthetic_fill(struct synthetic_case *test, struct rn_fit *fit)
{
    static const char *const isa[3] = {NULL, "avx2", "opencl"};

    for (unsigned backend = 0; backend < 3; backend++) {
        uint8_t residency = backend == 2 ? RN_RESIDENCY_COLD : RN_RESIDENCY_UNKNOWN;
        uint32_t series, counted;

        if (test->curve[backend].rate_ns == 0)
            continue;
        if (rn_fit_series(fit, "op", (uint8_t)(backend + 1), isa[backend], residency, &series,
                          NULL) != RN_OK ||
            (test->threshold_ns && rn_fit_series(fit, "op", (uint8_t)(backend + 1), NULL,
                                                 RN_RESIDENCY_UNKNOWN, &counted, NULL) != RN_OK))
            return false;
        for (unsigned run = 0; run < test->runs; run++) {
            double factor = exp(test->run_spread * normal(test));

            for (uint64_t size = (uint64_t)LEAST; size <= (uint64_t)GREATEST;
                 size <<= test->size_step)
                if (!fill_size(test, fit, series, test->threshold_ns ? counted : series, run, size,
                               factor * synthetic_time(&test->curve[backend], (double)size)))
                    return false;
        }
    }
    return true;
}
