/* SPDX-License-Identifier: MIT */
/* What the render files share. */
#ifndef RN_RENDER_PRIVATE_H
#define RN_RENDER_PRIVATE_H

#include "render.h"
#include "render_sink.h"

#include "formats/event_schema.h"
#include "formats/syscall_table.h"

/* A system call that is being rendered. */
struct rn_call_view {
    const struct rn_event *event;
    const struct rn_syscall *call;
    const struct rn_syscall_info *info; /* NULL: unknown number */
    struct rn_trace *trace;
    bool descriptors; /* say what descriptors stand for */
};

/* render_syscall.c: the arguments, with their names in JSON. */
void rn_call_view_init(struct rn_call_view *view, struct rn_trace *trace,
                       const struct rn_event *event);
void rn_render_arguments(struct rn_sink *sink, const struct rn_call_view *view);
/* "openat(...) = 3" with the result at least `column` bytes behind `line`. */
void rn_render_call(const struct rn_render_options *options, struct rn_trace *trace,
                    const struct rn_event *event, struct rn_buf *out, size_t line, size_t column);
/* Text after the result: (Timeout), (flags O_RDWR)... */
void rn_render_result_note(struct rn_sink *sink, const struct rn_call_view *view);

/* render_args.c */
void rn_render_argument(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg);
void rn_render_fd(struct rn_sink *sink, const struct rn_call_view *view, uint64_t value);
/* A descriptor that the call gives out. */
void rn_render_new_fd(struct rn_sink *sink, const struct rn_call_view *view, uint64_t value);
/* NUL-terminated strings as a list. */
void rn_render_string_list(struct rn_sink *sink, struct rn_bytes bytes, bool more);
void rn_render_content(struct rn_sink *sink, const struct rn_attachment *attachment);

/* render_struct.c and, for what it leaves to it, render_struct_process.c: bytes of the struct or
 * the array that an argument points to. False where only the address can be shown. */
bool rn_render_struct(struct rn_sink *sink, const struct rn_call_view *view,
                      const struct rn_arg *arg, struct rn_bytes bytes);
bool rn_render_struct_process(struct rn_sink *sink, const struct rn_call_view *view,
                              const struct rn_arg *arg, struct rn_bytes bytes);
void rn_render_sigset(struct rn_sink *sink, uint64_t mask);
void rn_render_wait_status(struct rn_sink *sink, uint64_t status);
void rn_render_si_code(struct rn_sink *sink, unsigned signo, int32_t code);
/* The descriptors that are ready, of a pollfd array after the call. */
void rn_render_poll_ready(struct rn_sink *sink, const struct rn_call_view *view,
                          struct rn_bytes bytes);
void rn_render_fd_set(struct rn_sink *sink, const struct rn_call_view *view, struct rn_bytes bytes);

/* render_text.c: the first attachment of a type, escaped, or what stands for it. */
void rn_render_attached(struct rn_buf *out, const struct rn_event *event, uint8_t type,
                        const char *unknown);

/* render_field.c: a field of a payload, in the unit that its name says. */
void rn_render_field(struct rn_sink *sink, struct rn_trace *trace, const struct rn_field *field,
                     uint64_t value);

/* render_compute.c: "clFinish() = 0 (correlation 7)", the result `column` bytes behind `line`. */
void rn_render_api_call(const struct rn_event *event, struct rn_buf *out, size_t line,
                        size_t column);
/* render_compute.c: kernels, transfers, compute blocks, decisions and aggregates, as
 * `*** kernel NAME ... ***` without a newline. False, with nothing appended, for other kinds. */
bool rn_render_compute(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

/* The same: "<0.000123456>". */
void rn_render_ticks(struct rn_trace *trace, uint64_t ticks, struct rn_buf *out);

/* render_imported.c: spans, counters and flows, likewise. */
bool rn_render_imported(struct rn_trace *trace, const struct rn_event *event, struct rn_buf *out);

/* render_sockaddr.c */
void rn_render_sockaddr(struct rn_sink *sink, struct rn_bytes bytes);

/* render_message.c */
void rn_render_iovec(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg);
void rn_render_messages(struct rn_sink *sink, const struct rn_call_view *view, unsigned arg);

/* Saturating; ns is not 0. */
static inline uint64_t rn_bytes_per_second(uint64_t bytes, uint64_t ns)
{
    unsigned __int128 rate = (unsigned __int128)bytes * 1000000000u / ns;

    return rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate;
}

static inline struct rn_bytes rn_attachment_bytes(const struct rn_attachment *attachment)
{
    return (struct rn_bytes){attachment->data, attachment->size};
}

#endif
