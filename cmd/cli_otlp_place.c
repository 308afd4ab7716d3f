/* SPDX-License-Identifier: MIT */
/* --source-map: where in the original source something was done. */
#include "cli_otlp.h"

#include "libanalysis/locator.h"

#include <stdlib.h>

struct cli_otlp_places {
    struct rn_source_maps *maps;
    struct rn_locator *locator;
    struct rn_event event; /* with the original's place */
};

bool cli_otlp_add_source_map(struct cli_otlp_options *options, const char *path)
{
    return cli_source_map_add(&options->maps, path);
}

struct cli_otlp_places *cli_otlp_places_new(struct rn_source_maps *maps, struct cli_source *source)
{
    const struct rn_locator_options options = {.maps = maps};
    struct cli_otlp_places *places = calloc(1, sizeof *places);

    if (places)
        places->locator = rn_locator_new(source->trace, source->reader);
    if (!places || !places->locator) {
        free(places);
        cli_fail("out of memory");
        return NULL;
    }
    places->maps = maps;
    rn_locator_use(places->locator, &options);
    return places;
}

/* What the recording's own table of symbols lacks the files tell. */
void cli_otlp_places_free(struct cli_otlp_places *places)
{
    if (places && rn_locator_damage(places->locator))
        cli_error(rn_locator_damage(places->locator));
    if (places)
        rn_locator_free(places->locator);
    free(places);
}

const struct rn_event *cli_otlp_place(struct cli_otlp_places *places, struct rn_span_tree *tree,
                                      const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_call_stack stack;
    uint32_t frame;

    if (!places)
        return event;
    if (event->kind == RN_KIND_SYSCALL) {
        if (rn_locator_stack(places->locator, event, &stack, &err) == RN_OK)
            rn_span_tree_place(tree, rn_call_stack_owner(&stack, &frame));
        return event;
    }
    return rn_source_maps_event(places->maps, event, &places->event) ? &places->event : event;
}

enum rn_status cli_otlp_places_feed(struct cli_otlp_places *places, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = places ? rn_locator_feed(places->locator, event, &err) : RN_OK;

    if (status != RN_OK)
        cli_error(&err);
    return status;
}
