/* SPDX-License-Identifier: MIT */
/* What columns each table has. The fields of a kind are those of its schema: a field that a later
 * version adds becomes a column by itself. */
#include "causal_edge.h"
#include "formats/value_name.h"
#include "row_private.h"

#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <string.h>

#define NAMES(function, table)                                                                     \
    static const char *function(uint64_t value)                                                    \
    {                                                                                              \
        return rn_value_name(table, value);                                                        \
    }
NAMES(api_name, RN_VALUE_API)
NAMES(backend_name, RN_VALUE_BACKEND)
NAMES(direction_name, RN_VALUE_DIRECTION)
NAMES(provenance_name, RN_VALUE_PROVENANCE)
NAMES(residency_name, RN_VALUE_RESIDENCY)
NAMES(reason_name, RN_VALUE_REASON)
NAMES(process_op_name, RN_VALUE_PROCESS_OP)
NAMES(notice_name, RN_VALUE_NOTICE)
NAMES(loss_name, RN_VALUE_LOSS)

static const char *module_op_name(uint64_t value)
{
    return value == RN_MODULE_MAP ? "map" : value == RN_MODULE_UNMAP ? "unmap" : NULL;
}

static const char *span_form_name(uint64_t value)
{
    static const char *const names[] = {"nested", "async", "instant"};

    return value < sizeof(names) / sizeof(names[0]) ? names[value] : NULL;
}

static const char *flow_phase_name(uint64_t value)
{
    static const char *const names[] = {"begin", "step", "end"};

    return value < sizeof(names) / sizeof(names[0]) ? names[value] : NULL;
}

static const char *stream_type_name(uint64_t value)
{
    static const char *const names[] = {"recorder", "thread", "queue", "source"};

    return value < sizeof(names) / sizeof(names[0]) ? names[value] : NULL;
}

static const char *certainty_name(uint64_t value)
{
    return value == RN_EDGE_PROVEN ? "proven" : value == RN_EDGE_INFERRED ? "inferred" : NULL;
}

static const char *signal_name(uint64_t value)
{
    return value <= 64 ? rn_signal_name((unsigned)value) : NULL;
}

static const char *kind_name(uint64_t value)
{
    return value < RN_KIND_LIMIT ? rn_kind_name((uint8_t)value) : NULL;
}

/* Fields whose numbers have names: the name is what the column holds. */
static const struct {
    uint8_t kind;
    const char *field;
    rn_name_fn *names;
} named[] = {
    {RN_KIND_SYSCALL, "abi", rn_abi_name},
    {RN_KIND_PROCESS, "op", process_op_name},
    {RN_KIND_PROCESS, "abi", rn_abi_name},
    {RN_KIND_MODULE, "op", module_op_name},
    {RN_KIND_KERNEL, "api", api_name},
    {RN_KIND_API, "api", api_name},
    {RN_KIND_TRANSFER, "api", api_name},
    {RN_KIND_TRANSFER, "direction", direction_name},
    {RN_KIND_BLOCK, "backend", backend_name},
    {RN_KIND_BLOCK, "provenance", provenance_name},
    {RN_KIND_AGGREGATE, "of", kind_name},
    {RN_KIND_AGGREGATE, "reason", reason_name},
    {RN_KIND_AGGREGATE, "backend", backend_name},
    {RN_KIND_AGGREGATE, "direction", direction_name},
    {RN_KIND_AGGREGATE, "residency", residency_name},
    {RN_KIND_EDGE, "mechanism", rn_edge_mechanism_name},
    {RN_KIND_EDGE, "certainty", certainty_name},
    {RN_KIND_SPAN, "form", span_form_name},
    {RN_KIND_FLOW, "phase", flow_phase_name},
    {RN_KIND_NOTICE, "code", notice_name},
    {RN_KIND_LOSS, "kind", kind_name},
    {RN_KIND_LOSS, "reason", loss_name},
    {RN_KIND_STREAM, "type", stream_type_name},
};

#define COLUMN(name, type, nullable, text, origin, item)                                           \
    {                                                                                              \
        {(name), (type), (nullable), (text)},                                                      \
        {                                                                                          \
            (origin), (item), NULL                                                                 \
        }                                                                                          \
    }
#define INTEGER(name, origin, text)    COLUMN(name, RN_ROW_INTEGER, false, text, origin, 0)
#define MAYBE(name, origin, text)      COLUMN(name, RN_ROW_INTEGER, true, text, origin, 0)
#define TEXT(name, origin, item, text) COLUMN(name, RN_ROW_TEXT, true, text, origin, item)
#define ATTACHED(name, type, text)     TEXT(name, RN_ROW_FROM_TEXT, type, text)

struct column_source {
    struct rn_row_column column;
    struct rn_row_source source;
};

