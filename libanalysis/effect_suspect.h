/* SPDX-License-Identifier: MIT */
/* What effect_suspect.c, which reads a recording, and effect_watch.c, which sees calls while they
 * are recorded, share. */
#ifndef RN_EFFECT_SUSPECT_H
#define RN_EFFECT_SUSPECT_H

#include "effect.h"

#include "formats/event.h"

/* What makes a call suspicious. */
enum suspicion {
    NEVER,
    ALWAYS,
    SHARED_WRITABLE,  /* mmap */
    OPENED_AS_IT_WAS, /* open: neither new nor truncated, or to be read as well */
    OPENED_AS_IT_WAS_AT,
    MOVED_ABOUT, /* lseek of a descriptor that was opened for writing */
    COPIES,      /* no suspicion: the copy of such a descriptor is one */
    COPIES_BY_COMMAND,
    CLOSES,
    MAKES_THREADS,
};

/* By number of the call. */
void effect_suspicions(uint8_t why[RN_EFFECTS_WATCHED]);

bool effect_maps_shared(const uint64_t args[6]);
bool effect_opens_to_write(uint64_t flags);
/* A file that was emptied or made anew, of which all content is seen to be written. */
bool effect_begins_empty(uint64_t flags);
/* In doubt, yes: devices and pipes have no content that stays. */
bool effect_gives_file(const struct rn_event *event);

#endif
