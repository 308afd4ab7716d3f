/* SPDX-License-Identifier: MIT */
/* Logs that ShiViz reads (https://bestchai.bitbucket.io/shiviz/): two lines an event,
 *
 *     HOST {"HOST":N, "OTHER":M}
 *     TEXT
 *
 * which its usual expression takes apart: (?<host>\S*) (?<clock>{.*})\n(?<event>.*). The clock is a
 * vector clock: N is the number of the event on its host, from 1, and M how many events of each
 * other host came before it. */
#ifndef RN_SHIVIZ_WRITE_H
#define RN_SHIVIZ_WRITE_H

#include "formats/buf.h"

#include <stdint.h>

/* Append a name of a host: letters, digits, '_' and '-' of `name` (others become '_'), a dot, and
 * the number, which makes it unique. */
void rn_shiviz_host(struct rn_buf *out, const char *name, uint32_t number);

struct rn_shiviz_tick {
    const char *host; /* as rn_shiviz_host makes it */
    uint64_t count;   /* not 0 */
};

/* Append one event. The clock's entries are of different hosts, and one is of `host`. The text may
 * have any bytes. */
void rn_shiviz_event(struct rn_buf *out, const char *host, const struct rn_shiviz_tick *clock,
                     size_t ticks, const char *text, size_t text_size);

#endif