static const struct column_source heads[] = {
    INTEGER("stream", RN_ROW_FROM_STREAM, "of table stream"),
    MAYBE("ordinal", RN_ROW_FROM_ORDINAL,
          "place in its stream, in order of ends; (stream, ordinal) names an event for ever"),
    INTEGER("source", RN_ROW_FROM_SOURCE, "of table recording: which of those that were merged; 0"),
    MAYBE("pid", RN_ROW_FROM_PID, NULL),
    MAYBE("tid", RN_ROW_FROM_TID, "of a device queue its number"),
    INTEGER("start_ns", RN_ROW_FROM_START, "CLOCK_REALTIME, nanoseconds since 1970"),
    INTEGER("since_start_ns", RN_ROW_FROM_SINCE, "since the recording began"),
    INTEGER("duration_ns", RN_ROW_FROM_DURATION, NULL),
    INTEGER("event_flags", RN_ROW_FROM_FLAGS,
            "sum of 1 had not ended, 2 restated, 4 seen by ptrace, 8 arguments are missing, 16 an "
            "argument could not be read"),
};

/* What each kind has beside its fields. */
#define EXTRA_MAX 10u
static const struct {
    uint8_t kind;
    const char *table, *text;
    struct column_source extras[EXTRA_MAX];
} kinds[] = {
    {RN_KIND_SYSCALL,
     "syscall",
     "system calls",
     {TEXT("name", RN_ROW_FROM_CALL_NAME, 0, "NULL: unknown number, see nr and abi"),
      MAYBE("ret", RN_ROW_FROM_CALL_RET,
            "result; -1 where it failed, NULL where it did not return"),
      TEXT("errno", RN_ROW_FROM_CALL_ERRNO, 0, "ENOENT...; NULL where it did not fail"),
      TEXT("args", RN_ROW_FROM_CALL_ARGS, 0, "arguments as rn-cat prints them"),
      TEXT("path", RN_ROW_FROM_CALL_PATH, 0, "first file name argument, as passed"),
      TEXT("path2", RN_ROW_FROM_CALL_PATH2, 0, "second file name argument"),
      MAYBE("fd", RN_ROW_FROM_CALL_FD, "first descriptor argument"),
      TEXT("fd_path", RN_ROW_FROM_CALL_FD_PATH, 0,
           "what fd stands for; where path is relative: the directory it is relative to"),
      MAYBE("bytes_read", RN_ROW_FROM_CALL_READ, "bytes that the call took in: read, recv..."),
      MAYBE("bytes_written", RN_ROW_FROM_CALL_WRITTEN, "bytes that it gave out: write, send...")}},
    {RN_KIND_PROCESS,
     "process_event",
     "processes and threads that start, execute, end",
     {ATTACHED("name", RN_ATT_NAME, "of the thread, where the event gives it one"),
      ATTACHED("exe", RN_ATT_EXE, "path of the image"),
      TEXT("argv", RN_ROW_FROM_LIST, RN_ATT_ARGV, "a JSON array"),
      ATTACHED("cwd", RN_ATT_CWD, NULL), ATTACHED("root", RN_ATT_ROOT, NULL),
      TEXT("env", RN_ROW_FROM_LIST, RN_ATT_ENV, "recorded variables, NAME=VALUE: a JSON array")}},
    {RN_KIND_SIGNAL,
     "signal",
     "signals delivered",
     {{{"name", RN_ROW_TEXT, true, "SIGCHLD..."}, {RN_ROW_FROM_NAMED, 0, signal_name}}}},
    {RN_KIND_MODULE,
     "module",
     "code mapped and unmapped",
     {ATTACHED("path", RN_ATT_PATH, NULL),
      TEXT("build_id", RN_ROW_FROM_HEX, RN_ATT_BUILD_ID, "hexadecimal digits")}},
    {RN_KIND_DESCRIPTOR,
     "descriptor",
     "what was open when a process was first seen or executed",
     {ATTACHED("path", RN_ATT_PATH, "what /proc/PID/fd/N links to")}},
    {RN_KIND_KERNEL,
     "kernel",
     "kernels that ran on a device",
     {ATTACHED("name", RN_ATT_NAME, NULL), TEXT("queue_name", RN_ROW_FROM_STREAM_NAME, 0, NULL)}},
    {RN_KIND_TRANSFER,
     "transfer",
     "bytes moved to, from and on a device",
     {ATTACHED("name", RN_ATT_NAME, NULL), TEXT("queue_name", RN_ROW_FROM_STREAM_NAME, 0, NULL)}},
    {RN_KIND_API,
     "api",
     "calls of CUDA, OpenCL, Vulkan",
     {ATTACHED("name", RN_ATT_NAME, "the function"),
      ATTACHED("arguments", RN_ATT_TEXT, "those worth knowing")}},
    {RN_KIND_BLOCK,
     "block",
     "compute blocks",
     {ATTACHED("name", RN_ATT_NAME, "the operation"),
      ATTACHED("isa", RN_ATT_ISA, "instruction set that ran"),
      ATTACHED("location", RN_ATT_SOURCE, "file:line")}},
    {RN_KIND_DECISION,
     "decision",
     "decisions of a transpiler",
     {ATTACHED("category", RN_ATT_CATEGORY, NULL), ATTACHED("name", RN_ATT_NAME, NULL),
      ATTACHED("location", RN_ATT_SOURCE, "file:line"), ATTACHED("input", RN_ATT_INPUT, NULL),
      ATTACHED("result", RN_ATT_RESULT, NULL)}},
    {RN_KIND_AGGREGATE,
     "aggregate",
     "events that were counted instead of recorded",
     {ATTACHED("name", RN_ATT_NAME, NULL)}},
    {RN_KIND_SPAN,
     "span",
     "stretches of time of imported traces",
     {ATTACHED("name", RN_ATT_NAME, NULL), ATTACHED("category", RN_ATT_CATEGORY, NULL),
      ATTACHED("location", RN_ATT_SOURCE, "file:line"),
      ATTACHED("arguments", RN_ATT_TEXT, "a JSON object")}},
    {RN_KIND_COUNTER,
     "counter",
     "values of counters of imported traces",
     {ATTACHED("name", RN_ATT_NAME, NULL), ATTACHED("category", RN_ATT_CATEGORY, NULL),
      ATTACHED("series", RN_ATT_TEXT, "which of its values, where it has several")}},
    {RN_KIND_FLOW,
     "flow",
     "points of arrows of imported traces",
     {ATTACHED("name", RN_ATT_NAME, NULL), ATTACHED("category", RN_ATT_CATEGORY, NULL)}},
    {RN_KIND_EDGE, "edge", "causes and effects of a merged recording", {{{0}, {0}}}},
    {RN_KIND_OBJECT,
     "object",
     "keyed fingerprints of contents, of rn-scrub",
     {TEXT("digest", RN_ROW_FROM_HEX, RN_ATT_DIGEST, "hexadecimal digits")}},
    {RN_KIND_NOTICE, "notice", "what a reader must know", {ATTACHED("text", RN_ATT_TEXT, NULL)}},
    {RN_KIND_LOSS,
     "loss",
     "events that are not in the recording",
     {ATTACHED("text", RN_ATT_TEXT, NULL)}},
};

