/* SPDX-License-Identifier: MIT */
/* From places in generated source to those in the original, by source maps (formats/source_map.h).
 *
 * Which map: the one whose generated file is the file, as far as both are told: the shorter path is
 * the end of the longer one, in whole components. Where two maps fit equally well, none does.
 *
 * Which line: of the mappings of the same function the one with the greatest generated line that is
 * not behind the place. Where the function is not known, of all. A function is the same if its name
 * is, or what stands behind the last "::" of it, without template arguments; a closure is part of
 * the function around it. Not thread-safe. */
#ifndef RN_SOURCE_PLACE_H
#define RN_SOURCE_PLACE_H

#include "formats/event.h"
#include "formats/source_map.h"

struct rn_source_maps;

struct rn_source_maps *rn_source_maps_new(void);       /* NULL: no memory */
void rn_source_maps_free(struct rn_source_maps *maps); /* accepts NULL */
/* Takes over the map, also on failure. RN_E_USAGE: there is one of that generated file already. */
RN_MUST_CHECK enum rn_status rn_source_maps_add(struct rn_source_maps *maps,
                                                struct rn_source_map *map, struct rn_error *err);

/* Borrowed from the maps. */
struct rn_source_place {
    const char *language;
    const char *file;     /* NULL: only the function's name is known */
    uint32_t line;        /* 0: not known */
    const char *function; /* NULL: not told */
    const char *context;  /* NULL: not told */
};

/* The original of a place: file (NULL unknown), line (0 unknown), function (NULL unknown). Without
 * a file the function's name alone is looked up, where exactly one map has it. False: no map is
 * about it. Time: logarithmic in the map, linear in the number of maps. */
bool rn_source_maps_find(const struct rn_source_maps *maps, const char *file, uint32_t line,
                         const char *function, struct rn_source_place *place);

/* The event with the original's place in RN_ATT_SOURCE ("FILE:LINE") and the generated one in
 * RN_ATT_GENERATED; false, and nothing is written, where it has no place that a map is about. What
 * is written is valid until the next call with the same maps, and as long as the event. */
bool rn_source_maps_event(struct rn_source_maps *maps, const struct rn_event *event,
                          struct rn_event *out);

#endif
