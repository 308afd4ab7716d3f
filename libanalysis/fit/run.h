/* SPDX-License-Identifier: MIT */
/* What a recording says of compute operations: one time for each block, kernel and kernel with its
 * transfers, and what was counted; and the machine that it was made on.
 *
 * A block on a GPU is cold where a transfer, or a block named "transfer", lies within it in the
 * same process; resident where the recording has transfers, but none there; else its residency is
 * unknown. A kernel counts under its own name: as resident by itself, and as cold with the
 * transfers to the device before it and from the device after it, on its queue. Its size is its
 * number of work-items.
 *
 * Memory: 40 bytes a sample, at most RN_RUN_MAX_SAMPLES. Not thread-safe. */
#ifndef RN_RUN_H
#define RN_RUN_H

#include "fit.h"
#include "formats/reader.h"

#define RN_RUN_MAX_SAMPLES (64u << 20)
#define RN_RUN_MAX_SERIES  4096u
#define RN_RUN_MAX_NAME    255u /* bytes of an operation's name; the rest is cut */

struct rn_run_series {
    char *operation, *isa; /* isa empty: not known */
    uint8_t backend, residency;
};
struct rn_run_sample {
    uint32_t series;
    uint64_t elements, bytes, start_ns, duration_ns; /* start: since the recording began */
};
struct rn_run_aggregate {
    uint32_t series;
    uint64_t start_ns;
    struct rn_fit_aggregate sum;
};

/* Texts are empty where not known, never NULL. */
struct rn_machine {
    char *cpu, *cpu_flags, *gpu, *gpu_driver;
    double cpu_mhz, gpu_mhz;  /* as the recording says; 0 unknown; no part of the fingerprint */
    uint64_t cpu_fingerprint; /* as rn_backend_cpu_fingerprint(); 0: nothing is known */
    uint64_t fingerprint;     /* of CPU, GPU and driver */
};

struct rn_run {
    uint8_t uuid[16];
    uint64_t digest; /* of samples and aggregates: two recordings that say the same have the same */
    uint64_t recorded_ns; /* CLOCK_REALTIME */
    char *host, *command; /* empty where not known */
    struct rn_machine machine;
    uint64_t lost;         /* events that the recording states as lost */
    uint64_t threshold_ns; /* blocks that were shorter were counted; 0: none */
    bool incomplete;
    struct rn_run_series *series;
    uint32_t series_count;
    struct rn_run_sample *samples; /* by series, size and start */
    size_t sample_count;
    struct rn_run_aggregate *aggregates;
    size_t aggregate_count;
};

/* Read a recording to its end. Where part of it is damaged, what can be read is there, `incomplete`
 * is set, and the first failure is returned. Free it in any case. */
RN_MUST_CHECK enum rn_status rn_run_read(struct rn_reader *reader, struct rn_run *out,
                                         struct rn_error *err);
void rn_run_free(struct rn_run *run);

/* From the facts in an archive (text of env/cpu, env/nvidia-smi.xml; may be empty). False: no
 * memory. */
bool rn_machine_describe(struct rn_machine *out, const char *cpu, size_t cpu_size, const char *gpu,
                         size_t gpu_size);
bool rn_machine_here(
    struct rn_machine *out); /* the CPU of this machine; its GPU is not looked for */
void rn_machine_free(struct rn_machine *machine);

#endif