static const struct column_source stream_columns[] = {
    INTEGER("stream", RN_ROW_FROM_WORD, "its number"),
    INTEGER("source", RN_ROW_FROM_SOURCE, "of table recording"),
    {{"type", RN_ROW_TEXT, true, "thread, queue, source (anything else) or recorder"},
     {RN_ROW_FROM_NAMED, 1, stream_type_name}},
    {{"pid", RN_ROW_INTEGER, true, NULL}, {RN_ROW_FROM_WORD, 2, NULL}},
    {{"tid", RN_ROW_INTEGER, true, "of a queue its number"}, {RN_ROW_FROM_WORD, 3, NULL}},
    {{"parent", RN_ROW_INTEGER, true, "stream that made it; 0 unknown"},
     {RN_ROW_FROM_WORD, 4, NULL}},
    MAYBE("process", RN_ROW_FROM_SERIAL, "number of its process: pids may be used again"),
    ATTACHED("name", RN_ATT_NAME, "as it was first told"),
};

static const struct rn_row_column recording_columns[] = {
    {"source", RN_ROW_INTEGER, false, "0 the recording itself, from 1 those merged into it"},
    {"uuid", RN_ROW_TEXT, false, NULL},
    {"hostname", RN_ROW_TEXT, true, NULL},
    {"os", RN_ROW_TEXT, true, NULL},
    {"command", RN_ROW_TEXT, true, "a JSON array; NULL where none was launched"},
    {"attached_pid", RN_ROW_INTEGER, true, NULL},
    {"cwd", RN_ROW_TEXT, true, "of the recorder"},
    {"engine", RN_ROW_TEXT, true,
     "what recorded: ptrace, inline, or the tool it was imported from"},
    {"creator", RN_ROW_TEXT, true, "program and version that wrote the recording"},
    {"boot_id", RN_ROW_TEXT, true, NULL},
    {"selection", RN_ROW_TEXT, true, "the -e expressions that limited the recording"},
    {"trace_parent", RN_ROW_TEXT, true, "traceparent that the recording is under"},
    {"trace_given", RN_ROW_TEXT, true, "traceparent that the program was handed"},
    {"scrubbed", RN_ROW_TEXT, true, "what took secrets out of it"},
    {"start_ns", RN_ROW_INTEGER, false, "CLOCK_REALTIME, nanoseconds since 1970"},
    {"end_ns", RN_ROW_INTEGER, true, "when its last event ended; with source 0 alone"},
    {"clock", RN_ROW_TEXT, false, "what the ticks are: tsc or ns"},
    {"tick_hz", RN_ROW_INTEGER, true, "estimate at the start; with tsc"},
    {"clock_error_ns", RN_ROW_INTEGER, false, "start_ns is right within this"},
    {"events", RN_ROW_INTEGER, true, "rows of all tables of events; with source 0 alone"},
    {"lost", RN_ROW_INTEGER, true, "events known to be missing; -1 an unknown number; as events"},
    {"complete", RN_ROW_INTEGER, true, "0: part of it could not be read, or was never written"},
    {"exporter", RN_ROW_TEXT, true, "program and version that wrote these tables"},
};

