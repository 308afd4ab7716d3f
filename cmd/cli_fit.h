/* SPDX-License-Identifier: MIT */
/* What the parts of rn-backend-fit share. */
#ifndef RN_CLI_FIT_H
#define RN_CLI_FIT_H

#include "cli.h"

#include "libanalysis/fit/fit.h"
#include "libanalysis/fit/history.h"

struct cli_fit {
    struct rn_fit *fit;
    const struct rn_history_machine *machine;
    const char *history;    /* its file; NULL: the recordings alone */
    struct rn_machine here; /* the one that this runs on */
};

/* What an answer rests on. Beyond what was measured it is whoever is the fastest at the last size
 * that models answer for: models do not reach further, but no rule goes against measurements. */
enum cli_fit_source { CLI_FIT_BY_RULE, CLI_FIT_BEYOND, CLI_FIT_FITTED };

/* A stretch of sizes with one answer. Both ends belong to it; UINT64_MAX: and all above. */
struct cli_fit_answer {
    uint64_t from, to;
    uint8_t use; /* enum rn_backend_use, or rn_backend */
    const char *isa;
    enum cli_fit_source source;
    const struct rn_fit_range *range; /* of what is fitted, or at the edge of that; NULL by rule */
};
#define CLI_FIT_MAX_ANSWERS (RN_FIT_MAX_RANGES + 8u)

/* All sizes from 1 on; returns how many there are. */
unsigned cli_fit_answers(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                         const struct rn_fit_placement *placement, struct cli_fit_answer *out);
/* What the built-in rules say of that size, with the backends alone that there are times of. */
uint8_t cli_fit_rule(const struct rn_fit *fit, const struct rn_fit_operation *operation,
                     uint64_t size);
/* There are times of one backend alone: that is what the rules come to. */
bool cli_fit_is_single(const struct rn_fit *fit, const struct rn_fit_operation *operation);
const char *cli_fit_source_name(enum cli_fit_source source);      /* "fitted" */
uint64_t cli_fit_first(const struct rn_fit_placement *placement); /* sizes that are answered for */
uint64_t cli_fit_last(const struct rn_fit_placement *placement);
bool cli_fit_is_known(const struct rn_fit *fit, const struct rn_fit_operation *operation);

/* "simd avx2", "gpu opencl, cold" */
void cli_fit_series_name(struct rn_buf *out, const struct rn_fit_series *series);
const char *cli_fit_use_name(uint8_t use);
const char *cli_fit_residency_name(uint8_t residency);

/* One writer for each kind of output. */
void cli_fit_table(const struct cli_fit *job, struct rn_buf *out);
void cli_fit_csv(const struct cli_fit *job, struct rn_buf *out);
void cli_fit_json(const struct cli_fit *job, struct rn_buf *out);
void cli_fit_c_header(const struct cli_fit *job, struct rn_buf *out);
void cli_fit_plot_data(const struct cli_fit *job, struct rn_buf *out);
/* Exit status: RN_EXIT_ANSWER where the data have no answer. */
int cli_fit_explain(const struct cli_fit *job, const char *operation, uint64_t size,
                    struct rn_buf *out);

/* Add recordings, telling what is new with -v. Where *history is NULL it is made in the file
 * `name`, once there is something to put into it. False after a message. */
bool cli_fit_add(struct rn_history **history, const char *name, char **paths);
/* The machine that is asked for (a prefix of its fingerprint; NULL: the only one) of the history of
 * that name (NULL: of the recordings). NULL after a message, with the exit status in *status. */
const struct rn_history_machine *cli_fit_machine(const struct rn_history_machine *machines,
                                                 size_t count, const char *wanted,
                                                 const char *history, int *status);
void cli_fit_list_machines(const struct rn_history_machine *machines, size_t count,
                           struct rn_buf *out);

#endif
