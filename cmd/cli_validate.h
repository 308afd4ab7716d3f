/* SPDX-License-Identifier: MIT */
/* For rn-validate: one command recorded under given circumstances. */
#ifndef RN_CLI_VALIDATE_H
#define RN_CLI_VALIDATE_H

#include "cli_diff.h"

struct cli_validate_setup {
    const char *directory; /* --dir: copied afresh for each run; NULL: run where we are */
    const char *scratch;   /* of cli_validate_prepare */
    const char *input;     /* --stdin: NULL: /dev/null */
    int timeout_ms;        /* 0: none */
    uint64_t content;      /* bytes of each transfer that are kept */
    const char *engine;    /* NULL: the default */
};

enum cli_validate_outcome {
    CLI_RUN_FINE,
    CLI_RUN_TIMED_OUT,
    CLI_RUN_NOT_STARTED, /* the shell found no command to run */
    CLI_RUN_FAILED,      /* no recording; a message has told why */
};

/* Record `sh -c command` into `archive`. What it prints goes into pipes that are read and dropped:
 * it is in the recording. */
enum cli_validate_outcome cli_validate_record(const struct cli_validate_setup *setup,
                                              const char *command, const char *archive);

/* A directory for archives and copies, removed by cli_validate_clean. False after a message. */
bool cli_validate_prepare(char *directory, size_t size);
void cli_validate_clean(const char *directory);

/* cli_validate_runs.c: what several runs of each side tell. `a` and `b` hold `runs` sides each.
 * Adds to `rules` what varies by itself, and fills job->runs. False after a message. */
bool cli_validate_learn(struct cli_diff *job, struct rn_diff_rules *rules, struct cli_diff_side *a,
                        struct cli_diff_side *b, size_t runs);

#endif
