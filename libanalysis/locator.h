/* SPDX-License-Identifier: MIT */
/* Where in the source the calls of one recording were made: code map, symbols, names of
 * code that programs made and stacks of a reader together. Not thread-safe. */
#ifndef RN_LOCATOR_H
#define RN_LOCATOR_H

#include "call_stack.h"
#include "formats/reader.h"

struct rn_locator;

/* What helps beside the files of this machine. Zero-initialised: nothing. */
struct rn_locator_options {
    const struct rn_debug_source *source; /* NULL: nothing is fetched from anywhere */
    const struct rn_source_maps *maps;    /* NULL: places are told as they were compiled */
};

/* Takes the reader's on_member for itself: call it
 * before anything is read. Trace and reader are borrowed for as long as the result. NULL: no
 * memory. */
struct rn_locator *rn_locator_new(struct rn_trace *trace, struct rn_reader *reader);
/* Right behind it. What the options point to must outlive the locator; `options` itself need not.
 */
void rn_locator_use(struct rn_locator *locator, const struct rn_locator_options *options);
void rn_locator_free(struct rn_locator *locator); /* accepts NULL */

/* Every event, behind rn_trace_feed. */
RN_MUST_CHECK enum rn_status rn_locator_feed(struct rn_locator *locator,
                                             const struct rn_event *event, struct rn_error *err);
/* As rn_call_stack_of. */
RN_MUST_CHECK enum rn_status rn_locator_stack(struct rn_locator *locator,
                                              const struct rn_event *event,
                                              struct rn_call_stack *stack, struct rn_error *err);
/* All names that were found so far, as the member RN_MEMBER_SYMBOLS of a recording. */
RN_MUST_CHECK enum rn_status rn_locator_table(const struct rn_locator *locator, struct rn_buf *out,
                                              struct rn_error *err);
/* Why the recording's own table of symbols could not be read in whole (what was not read of it the
 * files tell); NULL: it could, or there is none. */
const struct rn_error *rn_locator_damage(const struct rn_locator *locator);
/* Files of code for which no name was found, and why: *state is that of the file. */
typedef void rn_locator_module_fn(void *context, const struct rn_code_module *module,
                                  enum rn_symbol_state state);
void rn_locator_unknown(struct rn_locator *locator, rn_locator_module_fn *function, void *context);

/* ---- as text ---- */

/* " > function() file.c:17 [module+0x1234]", a line a function, innermost first; of code that the
 * program made " > name (perf map) [0x7f001234]"; of the original of generated source " >
 * function() app.py:5 (app.rs:12) [app+0x1234]". */
void rn_render_stack(const struct rn_call_stack *stack, struct rn_buf *out);
/* A JSON array of {address, module, offset, function, file, line, inlined, provenance,
 * reason, generated_function, generated_file, generated_line, source_language, context}. */
void rn_render_stack_json(const struct rn_call_stack *stack, struct rn_buf *out);
/* "main;read_all;read", outermost first, as flame graphs want it. */
void rn_render_stack_folded(const struct rn_call_stack *stack, struct rn_buf *out);

#endif
