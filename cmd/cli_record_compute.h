/* SPDX-License-Identifier: MIT */
/* Options of rn-record about compute blocks, BLAS, decisions and sampling. */
#ifndef RN_CLI_RECORD_COMPUTE_H
#define RN_CLI_RECORD_COMPUTE_H

#include "cli_record.h"
#include "cli_record_environment.h"

#include "libanalysis/filter.h"

enum {
    CLI_OPT_SIMD = 0x200,
    CLI_OPT_BLAS,
    CLI_OPT_DECISIONS,
    CLI_OPT_MAX_OVERHEAD,
    CLI_OPT_THRESHOLD,
    CLI_OPT_TRACE_ALL
};

/* clang-format off */
#define CLI_RECORD_COMPUTE_LONG \
    {"blas", no_argument, NULL, CLI_OPT_BLAS}, \
    {"decisions", required_argument, NULL, CLI_OPT_DECISIONS}, \
    {"max-overhead", required_argument, NULL, CLI_OPT_MAX_OVERHEAD}, \
    {"simd", no_argument, NULL, CLI_OPT_SIMD}, \
    {"threshold", required_argument, NULL, CLI_OPT_THRESHOLD}, \
    {"trace-all", no_argument, NULL, CLI_OPT_TRACE_ALL}
/* clang-format on */
extern const char cli_record_compute_help[];

struct cli_record_compute {
    bool simd, blas;
    struct rn_session_producing producing;
    struct rn_sampling_limits sampling;
    double max_overhead;
    bool has_thresholds;
    struct cli_decisions *decisions;
};

/* False: the letter is not one of these options. *status: -1, or after a message the exit status.
 */
bool cli_record_compute_option(struct cli_record_compute *compute, int letter, const char *argument,
                               int *status);
/* What the options mean for a recording; after all options. -1, or after a message the exit
 * status. */
int cli_record_compute_prepare(struct cli_record_compute *compute, struct cli_recording *recording,
                               struct cli_environment *environment);
/* When the program has ended: where nothing was marked, that is said, in a line and in the recording. */
void cli_record_compute_missed(struct rn_session *session, const char *output);
void cli_record_compute_free(struct cli_record_compute *compute);

/* What this build can record of what programs compute, for --features: a line, or several. */
void cli_record_compute_features(char *text, size_t size);

/* The path of a library that is loaded into programs: beside the command as built or installed.
 * False: it is not there. */
bool cli_record_library(const char *name, char *path, size_t size);

/* Does the filter select system calls by their result? What is recorded must be known before. */
bool cli_record_depends_on_result(const struct rn_filter *filter, const uint64_t *selected);

#endif
