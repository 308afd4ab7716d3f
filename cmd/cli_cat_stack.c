/* SPDX-License-Identifier: MIT */
#include "cli_cat.h"

struct rn_locator *cli_cat_stack_open(struct cli_source *source,
                                      const struct rn_locator_options *options)
{
    struct rn_locator *locator = rn_locator_new(source->trace, source->reader);

    if (locator)
        rn_locator_use(locator, options);
    else
        cli_fail("out of memory");
    return locator;
}

bool cli_cat_stack_close(struct rn_locator *locator)
{
    const struct rn_error *damage = locator ? rn_locator_damage(locator) : NULL;

    if (damage)
        cli_error(damage);
    rn_locator_free(locator);
    return !damage;
}

enum rn_status cli_cat_stack_feed(struct rn_locator *locator, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = rn_locator_feed(locator, event, &err);

    if (status != RN_OK)
        cli_error(&err);
    return status;
}

void cli_cat_stack(struct rn_locator *locator, const struct rn_event *event, bool json,
                   struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_call_stack stack;

    if (!locator || event->kind != RN_KIND_SYSCALL ||
        rn_locator_stack(locator, event, &stack, &err) != RN_OK)
        return;
    if (!json) {
        rn_render_stack(&stack, out);
    } else if (out->size > 2) {
        out->size -= 2; /* "}\n" */
        rn_buf_text(out, ",\"frames\":");
        rn_render_stack_json(&stack, out);
        rn_buf_text(out, "}\n");
    }
}
