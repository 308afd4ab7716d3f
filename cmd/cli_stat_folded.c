/* SPDX-License-Identifier: MIT */
/* The table for flame graphs: "main;read_all;read 17". */
#include "cli_stat.h"

#include "formats/escape.h"

#include <string.h>

void cli_stat_folded(const struct cli_stat_table *table, struct rn_buf *out)
{
    for (size_t i = 0; i < table->section_count; i++) {
        const struct cli_stat_section *section = &table->sections[i];

        for (size_t k = 0; k < section->count; k++) {
            const struct cli_stat_row *row = &section->rows[k];

            rn_escape_terminal(out, (const uint8_t *)row->name, strlen(row->name));
            rn_buf_printf(out, " %.0f\n", row->value[STAT_TOTAL]);
        }
    }
}
