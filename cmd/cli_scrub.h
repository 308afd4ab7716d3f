/* SPDX-License-Identifier: MIT */
/* What the parts of rn-scrub share. */
#ifndef RN_CLI_SCRUB_H
#define RN_CLI_SCRUB_H

#include "cli.h"

#include "libanalysis/scrub.h"

struct cli_scrub_options {
    bool check, json, print;
    const char *key_path, *policy_path, *output_path;
    struct rn_scrub_policy *policy;
    struct rn_buf key;
};

/* Key and policy. False after a message. */
bool cli_scrub_load(struct cli_scrub_options *options);
void cli_scrub_clear(struct cli_scrub_options *options);

/* What the first program of the recording is called is said before it is executed: look ahead,
 * where the file can be read again. */
void cli_scrub_learn(struct rn_scrub *scrub, const char *path);

/* Exit statuses. */
int cli_scrub_write(const struct cli_scrub_options *options, const char *path);
int cli_scrub_check(const struct cli_scrub_options *options, char **paths);

#endif