static struct rn_row_layout *new_table(struct rn_row_maker *maker, const char *name,
                                       const char *text)
{
    struct rn_row_layout *layout = &maker->layouts[maker->table_count];

    layout->table = (struct rn_row_table){
        .name = name,
        .text = text,
        .number = (unsigned)maker->table_count,
        .columns = layout->columns,
    };
    maker->tables[maker->table_count++] = &layout->table;
    return layout;
}

static void add_column(struct rn_row_layout *layout, const struct rn_row_column *column,
                       struct rn_row_source source)
{
    unsigned at = layout->table.column_count;

    if (at == RN_ROW_MAX_COLUMNS)
        return;
    layout->columns[at] = *column;
    layout->sources[at] = source;
    layout->table.column_count = at + 1;
}

static rn_name_fn *names_of(uint8_t kind, const char *field)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (named[i].kind == kind && strcmp(named[i].field, field) == 0)
            return named[i].names;
    return NULL;
}

/* The head says it already, or the function of a column does. */
static bool is_told(uint8_t kind, const char *field)
{
    return strcmp(field, "pid") == 0 || strcmp(field, "tid") == 0 ||
           (kind == RN_KIND_SYSCALL && strcmp(field, "ret") == 0);
}

static void add_field(struct rn_row_layout *layout, uint8_t kind, const struct rn_field *field,
                      uint8_t word)
{
    struct rn_row_column column = {field->name, RN_ROW_INTEGER, false, NULL};
    struct rn_row_source source = {RN_ROW_FROM_WORD, word, names_of(kind, field->name)};

    if (is_told(kind, field->name))
        return;
    if (source.names) {
        source.origin = RN_ROW_FROM_NAMED;
        column.type = RN_ROW_TEXT;
        column.nullable = true;
    } else if (field->unit == RN_FIELD_REAL) {
        source.origin = RN_ROW_FROM_DOUBLE;
        column.type = RN_ROW_REAL;
        column.nullable = true; /* no number */
    } else if (field->unit == RN_FIELD_DURATION) {
        source.origin = RN_ROW_FROM_TICKS;
    } else if (field->unit == RN_FIELD_MOMENT) {
        source.origin = RN_ROW_FROM_MOMENT;
        column.text = "since the recording began; NULL unknown";
        column.nullable = true;
    }
    add_column(layout, &column, source);
}

static void make_kind(struct rn_row_maker *maker, size_t index)
{
    uint8_t kind = kinds[index].kind;
    const struct rn_schema *schema = rn_schema_get(kind);
    struct rn_row_layout *layout = new_table(maker, kinds[index].table, kinds[index].text);

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        add_column(layout, &heads[i].column, heads[i].source);
    for (size_t i = 0; i < EXTRA_MAX && kinds[index].extras[i].column.name; i++)
        add_column(layout, &kinds[index].extras[i].column, kinds[index].extras[i].source);
    for (uint8_t word = 0; schema && word < schema->words; word++)
        add_field(layout, kind, &schema->fields[word], word);
    maker->by_kind[kind] = layout;
}

void rn_row_tables_make(struct rn_row_maker *maker)
{
    static const struct rn_row_source none = {RN_ROW_FROM_NONE, 0, NULL};
    struct rn_row_layout *recording = new_table(maker, "recording", "what was recorded, and how");
    struct rn_row_layout *stream;

    for (size_t i = 0; i < sizeof(recording_columns) / sizeof(recording_columns[0]); i++)
        add_column(recording, &recording_columns[i], none);
    stream = new_table(maker, "stream", "where events come from in order: threads, queues, tracks");
    for (size_t i = 0; i < sizeof(stream_columns) / sizeof(stream_columns[0]); i++)
        add_column(stream, &stream_columns[i].column, stream_columns[i].source);
    maker->by_kind[RN_KIND_STREAM] = stream;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        make_kind(maker, i);
}
