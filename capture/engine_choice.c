/* SPDX-License-Identifier: MIT */
#include "engine.h"
#include "inline.h"

const struct rn_engine rn_engine_auto = {.name = "auto"};

const struct rn_engine *rn_engine_resolve(const struct rn_engine *wanted,
                                          const struct rn_engine_options *options,
                                          const char **reason, struct rn_error *err)
{
    const char *obstacle;

    *reason = NULL;
    if (wanted == &rn_engine_ptrace)
        return wanted;
    obstacle = rn_inline_obstacle(options);
    if (!obstacle)
        return &rn_engine_inline;
    if (wanted == &rn_engine_inline) {
        (void)rn_fail(err, RN_E_USAGE, "the inline engine cannot record this: %s", obstacle);
        return NULL;
    }
    *reason = obstacle;
    return &rn_engine_ptrace;
}
