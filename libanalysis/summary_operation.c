/* SPDX-License-Identifier: MIT */
/* Compute blocks by what was computed, and with what. */
#include "summary_groups.h"

#include "formats/value_name.h"
#include "saturating.h"

#include <string.h>

static const char *text_of(const struct rn_event *event, uint8_t type, const char *none,
                           size_t *length)
{
    const struct rn_attachment *text = rn_event_attachment(event, type, RN_ARG_ANY);

    if (!text || !text->data) {
        *length = strlen(none);
        return none;
    }
    *length = strnlen((const char *)text->data, text->size);
    return (const char *)text->data;
}

/* The parts of its name, kept once. */
static void keep_parts(struct rn_summary *summary, struct rn_summary_group *group,
                       const char *operation, size_t operation_length, const char *isa,
                       size_t isa_length, uint64_t backend)
{
    if (group->operation || strcmp(group->name, "(other)") == 0)
        return;
    group->operation = strndup(operation, operation_length);
    group->isa = strndup(isa, isa_length);
    group->backend = backend;
    summary->no_memory |= !group->operation || !group->isa;
}

/* "saxpy (simd avx2)" */
struct rn_summary_group *rn_summary_operation_group(struct rn_summary *summary,
                                                    const struct rn_event *event, uint64_t backend)
{
    size_t operation_length, isa_length;
    const char *operation = text_of(event, RN_ATT_NAME, "?", &operation_length);
    const char *isa = text_of(event, RN_ATT_ISA, "", &isa_length);
    struct rn_summary_group *group = NULL;
    struct rn_buf name = RN_BUF_INIT;

    rn_buf_append(&name, operation, operation_length);
    rn_buf_printf(&name, " (%s%s", rn_value_name(RN_VALUE_BACKEND, backend), isa_length ? " " : "");
    rn_buf_append(&name, isa, isa_length);
    rn_buf_byte(&name, ')');
    if (name.failed)
        summary->no_memory = true;
    else
        group = rn_summary_named_group(summary, RN_KIND_BLOCK, (const char *)name.data, name.size);
    if (group)
        keep_parts(summary, group, operation, operation_length, isa, isa_length, backend);
    rn_buf_free(&name);
    return group;
}

void rn_summary_add_work(struct rn_summary_group *group, uint64_t elements, uint64_t bytes,
                         uint64_t flops)
{
    group->elements = rn_add_saturating(group->elements, elements);
    group->bytes = rn_add_saturating(group->bytes, bytes);
    group->flops = rn_add_saturating(group->flops, flops);
}
