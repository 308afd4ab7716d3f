/* SPDX-License-Identifier: MIT */
/* A filter and a trace together: is an event selected, its thread and its time included? */
#ifndef RN_SELECT_H
#define RN_SELECT_H

#include "filter.h"
#include "trace.h"

/* Before the event is fed to the trace. A call that has not returned is as long as can be; of many
 * that were counted none is known to be longer than the shortest. */
bool rn_select(struct rn_trace *trace, const struct rn_filter *filter,
               const struct rn_event *event);

#endif
