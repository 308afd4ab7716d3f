/* SPDX-License-Identifier: MIT */
#include "symbol_embed.h"
#include "rewrite.h"

#include <string.h>

static void count(const struct rn_call_stack *stack, struct rn_symbol_embed_totals *totals)
{
    totals->calls++;
    totals->frames += stack->count;
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct rn_stack_frame *frame = &stack->frames[i];

        totals->nameless += !frame->symbol || frame->symbol->count == 0;
        if (frame->reason) {
            totals->made++;
            totals->made_reason = frame->reason;
        }
    }
}

static enum rn_status look_at(struct rn_trace *trace, struct rn_locator *locator,
                              const struct rn_event *event, struct rn_symbol_embed_totals *totals,
                              struct rn_error *err)
{
    struct rn_call_stack stack;
    enum rn_status status = RN_OK;

    if (event->kind == RN_KIND_SYSCALL) {
        status = rn_locator_stack(locator, event, &stack, err);
        if (status == RN_OK)
            count(&stack, totals);
    }
    if (status == RN_OK)
        status = rn_trace_feed(trace, event, err);
    return status == RN_OK ? rn_locator_feed(locator, event, err) : status;
}

enum rn_status rn_symbol_table_make(struct rn_reader *reader,
                                    const struct rn_locator_options *options,
                                    rn_locator_module_fn *unknown, void *context,
                                    struct rn_buf *table, struct rn_symbol_embed_totals *totals,
                                    struct rn_error *err)
{
    struct rn_trace *trace = rn_trace_new(rn_reader_manifest(reader));
    struct rn_locator *locator = trace ? rn_locator_new(trace, reader) : NULL;
    enum rn_status status = locator ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");
    struct rn_event event;

    *totals = (struct rn_symbol_embed_totals){0};
    if (locator && options)
        rn_locator_use(locator, options);
    while (status == RN_OK && (status = rn_reader_next_event(reader, &event, err)) == RN_OK)
        status = look_at(trace, locator, &event, totals, err);
    if (status == RN_EOF) {
        status = rn_locator_table(locator, table, err);
        if (unknown)
            rn_locator_unknown(locator, unknown, context);
    }
    rn_locator_free(locator);
    rn_trace_free(trace);
    return status;
}

struct copying {
    struct rn_writer *writer;
    enum rn_status status;
    struct rn_error *err;
};

static void copy_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct copying *copying = context;

    if (copying->status == RN_OK && strcmp(name, RN_MEMBER_SYMBOLS) != 0)
        copying->status = rn_writer_add_file(copying->writer, name, data, size, copying->err);
}

static enum rn_status copy_event(void *context, const struct rn_event *event, struct rn_event *out,
                                 bool *keep, struct rn_error *err)
{
    const struct copying *copying = context;

    (void)err;
    (void)keep;
    *out = *event;
    return copying->status;
}

enum rn_status rn_symbol_table_embed(struct rn_reader *reader, const char *path,
                                     const struct rn_buf *table, struct rn_error *err)
{
    static const struct rn_writer_options options = {.copies = true, .manual_commit = true};
    struct copying copying = {.err = err};
    enum rn_status status =
        rn_writer_new(path, rn_reader_manifest(reader), &options, &copying.writer, err);

    if (status != RN_OK)
        return status;
    /* Before the events, so that who reads it from a pipe has it when it is needed. */
    status = rn_writer_add_file(copying.writer, RN_MEMBER_SYMBOLS, table->data, table->size, err);
    rn_reader_on_member(reader, copy_member, &copying);
    if (status == RN_OK)
        status = rn_rewrite(reader, copying.writer, copy_event, &copying, err);
    if (status == RN_OK)
        status = copying.status;
    if (status == RN_OK)
        status = rn_writer_seal(copying.writer, err);
    if (status != RN_OK)
        rn_writer_discard(copying.writer);
    rn_writer_free(copying.writer);
    return status;
}
