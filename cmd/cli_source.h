/* SPDX-License-Identifier: MIT */
/* A recording that a command reads from begin to end: reader, trace model, damage met so far. */
#ifndef RN_CLI_SOURCE_H
#define RN_CLI_SOURCE_H

#include "cli.h"

#include "libanalysis/trace.h"

struct cli_source {
    struct rn_reader *reader;
    struct rn_trace *trace;
    uint64_t damage;   /* places that could not be read */
    bool lacks_events; /* a loss was stated */
};

/* Open `path` and go to where the filter's time range can begin (NULL: stay at the begin, as
 * whoever looks for places in the source must: what tells them may stand before). False after a
 * message; call cli_source_close in any case. */
bool cli_source_open(struct cli_source *source, const char *path, const struct rn_filter *filter);
void cli_source_close(struct cli_source *source);

/* The next row of any kind, times of devices as ticks of the recording. RN_OK; RN_EOF at the end;
 * RN_E_FORMAT where a damaged place was skipped (told and counted: call again); anything else,
 * after a message, ends the reading. */
enum rn_status cli_source_next(struct cli_source *source, struct rn_event *event);
/* Bring the trace model up to date, after the event has been used. As cli_source_next. */
enum rn_status cli_source_feed(struct cli_source *source, const struct rn_event *event);

/* Does the event match the filter, its time and thread included? */
bool cli_source_selects(struct cli_source *source, const struct rn_filter *filter,
                        const struct rn_event *event);

/* After the end: say what could not be read or never was recorded. */
void cli_source_warn(struct cli_source *source);

#endif
