/* SPDX-License-Identifier: MIT */
/* Facts about the machine for env/ of the archive, collected in a thread of its own while the
 * program runs. What takes long to find out is kept for the time of one boot in the user's cache
 * directory ($XDG_CACHE_HOME/renacer, or ~/.cache/renacer). */
#ifndef RN_ENV_FACTS_H
#define RN_ENV_FACTS_H

#include "formats/status.h"

#include <stddef.h>

struct rn_env_facts;

struct rn_env_facts *rn_env_facts_start(void); /* NULL: not possible; a recording does without */

/* Wait for what is not there yet (a few seconds at most: what takes longer is left out), hand out
 * each file with its member name, and free. */
typedef enum rn_status rn_env_fact_fn(void *context, const char *name, const void *data,
                                      size_t size, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_env_facts_finish(struct rn_env_facts *facts,
                                                 rn_env_fact_fn *function, void *context,
                                                 struct rn_error *err);
void rn_env_facts_abandon(struct rn_env_facts *facts); /* accepts NULL */

#endif
