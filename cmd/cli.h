/* SPDX-License-Identifier: MIT */
/* What the commands share: messages, common options, output files, exit status. */
#ifndef RN_CLI_H
#define RN_CLI_H

#include "formats/buf.h"
#include "formats/reader.h"
#include "formats/status.h"
#include "libanalysis/filter.h"

#include <getopt.h>
#include <stdio.h>

#define RN_VERSION "0.1.0"

enum { RN_EXIT_OK = 0, RN_EXIT_ANSWER = 1, RN_EXIT_TROUBLE = 2 };

/* "rn-stat: run.rna: offset 4096: chunk checksum does not match" on stderr, control characters
 * replaced. Every message is one write. */
void cli_error(const struct rn_error *err);
void cli_fail(const char *format, ...) RN_PRINTF(1, 2); /* the same for a message of the command */
void cli_warn(const char *format, ...) RN_PRINTF(1, 2); /* silent with -q */
void cli_messages_to(int fd); /* instead of standard error */
/* "rn-stat: ...; try 'rn-stat --help'" and the exit status for it (2). */
int cli_usage(const char *format, ...) RN_PRINTF(1, 2);

extern const char *cli_program; /* "rn-stat" */
extern bool cli_quiet;          /* -q */
extern int cli_verbose;         /* -v, counted */

/* First thing in main: program name, locale, SIGPIPE (ends quietly), descriptors 0 to 2 open. */
void cli_start(int argc, char **argv);
/* -V and -h of every command: print to stdout and return the exit status. */
int cli_version(void);
int cli_help(const char *text);

/* getopt_long that complains in one line of this project's form: the letter, -1 at the end, or '?'
 * after a message (the command then returns RN_EXIT_TROUBLE). A `short_options` that begins with
 * '+' stops at the first operand. */
int cli_getopt(int argc, char **argv, const char *short_options, const struct option *long_options);

/* The options that every command has: -h, -q, -v, -V. cli_common returns true where the letter is
 * -q or -v (noted) and goes on; for -h and -V it prints, sets *status and *done. */
#define CLI_COMMON_SHORT "hqvV"
/* clang-format off */
#define CLI_COMMON_LONG \
    {"help", no_argument, NULL, 'h'}, \
    {"quiet", no_argument, NULL, 'q'}, \
    {"verbose", no_argument, NULL, 'v'}, \
    {"version", no_argument, NULL, 'V'}
/* clang-format on */
bool cli_common(int letter, const char *help, bool *done, int *status);

/* "10", "64K", "1.5M", "2G" (powers of 1024) to bytes; "10us", "1.5ms", "2s", "3m" to ns (a bare
 * number is seconds); a decimal number. False where the text is none or too large. */
bool cli_parse_size(const char *text, uint64_t *bytes);
bool cli_parse_duration(const char *text, uint64_t *ns);
bool cli_parse_number(const char *text, uint64_t *value);

/* Options of selection that all reading commands share: -e EXPR, -p PID, --tid TID, --kind KIND,
 * --from TIME, --to TIME, --min-duration TIME. To be put into a command's own struct option table
 * through CLI_SELECT_LONG; the short letters are CLI_SELECT_SHORT. cli_select returns false for a
 * letter that is not one of them, and sets *status to RN_EXIT_TROUBLE after a message. */
enum {
    CLI_OPT_TID = 0x100,
    CLI_OPT_KIND,
    CLI_OPT_FROM,
    CLI_OPT_TO,
    CLI_OPT_MIN_DURATION,
    CLI_OPT_OWN
};
#define CLI_SELECT_SHORT "e:p:"
/* clang-format off */
#define CLI_SELECT_LONG \
    {"expr", required_argument, NULL, 'e'}, \
    {"pid", required_argument, NULL, 'p'}, \
    {"tid", required_argument, NULL, CLI_OPT_TID}, \
    {"kind", required_argument, NULL, CLI_OPT_KIND}, \
    {"from", required_argument, NULL, CLI_OPT_FROM}, \
    {"to", required_argument, NULL, CLI_OPT_TO}, \
    {"min-duration", required_argument, NULL, CLI_OPT_MIN_DURATION}
/* clang-format on */
extern const char cli_select_help[];
bool cli_select(struct rn_filter *filter, int letter, const char *argument, int *status);
/* What is wrong with an option's argument, by a function of libanalysis/filter.h. */
void cli_expression_error(const char *option, const struct rn_error *err);

/* Become another command of the suite: the one beside this executable, else from PATH. Returns only
 * where that could not be, with errno. */
void cli_execute(const char *command, char **argv);

/* Output: standard output ("-" or NULL), or with -o FILE a temporary file beside FILE that
 * cli_output_close renames; a FILE that is no regular file (a device, a FIFO) is written directly.
 * A signal that ends the command removes the temporary file (cli_remove.h). */
struct cli_output;
struct cli_output *cli_output_open(const char *path); /* NULL after message */
/* For what is an archive itself: the other one refuses to replace one, so that a name that was meant
 * as an input is not lost. */
struct cli_output *cli_output_open_archive(const char *path);
/* Are both the same file? */
bool cli_same_file(const char *a, const char *b);
/* No pipe: it is a file, a directory, or not there. */
bool cli_can_be_read_again(const char *path);
/* Write and clear the buffer once it holds 64 KiB or more. False: no more can be written (the
 * message comes at the close). */
bool cli_output_flush_some(struct cli_output *output, struct rn_buf *buf);
bool cli_output_write(struct cli_output *output, struct rn_buf *buf);
/* Write what the buffer holds (it may be NULL), close, rename; frees output. False after a message
 * where any write failed: then the temporary file is removed. */
bool cli_output_close(struct cli_output *output, struct rn_buf *buf);
/* What is written to, for a library that writes itself. */
int cli_output_descriptor(const struct cli_output *output);
void cli_output_abandon(struct cli_output *output); /* removes the temporary file; accepts NULL */

#endif
