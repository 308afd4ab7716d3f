/* SPDX-License-Identifier: MIT */
/* What rn-info finds out about a recording, and how it shows it. */
#ifndef RN_CLI_INFO_H
#define RN_CLI_INFO_H

#include "cli.h"

#include "libanalysis/locator.h"

/* Remarks and losses that are kept in words; the others are counted. */
enum { CLI_INFO_REMARKS = 64, CLI_INFO_STREAM_TYPES = 4 };

/* Equal notices, or all losses of one kind and reason, together. */
struct cli_info_remark {
    bool is_loss;
    uint64_t code;  /* enum rn_notice_code, or enum rn_loss_reason */
    uint64_t kind;  /* of what was lost */
    uint64_t count; /* events lost (0 unknown number), or times that the notice was given */
    char *text;
};

struct cli_info_number_set {
    uint64_t *slots; /* 0: free */
    size_t capacity, count;
};

struct cli_info {
    const char *name;
    struct rn_reader *reader;
    const struct rn_manifest *manifest;
    const struct rn_index *index; /* NULL unknown */
    bool scanned;                 /* the events were read, not only manifest and index */
    bool sealed, incomplete;
    bool is_part, live; /* a part directory; its recorder is running */
    bool has_size;
    uint64_t size; /* bytes on disk */
    uint64_t counts[RN_KIND_LIMIT];
    uint64_t events;
    uint64_t lost; /* UINT64_MAX unknown number */
    uint64_t members, segments;
    uint64_t duration_ns;
    uint64_t skipped;
    uint64_t damage;   /* places that could not be read */
    uint64_t inflight; /* calls that had not returned at the end */
    /* Known where scanned: */
    struct cli_info_number_set streams, processes;
    uint64_t stream_types[CLI_INFO_STREAM_TYPES];
    uint64_t traced; /* system calls that ptrace saw beside another engine */
    struct cli_info_remark remarks[CLI_INFO_REMARKS];
    size_t remark_count;
    uint64_t remarks_left_out;
    char *attached_exe;
    struct rn_device_clocks *clocks; /* NULL: there are none */
    double tick_ns;                  /* of the recording's ticks, where there are */
};

/* Find out; `brief` reads manifest and index only where there is an index at once. False after a
 * message where nothing can be shown. cli_info_clear in any case. */
bool cli_info_read(struct cli_info *info, const char *path, bool brief);
void cli_info_clear(struct cli_info *info);

void cli_info_text(const struct cli_info *info, struct rn_buf *out);
void cli_info_json(const struct cli_info *info, struct rn_buf *out); /* one line */

/* Remember a notice or loss, and show either the losses or the notices, one a line. */
void cli_info_note_remark(struct cli_info *info, const struct rn_event *event);
void cli_info_show_remarks(const struct cli_info *info, bool losses, struct rn_buf *out);

/* Put the table of symbols that it needs into a recording, in place; a line about it to `out`.
 * `options`: as rn_locator_use takes them. False after a message. */
bool cli_info_embed(const char *path, const struct rn_locator_options *options, struct rn_buf *out);

/* cli_info_clock.c: the clocks of devices, a line each; or the elements of an array. */
void cli_info_show_clocks(const struct cli_info *info, struct rn_buf *out);
void cli_info_put_clocks(const struct cli_info *info, struct rn_buf *out);

/* Check every checksum and decode every row; one line on stderr a problem. True: all is well. */
bool cli_info_verify(const char *path, struct rn_buf *out);

/* Append the files that tell about the machine (env/...): all, or the one of that name. False after
 * a message. */
bool cli_info_environment(const char *path, const char *name, struct rn_buf *out);

/* Is it known how many calls were recorded inline and by ptrace? */
bool cli_info_has_engines(const struct cli_info *info);

/* "wait status" in words: "exit status 3", "killed by SIGSEGV". */
void cli_info_status(int status, struct rn_buf *out);
const char *cli_info_loss_reason(uint64_t reason); /* "ring-full"... */

#endif
