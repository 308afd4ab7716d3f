/* SPDX-License-Identifier: MIT */
/* Comparing recordings, for rn-diff and rn-validate: loading both sides, and the report in each of
 * its forms. */
#ifndef RN_CLI_DIFF_H
#define RN_CLI_DIFF_H

#include "cli.h"
#include "cli_source_map.h"

#include "libanalysis/diff.h"
#include "libanalysis/sequence.h"

struct cli_diff_side {
    const char *path;
    char *command; /* as one line; NULL unknown */
    struct rn_effects *effects;
    struct rn_sequence *sequence; /* --mode=sequence */
    uint64_t content_head;        /* bytes of each transfer that the recording keeps */
};

enum cli_diff_mode { CLI_DIFF_EFFECTS, CLI_DIFF_SEQUENCE };

/* What was learned from several runs of each side; rn-validate fills it. */
struct cli_diff_runs {
    size_t runs;     /* of each side; 0 or 1: no statistics */
    size_t agreeing; /* pairs of runs that were found equivalent */
    size_t pairs;
    double low, high;                          /* Wilson interval of the share of agreeing pairs */
    double speedup, speedup_low, speedup_high; /* A's time over B's; 95% interval */
    char varies[1024];                         /* objects that vary from run to run by themselves */
};

struct cli_diff {
    struct cli_diff_side a, b;
    enum cli_diff_mode mode;
    struct rn_diff *diff;
    struct rn_sequence_result sequence;
    double tolerance;
    unsigned context; /* events on each side of the first difference */
    bool stat;        /* objects as a table only */
    bool colour;
    const char *name_a, *name_b;       /* in headings */
    const struct rn_source_maps *maps; /* NULL: places are told as they were compiled */
    struct cli_diff_runs runs;
};

/* cli_diff_load.c. False after a message. */
bool cli_diff_load(struct cli_diff_side *side, const char *path, enum cli_diff_mode mode,
                   uint64_t keep);
void cli_diff_side_free(struct cli_diff_side *side);
/* Rules from a file; NULL after a message. */
struct rn_diff_rules *cli_diff_read_rules(const char *path);

/* The comparison itself. False after a message. */
bool cli_diff_compare(struct cli_diff *job, const struct rn_diff_rules *rules);
void cli_diff_free(struct cli_diff *job);
/* Exit status of the verdict: 0, 1, 2. */
int cli_diff_status(const struct cli_diff *job);
const char *cli_diff_verdict(const struct cli_diff *job);

/* cli_diff_text.c, cli_diff_json.c: append the report. */
void cli_diff_text(const struct cli_diff *job, struct rn_buf *out);
void cli_diff_json(const struct cli_diff *job, struct rn_buf *out);
/* cli_diff_junit.c: write FILE: one test case an object. False after a message. */
bool cli_diff_junit(const struct cli_diff *job, const char *path);

/* cli_diff_context.c: `count` calls of the thread before the event, the event, and as many behind
 * it, a line each. Nothing where the recording cannot be read again. */
void cli_diff_context(const struct cli_diff *job, const struct cli_diff_side *side,
                      const struct rn_place *place, char mark, struct rn_buf *out);
/* cli_diff_stack.c: the functions that the call at the place was made in, a line each, or as a
 * member "frames" of a JSON object. Nothing where no stack was recorded with it, or the recording
 * cannot be read again. */
void cli_diff_stack(const struct cli_diff *job, const struct cli_diff_side *side,
                    const struct rn_place *place, bool json, struct rn_buf *out);
/* The lines of a text around a difference that both sides keep the bytes of. */
void cli_diff_lines(const struct cli_diff *job, const struct rn_finding *finding,
                    struct rn_buf *out);
/* Escape sequences where colour is wanted. */
void cli_diff_colour(const struct cli_diff *job, struct rn_buf *out, const char *code);

/* Options that rn-diff and rn-validate share. */
struct cli_diff_options {
    enum cli_diff_mode mode;
    double tolerance;
    uint64_t context;
    bool json, stat;
    int colour; /* -1 automatic, 0 never, 1 always */
    const char *output, *junit, *rules;
    struct rn_source_maps *maps; /* rn-diff's own: --source-map */
};
/* clang-format off */
enum {
    CLI_DIFF_OPT_COLOUR = 0x200, CLI_DIFF_OPT_JSON, CLI_DIFF_OPT_JUNIT, CLI_DIFF_OPT_MODE,
    CLI_DIFF_OPT_RULES, CLI_DIFF_OPT_STAT, CLI_DIFF_OPT_TOLERANCE, CLI_DIFF_OPT_OWN
};
#define CLI_DIFF_SHORT "o:U:"
#define CLI_DIFF_LONG \
    {"color", required_argument, NULL, CLI_DIFF_OPT_COLOUR}, \
    {"json", no_argument, NULL, CLI_DIFF_OPT_JSON}, \
    {"junit", required_argument, NULL, CLI_DIFF_OPT_JUNIT}, \
    {"mode", required_argument, NULL, CLI_DIFF_OPT_MODE}, \
    {"output", required_argument, NULL, 'o'}, \
    {"rules", required_argument, NULL, CLI_DIFF_OPT_RULES}, \
    {"stat", no_argument, NULL, CLI_DIFF_OPT_STAT}, \
    {"tolerance", required_argument, NULL, CLI_DIFF_OPT_TOLERANCE}, \
    {"unified", required_argument, NULL, 'U'}
/* clang-format on */
extern const char cli_diff_help[];
/* True where the letter is one of them; *status is set after a message. */
bool cli_diff_option(struct cli_diff_options *options, int letter, const char *argument,
                     int *status);
/* Compare what is loaded and report it as the options say: the exit status. */
int cli_diff_run(struct cli_diff *job, const struct cli_diff_options *options);

#endif
