/* SPDX-License-Identifier: MIT */
/* One event as a line of text. */
#include "render_private.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define RESULT_COLUMN 39u /* the result stands behind it, as with strace -a 40 */
#define NS_PER_S      UINT64_C(1000000000)

struct rn_render {
    struct rn_render_options options;
    uint64_t last_ns; /* start of the event before */
    bool any;
    int64_t zone_second; /* the second that `clock_text` shows */
    char clock_text[16];
};

struct rn_render *rn_render_new(const struct rn_render_options *options)
{
    struct rn_render *render = calloc(1, sizeof(*render));

    if (render) {
        render->options = *options;
        render->zone_second = -1;
    }
    return render;
}

void rn_render_free(struct rn_render *render)
{
    free(render);
}

/* HH:MM:SS in the local zone; most events share their second with the one before. */
static const char *time_of_day(struct rn_render *render, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (seconds != render->zone_second) {
        if (!localtime_r(&when, &parts) ||
            !strftime(render->clock_text, sizeof(render->clock_text), "%H:%M:%S", &parts))
            render->clock_text[0] = '\0';
        render->zone_second = seconds;
    }
    return render->clock_text;
}

static void add_seconds(struct rn_buf *out, uint64_t ns, int width)
{
    rn_buf_printf(out, "%*" PRIu64 ".%06" PRIu64, width, ns / NS_PER_S, ns % NS_PER_S / 1000);
}

void rn_render_attached(struct rn_buf *out, const struct rn_event *event, uint8_t type,
                        const char *unknown)
{
    const struct rn_attachment *text = rn_event_attachment(event, type, RN_ARG_ANY);

    if (text)
        rn_escape_terminal(out, text->data, text->size);
    else
        rn_buf_text(out, unknown);
}

static void add_time(struct rn_render *render, const struct rn_clock *clock,
                     const struct rn_event *event, struct rn_buf *out)
{
    uint64_t now = rn_clock_since_start(clock, event->start);
    uint64_t real = rn_clock_realtime(clock, event->start);

    switch (render->options.time) {
    case RN_TIME_NONE:
        return;
    case RN_TIME_OF_DAY:
        rn_buf_text(out, time_of_day(render, (int64_t)(real / NS_PER_S)));
        break;
    case RN_TIME_OF_DAY_US:
        rn_buf_printf(out, "%s.%06" PRIu64, time_of_day(render, (int64_t)(real / NS_PER_S)),
                      real % NS_PER_S / 1000);
        break;
    case RN_TIME_EPOCH_US:
        add_seconds(out, real, 0);
        break;
    case RN_TIME_RELATIVE:
        add_seconds(out, render->any && now > render->last_ns ? now - render->last_ns : 0, 6);
        break;
    case RN_TIME_SINCE_START:
        add_seconds(out, now, 0);
        break;
    }
    render->last_ns = now;
    render->any = true;
    rn_buf_byte(out, ' ');
}

static void add_prefix(struct rn_render *render, struct rn_trace *trace,
                       const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, event->stream);

    /* What a queue has is no thread's number. */
    if (render->options.pid)
        rn_buf_printf(out, "%-5" PRIu64 " ",
                      thread->type == RN_STREAM_QUEUE ? thread->pid : thread->tid);
    add_time(render, rn_trace_clock(trace), event, out);
}

static void add_duration(const struct rn_render *render, struct rn_trace *trace,
                         const struct rn_event *event, struct rn_buf *out)
{
    if (!render->options.durations)
        return;
    rn_buf_text(out, " <");
    add_seconds(out, rn_clock_duration(rn_trace_clock(trace), event->duration), 0);
    rn_buf_byte(out, '>');
}

static void add_syscall(struct rn_render *render, struct rn_trace *trace,
                        const struct rn_event *event, struct rn_buf *out, size_t line)
{
    if (render->options.site && event->u.syscall.site)
        rn_buf_printf(out, "[%016" PRIx64 "] ", event->u.syscall.site);
    else if (render->options.site)
        rn_buf_text(out, "[????????????????] ");
    rn_render_call(&render->options, trace, event, out, line, RESULT_COLUMN);
    add_duration(render, trace, event, out);
}

static bool code_has_sender(int32_t code, uint64_t signo)
{
    return code <= 0 || signo == 17;
}

/* The kernel gives CPU times in hundredths of a second. */
static void add_child_time(struct rn_sink *sink, const char *name, uint64_t ns)
{
    rn_sink_field(sink, name, (int64_t)(ns / 10000000));
    if (ns >= 10000000)
        rn_buf_printf(sink->out, " /* %.2f s */", (double)ns / 1e9);
}

static void add_child(struct rn_sink *sink, const struct rn_signal *signal)
{
    rn_sink_name(sink, "si_status");
    if (signal->code != CLD_EXITED && signal->child_status > 0 && signal->child_status <= 64)
        rn_sink_symbol(sink, rn_signal_name((unsigned)signal->child_status));
    else
        rn_sink_signed(sink, (int64_t)signal->child_status);
    add_child_time(sink, "si_utime", signal->child_user_ns);
    add_child_time(sink, "si_stime", signal->child_system_ns);
}

