/* SPDX-License-Identifier: MIT */
/* Where in the source the first difference was made. */
#include "cli_diff.h"

#include "libanalysis/locator.h"

#include <string.h>

struct asked {
    struct rn_reader *reader;
    struct rn_trace *trace;
    struct rn_locator *locator;
    const struct rn_place *place;
};

static bool is_there(const struct rn_event *event, const struct rn_place *place)
{
    return event->stream == place->stream && event->start == place->start &&
           event->ordinal == place->ordinal && event->kind == RN_KIND_SYSCALL &&
           (rn_event_attachment(event, RN_ATT_STACK, RN_ARG_ANY) ||
            rn_event_attachment(event, RN_ATT_STACK_DUMP, RN_ARG_ANY));
}

static void put_stack(struct asked *asked, const struct rn_event *event, bool json,
                      struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_call_stack stack;

    if (rn_locator_stack(asked->locator, event, &stack, &err) != RN_OK)
        return;
    if (json) {
        rn_buf_text(out, ",\"frames\":");
        rn_render_stack_json(&stack, out);
    } else {
        rn_render_stack(&stack, out);
    }
}

static void find(struct asked *asked, bool json, struct rn_buf *out)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_event event;

    while (rn_reader_next_event(asked->reader, &event, &err) == RN_OK) {
        if (is_there(&event, asked->place)) {
            put_stack(asked, &event, json, out);
            return;
        }
        if (rn_trace_feed(asked->trace, &event, &err) != RN_OK ||
            rn_locator_feed(asked->locator, &event, &err) != RN_OK)
            return;
    }
}

/* From its begin: a table of symbols stands before the events. */
void cli_diff_stack(const struct cli_diff *job, const struct cli_diff_side *side,
                    const struct rn_place *place, bool json, struct rn_buf *out)
{
    const struct rn_locator_options options = {.maps = job->maps};
    struct rn_error err = RN_ERROR_INIT;
    struct asked asked = {.place = place};

    if (strcmp(side->path, "-") == 0 || rn_reader_open(side->path, &asked.reader, &err) != RN_OK)
        return;
    if (rn_reader_manifest(asked.reader)->stack || rn_reader_manifest(asked.reader)->sources)
        asked.trace = rn_trace_new(rn_reader_manifest(asked.reader));
    if (asked.trace)
        asked.locator = rn_locator_new(asked.trace, asked.reader);
    if (asked.locator) {
        rn_locator_use(asked.locator, &options);
        find(&asked, json, out);
    }
    rn_locator_free(asked.locator);
    rn_trace_free(asked.trace);
    rn_reader_free(asked.reader);
}
