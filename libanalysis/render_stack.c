/* SPDX-License-Identifier: MIT */
/* Stacks as text. Names come from files and from the recording: they are escaped. */
#include "locator.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <string.h>

static void put_text(struct rn_buf *out, const char *text)
{
    rn_escape_terminal(out, (const uint8_t *)text, strlen(text));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void put_place(const struct rn_stack_frame *frame, struct rn_buf *out)
{
    if (frame->module) {
        rn_buf_text(out, " [");
        put_text(out, base_name(frame->module->path));
        rn_buf_printf(out, "+0x%" PRIx64 "]", frame->offset);
    } else {
        rn_buf_printf(out, " [0x%" PRIx64 "]", frame->address);
    }
}

/* " app.py:5", and " (app.rs:12)" where that is where it was compiled. */
static void put_source(const char *file, uint32_t line, struct rn_buf *out)
{
    put_text(out, file);
    if (line)
        rn_buf_printf(out, ":%" PRIu32, line);
}

static void put_sources(const struct rn_symbol_frame *function, struct rn_buf *out)
{
    const struct rn_symbol_generated *generated = function->generated;

    if (function->file) {
        rn_buf_byte(out, ' ');
        put_source(function->file, function->line, out);
    }
    if (generated && generated->file) {
        rn_buf_text(out, " (");
        put_source(base_name(generated->file), generated->line, out);
        rn_buf_byte(out, ')');
    }
}

static void put_frame(const struct rn_stack_frame *frame, struct rn_buf *out)
{
    const struct rn_symbol *symbol = frame->symbol;

    for (uint32_t i = 0; symbol && i < symbol->count; i++) {
        const struct rn_symbol_frame *function = &symbol->frames[i];

        rn_buf_text(out, " > ");
        put_text(out, function->function);
        rn_buf_text(out, function->perf_map ? " (perf map)" : "()");
        put_sources(function, out);
        if (i + 1 < symbol->count)
            rn_buf_text(out, " (inlined)");
        else
            put_place(frame, out);
        rn_buf_byte(out, '\n');
    }
    if (symbol && symbol->count)
        return;
    rn_buf_text(out, " > ?");
    put_place(frame, out);
    rn_buf_printf(out, " (%s)\n",
                  frame->reason ? frame->reason
                  : symbol      ? rn_symbol_state_text(symbol->state)
                                : "no code is known to be mapped there");
}

void rn_render_stack(const struct rn_call_stack *stack, struct rn_buf *out)
{
    for (uint32_t i = 0; i < stack->count; i++)
        put_frame(&stack->frames[i], out);
    if (stack->cut)
        rn_buf_text(out, " > ...\n");
}

/* ---- JSON ---- */

static void put_field(struct rn_buf *out, const char *name, const char *text)
{
    rn_buf_printf(out, ",\"%s\":", name);
    rn_escape_json(out, (const uint8_t *)text, strlen(text));
}

static void put_head(const struct rn_stack_frame *frame, bool first, struct rn_buf *out)
{
    rn_buf_printf(out, "%s{\"address\":\"0x%" PRIx64 "\"", first ? "" : ",", frame->address);
    if (!frame->module)
        return;
    put_field(out, "module", frame->module->path);
    rn_buf_printf(out, ",\"offset\":\"0x%" PRIx64 "\"", frame->offset);
}

static void put_generated_json(const struct rn_symbol_generated *generated, struct rn_buf *out)
{
    put_field(out, "generated_function", generated->function);
    if (generated->file)
        put_field(out, "generated_file", generated->file);
    if (generated->line)
        rn_buf_printf(out, ",\"generated_line\":%" PRIu32, generated->line);
    put_field(out, "source_language", generated->language);
    if (generated->context)
        put_field(out, "context", generated->context);
}

static void put_frame_json(const struct rn_stack_frame *frame, bool first, struct rn_buf *out)
{
    const struct rn_symbol *symbol = frame->symbol;

    for (uint32_t i = 0; symbol && i < symbol->count; i++) {
        const struct rn_symbol_frame *function = &symbol->frames[i];

        put_head(frame, first && i == 0, out);
        put_field(out, "function", function->function);
        if (function->file)
            put_field(out, "file", function->file);
        if (function->line)
            rn_buf_printf(out, ",\"line\":%" PRIu32, function->line);
        if (function->generated)
            put_generated_json(function->generated, out);
        if (function->perf_map)
            put_field(out, "provenance", "perf map");
        rn_buf_printf(out, ",\"inlined\":%s}", i + 1 < symbol->count ? "true" : "false");
    }
    if (symbol && symbol->count)
        return;
    put_head(frame, first, out);
    put_field(out, "reason",
              frame->reason ? frame->reason
              : symbol      ? rn_symbol_state_text(symbol->state)
                            : "not mapped");
    rn_buf_byte(out, '}');
}

void rn_render_stack_json(const struct rn_call_stack *stack, struct rn_buf *out)
{
    rn_buf_byte(out, '[');
    for (uint32_t i = 0; i < stack->count; i++)
        put_frame_json(&stack->frames[i], i == 0, out);
    rn_buf_byte(out, ']');
}

/* ---- folded ---- */

/* Semicolons part functions, the last blank parts off the weight. */
static void put_folded_name(struct rn_buf *out, const char *name)
{
    size_t begin = out->size;

    put_text(out, name);
    for (size_t i = begin; i < out->size; i++)
        if (out->data[i] == ';')
            out->data[i] = ':';
}

static void put_folded(const struct rn_stack_frame *frame, struct rn_buf *out)
{
    const struct rn_symbol *symbol = frame->symbol;

    for (uint32_t i = symbol ? symbol->count : 0; i-- > 0;) {
        put_folded_name(out, symbol->frames[i].function);
        rn_buf_byte(out, ';');
    }
    if (symbol && symbol->count)
        return;
    rn_buf_byte(out, '[');
    if (frame->module)
        put_folded_name(out, base_name(frame->module->path));
    else
        rn_buf_text(out, "unknown");
    rn_buf_text(out, "];");
}

void rn_render_stack_folded(const struct rn_call_stack *stack, struct rn_buf *out)
{
    for (uint32_t i = stack->count; i-- > 0;)
        put_folded(&stack->frames[i], out);
    if (stack->count)
        out->size--; /* the last ';' */
}
