/* SPDX-License-Identifier: MIT */
/* Files of decisions that become part of a recording. */
#ifndef RN_CLI_RECORD_DECISIONS_H
#define RN_CLI_RECORD_DECISIONS_H

#include "capture/session.h"

struct cli_decisions;
struct cli_decisions *cli_decisions_new(void);            /* NULL: no memory */
void cli_decisions_free(struct cli_decisions *decisions); /* accepts NULL */
/* One more file, which need not be there yet. False: too many. The path is not copied. */
bool cli_decisions_add(struct cli_decisions *decisions, const char *path);

/* Read what the files have now, and from time to time what they have then. */
void cli_decisions_follow(struct cli_decisions *decisions, struct rn_session *session);
/* The program has ended: read the rest. What is wrong with a file is told in one line, when it is
 * met. */
void cli_decisions_finish(struct cli_decisions *decisions, struct rn_session *session);

#endif
