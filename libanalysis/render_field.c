/* SPDX-License-Identifier: MIT */
#include "render_private.h"

void rn_render_field(struct rn_sink *sink, struct rn_trace *trace, const struct rn_field *field,
                     uint64_t value)
{
    const struct rn_clock *clock = rn_trace_clock(trace);

    rn_sink_name(sink, field->name);
    if (field->unit == RN_FIELD_DURATION)
        rn_sink_unsigned(sink, rn_clock_duration(clock, value));
    else if (field->unit == RN_FIELD_MOMENT)
        rn_sink_unsigned(sink, value ? rn_clock_since_start(clock, value) : 0);
    else if (field->unit == RN_FIELD_REAL)
        rn_sink_real(sink, value);
    else if (field->is_hex)
        rn_sink_hex(sink, value);
    else if (field->is_signed)
        rn_sink_signed(sink, (int64_t)value);
    else
        rn_sink_unsigned(sink, value);
}
