/* SPDX-License-Identifier: MIT */
/* generate_blocks OUT SEED [COUNT [THRESHOLD_NS [MACHINE]]]: an archive of compute blocks whose
 * times are known: "saxpy" and "matmul" in scalar code, with AVX2, and on a GPU (with and without
 * its transfers), sizes 16 to 16 M, for rn-backend-fit. The same arguments give the same archive.
 * COUNT: blocks; with THRESHOLD_NS shorter ones are counted instead, as rn-record --threshold does
 * it. */
#include "formats/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZES    21u
#define VARIANTS 4u
#define BINS     26u

struct variant {
    const char *isa;
    uint64_t backend;
    double start_ns[2], rate_ns[2]; /* of saxpy, matmul */
    double power[2];
    bool moves; /* transfers are part of it */
};

static const struct variant variants[VARIANTS] = {
    {NULL, RN_BACKEND_SCALAR, {8, 10}, {0.6, 0.4}, {1, 1.5}, false},
    {"avx2", RN_BACKEND_SIMD, {60, 90}, {0.1, 0.05}, {1, 1.5}, false},
    {"opencl", RN_BACKEND_GPU, {20000, 25000}, {0.05, 0.004}, {1, 1.5}, true},
    {"opencl", RN_BACKEND_GPU, {9000, 9500}, {0.01, 0.002}, {1, 1.5}, false},
};
static const char *const operations[2] = {"saxpy", "matmul"};

/* What is too short, by operation, backend and size. */
struct count {
    uint64_t count, sum, min, max, elements, first, last;
    uint64_t bucket[64];
};
static struct count counts[2][VARIANTS][BINS];

static uint64_t random_state, now = 1000000, threshold;

static double uniform(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    double a = uniform(), b = uniform();

    return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}

static struct rn_attachment text(uint8_t type, const char *bytes)
{
    return (struct rn_attachment){.type = type,
                                  .arg = RN_ARG_NONE,
                                  .size = (uint32_t)strlen(bytes),
                                  .data = (const uint8_t *)bytes};
}

static enum rn_status begin(const char *path, const char *machine, struct rn_writer **writer,
                            struct rn_error *err)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;
    enum rn_status status;
    char cpu[256];

    rn_manifest_init(&manifest);
    for (int i = 0; i < 16; i++)
        manifest.uuid[i] = (uint8_t)(uniform() * 256);
    manifest.creator = strdup("generate_blocks 1.0");
    manifest.engine = strdup("library");
    manifest.tick_unit = RN_TICK_NS;
    manifest.start.realtime_ns = 1767225600000000000u; /* 2026-01-01 */
    status = rn_writer_new(path, &manifest, &options, writer, err);
    rn_manifest_clear(&manifest);
    snprintf(cpu, sizeof cpu, "model name\t: %s\ncpu MHz\t\t: 2500.000\nflags\t\t: fpu sse2 avx2\n",
             machine);
    if (status == RN_OK)
        status = rn_writer_add_file(*writer, "env/cpu", cpu, strlen(cpu), err);
    return status;
}

static void count_block(struct count *count, uint64_t size, uint64_t ns)
{
    if (!count->count) {
        count->first = now;
        count->min = ns;
    }
    count->count++;
    count->sum += ns;
    count->elements += size;
    count->min = ns < count->min ? ns : count->min;
    count->max = ns > count->max ? ns : count->max;
    count->last = now + ns;
    count->bucket[ns ? 64 - __builtin_clzll(ns) : 0]++;
}

static enum rn_status add_block(struct rn_writer *writer, uint64_t stream, const char *name,
                                const struct variant *variant, uint64_t size, uint64_t ns,
                                uint64_t depth, struct rn_error *err)
{
    struct rn_attachment attachments[2] = {text(RN_ATT_NAME, name)};
    struct rn_event event = {.kind = RN_KIND_BLOCK,
                             .stream = (uint32_t)stream,
                             .start = now + depth,
                             .duration = ns,
                             .u.block = {.elements = size,
                                         .bytes = 12 * size,
                                         .backend = variant->backend,
                                         .depth = depth,
                                         .provenance = RN_PROVENANCE_DECLARED},
                             .attachment_count = variant->isa ? 2 : 1,
                             .attachments = attachments};

    if (variant->isa)
        attachments[1] = text(RN_ATT_ISA, variant->isa);
    return rn_writer_add(writer, &event, err);
}

