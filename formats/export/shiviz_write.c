/* SPDX-License-Identifier: MIT */
#include "shiviz_write.h"

#include "formats/escape.h"

#include <inttypes.h>

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

void rn_shiviz_host(struct rn_buf *out, const char *name, uint32_t number)
{
    for (; *name; name++)
        rn_buf_byte(out, is_plain(*name) ? (uint8_t)*name : '_');
    rn_buf_printf(out, ".%" PRIu32, number);
}

void rn_shiviz_event(struct rn_buf *out, const char *host, const struct rn_shiviz_tick *clock,
                     size_t ticks, const char *text, size_t text_size)
{
    rn_buf_text(out, host);
    rn_buf_text(out, " {");
    for (size_t i = 0; i < ticks; i++)
        rn_buf_printf(out, "%s\"%s\":%" PRIu64, i ? ", " : "", clock[i].host, clock[i].count);
    rn_buf_text(out, "}\n");
    /* An empty line would not be an event. */
    if (text_size)
        rn_escape_terminal(out, (const uint8_t *)text, text_size);
    else
        rn_buf_byte(out, '-');
    rn_buf_byte(out, '\n');
}