static void add_signal(const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_signal *signal = &event->u.signal;
    unsigned signo = signal->signo > 64 ? 0 : (unsigned)signal->signo;
    struct rn_sink sink = {.out = out};

    rn_buf_printf(out, "--- %s ", rn_signal_name(signo));
    rn_sink_open(&sink, '{');
    rn_sink_name(&sink, "si_signo");
    rn_sink_symbol(&sink, rn_signal_name(signo));
    rn_sink_name(&sink, "si_code");
    rn_render_si_code(&sink, signo, (int32_t)signal->code);
    if (code_has_sender((int32_t)signal->code, signal->signo)) {
        rn_sink_field(&sink, "si_pid", (int64_t)signal->sender_pid);
        rn_sink_field(&sink, "si_uid", (int64_t)signal->sender_uid);
        if (signo == SIGCHLD && (int32_t)signal->code > 0)
            add_child(&sink, signal);
    } else if ((int32_t)signal->code < 0x80) {
        rn_sink_name(&sink, "si_addr");
        rn_sink_pointer(&sink, signal->address);
    }
    rn_sink_close(&sink, '}');
    rn_buf_text(out, " ---");
}

static void add_exit(uint64_t status, struct rn_buf *out)
{
    unsigned signo = status & 0x7f;

    if (signo)
        rn_buf_printf(out, "+++ killed by %s%s +++", rn_signal_name(signo),
                      status & 0x80 ? " (core dumped)" : "");
    else
        rn_buf_printf(out, "+++ exited with %u +++", (unsigned)(status >> 8 & 0xff));
}

/* FORK, EXEC and NAME are seen as their system calls. */
static bool add_process(const struct rn_render *render, const struct rn_event *event,
                        struct rn_buf *out)
{
    const struct rn_process *process = &event->u.process;

    switch (process->op) {
    case RN_PROCESS_START:
        if (!render->options.all)
            return false;
        rn_buf_text(out, "+++ started +++");
        return true;
    case RN_PROCESS_ATTACH:
        rn_buf_text(out, "+++ attached to ");
        rn_render_attached(out, event, RN_ATT_EXE, "a running process");
        rn_buf_text(out, " +++");
        return true;
    case RN_PROCESS_DETACH:
        rn_buf_text(out, "+++ detached +++");
        return true;
    case RN_PROCESS_STOP:
        rn_buf_printf(out, "--- stopped by %s ---",
                      rn_signal_name(process->status > 64 ? 0 : (unsigned)process->status));
        return true;
    case RN_PROCESS_THREAD_EXIT:
    case RN_PROCESS_EXIT:
        add_exit(process->status, out);
        return true;
    default:
        return false;
    }
}

static void add_module(const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_module *module = &event->u.module;

    rn_buf_printf(out, "*** module %s 0x%" PRIx64 "-0x%" PRIx64 " ",
                  module->op == RN_MODULE_UNMAP ? "unmapped" : "mapped", module->address,
                  module->address + module->length);
    rn_render_attached(out, event, RN_ATT_PATH, "?");
    rn_buf_text(out, " ***");
}

static void add_loss(const struct rn_event *event, struct rn_buf *out)
{
    const struct rn_loss *loss = &event->u.loss;
    const char *kind = loss->kind < RN_KIND_LIMIT ? rn_kind_name((uint8_t)loss->kind) : NULL;

    rn_buf_text(out, "*** lost ");
    if (loss->count)
        rn_buf_printf(out, "%" PRIu64, loss->count);
    else
        rn_buf_text(out, "an unknown number of");
    rn_buf_printf(out, " %s%sevents: ", kind ? kind : "", kind ? " " : "");
    rn_render_attached(out, event, RN_ATT_TEXT, "no reason is given");
    rn_buf_text(out, " ***");
}

static bool add_event(struct rn_render *render, struct rn_trace *trace,
                      const struct rn_event *event, struct rn_buf *out, size_t line)
{
    switch (event->kind) {
    case RN_KIND_SYSCALL:
        add_syscall(render, trace, event, out, line);
        return true;
    case RN_KIND_API:
        rn_render_api_call(event, out, line, RESULT_COLUMN);
        add_duration(render, trace, event, out);
        return true;
    case RN_KIND_SIGNAL:
        add_signal(event, out);
        return true;
    case RN_KIND_PROCESS:
        return add_process(render, event, out);
    case RN_KIND_MODULE:
        if (!render->options.all)
            return false;
        add_module(event, out);
        return true;
    case RN_KIND_NOTICE:
        /* What recording cost is not news of the program. */
        if (event->u.notice.code == RN_NOTICE_OVERHEAD && !render->options.all)
            return false;
        rn_buf_text(out, "*** notice: ");
        rn_render_attached(out, event, RN_ATT_TEXT, "?");
        rn_buf_text(out, " ***");
        return true;
    case RN_KIND_LOSS:
        add_loss(event, out);
        return true;
    default:
        return rn_render_imported(trace, event, out) || rn_render_compute(trace, event, out);
    }
}

void rn_render_text(struct rn_render *render, struct rn_trace *trace, const struct rn_event *event,
                    struct rn_buf *out)
{
    size_t line = out->size;
    uint64_t last_ns = render->last_ns;
    bool any = render->any;

    if (event->flags & RN_EVENT_SNAPSHOT)
        return;
    add_prefix(render, trace, event, out);
    if (add_event(render, trace, event, out, line)) {
        rn_buf_byte(out, '\n');
        return;
    }
    out->size = line;
    render->last_ns = last_ns;
    render->any = any;
}