/* One call in ten takes longer, some of them very much. */
static uint64_t time_of(const struct variant *variant, unsigned operation, uint64_t size,
                        double factor)
{
    double ns =
        factor * (variant->start_ns[operation] +
                  variant->rate_ns[operation] * pow((double)size, variant->power[operation]));

    ns *= exp(0.05 * normal());
    if (uniform() < 0.1)
        ns *= pow(uniform(), -1 / 1.2);
    return (uint64_t)(fmin(ns, 1e12) + 0.5);
}

static enum rn_status add_run(struct rn_writer *writer, uint64_t stream, unsigned number,
                              const double *factor, struct rn_error *err)
{
    unsigned v = number % VARIANTS, operation = number / VARIANTS % 2;
    uint64_t size = UINT64_C(16) << number / (2 * VARIANTS) % SIZES;
    const struct variant *variant = &variants[v];
    uint64_t ns = time_of(variant, operation, size, factor[v]);
    enum rn_status status = RN_OK;

    if (ns < threshold) {
        count_block(&counts[operation][v][64 - __builtin_clzll(size)], size, ns);
    } else {
        status = add_block(writer, stream, operations[operation], variant, size, ns, 0, err);
        if (status == RN_OK && variant->moves)
            status = add_block(writer, stream, "transfer", variant, size, ns / 4, 1, err);
    }
    now += ns + 1000;
    return status;
}

static enum rn_status add_count(struct rn_writer *writer, uint64_t stream, const char *name,
                                const struct variant *variant, unsigned bin,
                                const struct count *count, struct rn_error *err)
{
    uint64_t pairs[128];
    uint32_t used = 0;
    struct rn_attachment attachments[2] = {text(RN_ATT_NAME, name)};
    struct rn_event event = {.kind = RN_KIND_AGGREGATE,
                             .stream = (uint32_t)stream,
                             .start = count->first,
                             .duration = count->last - count->first,
                             .u.aggregate = {.of = RN_KIND_BLOCK,
                                             .backend = variant->backend,
                                             .size_bin = bin,
                                             .count = count->count,
                                             .sum = count->sum,
                                             .min = count->min,
                                             .max = count->max,
                                             .elements = count->elements},
                             .attachment_count = 2,
                             .attachments = attachments};

    for (uint64_t i = 0; i < 64; i++) {
        if (!count->bucket[i])
            continue;
        pairs[used++] = i;
        pairs[used++] = count->bucket[i];
    }
    attachments[1] = (struct rn_attachment){.type = RN_ATT_HISTOGRAM,
                                            .arg = RN_ARG_NONE,
                                            .size = used * 8,
                                            .data = (const uint8_t *)pairs};
    return rn_writer_add(writer, &event, err);
}

static enum rn_status add_counts(struct rn_writer *writer, uint64_t stream, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned operation = 0; operation < 2; operation++)
        for (unsigned v = 0; v < VARIANTS; v++)
            for (unsigned bin = 0; bin < BINS && status == RN_OK; bin++)
                if (counts[operation][v][bin].count)
                    status = add_count(writer, stream, operations[operation], &variants[v], bin,
                                       &counts[operation][v][bin], err);
    return status;
}

static enum rn_status build(struct rn_writer *writer, unsigned long count, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 100, .tid = 100};
    double factor[VARIANTS];
    uint64_t id;
    enum rn_status status = rn_writer_add_stream(writer, &stream, "main", &id, err);

    for (unsigned v = 0; v < VARIANTS; v++)
        factor[v] = exp(0.03 * normal());
    for (unsigned long i = 0; i < count && status == RN_OK; i++)
        status = add_run(writer, id, (unsigned)i, factor, err);
    if (status == RN_OK)
        status = add_counts(writer, id, err);
    return status == RN_OK ? rn_writer_seal(writer, err) : status;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_writer *writer = NULL;
    unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 10) : 2000;
    char message[1200];
    enum rn_status status;

    if (argc < 3 || argc > 6) {
        fprintf(stderr, "usage: generate_blocks OUT SEED [COUNT [THRESHOLD_NS [MACHINE]]]\n");
        return 2;
    }
    random_state = strtoul(argv[2], NULL, 10) * 1000003;
    threshold = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    status = begin(argv[1], argc > 5 ? argv[5] : "Example CPU", &writer, &err);
    if (status == RN_OK)
        status = build(writer, count, &err);
    if (status != RN_OK)
        fprintf(stderr, "generate_blocks: %s\n", rn_error_text(&err, message, sizeof message));
    rn_writer_free(writer);
    return status == RN_OK ? 0 : 2;
}
