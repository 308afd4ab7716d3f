/* SPDX-License-Identifier: MIT */
/* Inside the span tree: what the span_*.c files share. */
#ifndef RN_SPAN_PRIVATE_H
#define RN_SPAN_PRIVATE_H

#include "formats/id_map.h"
#include "span_id.h"
#include "span_tree.h"

/* A process as long as it is alive. */
struct span_known {
    uint64_t first_stream; /* the lowest one: stands for the process in ids */
    uint64_t origin;       /* stream of the thread that made it; 0 unknown */
    struct rn_buf argv;    /* NUL-terminated strings, for the resource */
};

/* A process, a thread and a set of short events in one part. */
struct span_process {
    uint64_t serial; /* 0: of no process */
    uint64_t pid, id, first_stream, origin;
    uint64_t first_ns, last_ns;
    struct rn_buf name, resource, events;
    uint32_t event_count; /* events of the recording in `events` */
    bool stale;           /* a new image runs: the resource is to be told anew */
    size_t spans, group;  /* when the part is closed */
};

struct span_thread {
    uint64_t stream, type, id; /* type: enum rn_stream_type */
    struct span_process *process;
    uint64_t first_ns, last_ns;
    struct rn_buf name, common, events;
    uint32_t event_count;
    bool encloses; /* has calls or blocks that others may lie in */
};

struct span_fold {
    struct span_thread *thread;
    uint8_t kind;
    struct rn_buf name;
    uint64_t count, errors, sum_ns, min_ns, max_ns, bytes;
    uint64_t first_ns, last_ns;
};

/* A span of the part; a structure span has kind RN_KIND_NONE. */
struct span_entry {
    struct rn_otlp_ref ref;
    uint64_t id, start_ns, end_ns;
    uint64_t correlation; /* key made of process, interface and number; 0 none */
    struct span_process *process;
    struct span_thread *thread;
    uint8_t kind;
};

/* Times and events of a root. */
struct span_root {
    uint64_t first_ns, last_ns;
    struct rn_buf events;
    uint32_t event_count;
};

struct span_part {
    uint64_t number;
    uint8_t trace_id[16];
    struct rn_buf arena;
    struct span_entry *entries;
    size_t count, capacity;
    struct span_thread **threads;
    size_t thread_count, thread_capacity;
    struct span_process **processes;
    size_t process_count, process_capacity;
    struct span_fold **folds;
    size_t fold_count, fold_capacity;
    struct rn_id_map thread_map, process_map, fold_map;
    struct span_thread *latest; /* most events are of the same thread as the one before */
    struct span_root root;
    uint64_t bytes; /* of what will be a span when the part is closed, estimated */
};

#define SPAN_FIELDS 24u /* that a kind has at most */

/* Calls of earlier parts that kernels may still be correlated with. */
#define SPAN_RECENT 8192u
struct span_recent {
    uint64_t key, id, part;
};

/* A call that had not returned; owns what its event points to. */
struct span_inflight {
    struct rn_event event;
    struct rn_attachment *attachments;
    struct rn_buf bytes;
};

struct span_index {
    uint64_t page;
    uint8_t trace_id[16];
    struct rn_buf arena;
    struct rn_otlp_ref *refs;
    size_t count, capacity;
    uint64_t first_ns, last_ns;
};

struct rn_span_tree {
    struct rn_span_options options;
    struct rn_span_ids ids;
    const struct rn_manifest *manifest;
    char recording[37]; /* UUID */
    struct rn_otlp_text service;
    struct rn_buf service_name;
    bool has_given; /* the program was handed a span: the recording as a whole has its id */
    struct rn_trace_parent given;
    struct rn_buf state; /* options.trace_state, where that is not the user's */
    rn_span_trace_fn *function;
    void *context;
    struct rn_id_map known;   /* struct span_known by serial */
    struct rn_id_map origins; /* maker's stream + 1 by stream, until its process is known */
    struct span_part part;
    struct span_index index;
    struct span_recent recent[SPAN_RECENT];
    struct span_inflight *inflight;
    size_t inflight_count, inflight_capacity;
    uint64_t parts;               /* handed out */
    struct rn_buf plain_resource; /* of what is of no process */
    struct rn_buf scratch;
    const struct span_rule
        *rules[RN_KIND_STREAM][SPAN_FIELDS]; /* how fields are shown; NULL: as numbers */
    struct rn_buf texts;                     /* of the attributes of the event at hand */
    const struct rn_symbol_frame *place;     /* of the call at hand; NULL not known */
};

/* span_attributes.c: attributes of an event from its schema and attachments; texts go to
 * tree->texts, which must have room for them beforehand: see rn_span_texts_begin. */
void rn_span_rules_init(struct rn_span_tree *tree);
void rn_span_texts_begin(struct rn_span_tree *tree, const struct rn_event *event);
struct rn_otlp_text rn_span_text(struct rn_span_tree *tree, const uint8_t *data, size_t size,
                                 bool *cut);
void rn_span_add_place(struct rn_otlp_attributes *list, const struct rn_event *event);
void rn_span_add_flags(struct rn_otlp_attributes *list, const struct rn_event *event, bool cut);
void rn_span_add_event(struct rn_span_tree *tree, struct rn_trace *trace,
                       struct rn_otlp_attributes *list, const struct rn_event *event, bool *cut);
struct rn_otlp_text rn_span_event_name(struct rn_span_tree *tree, const struct rn_event *event);
void rn_span_add_source(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                        const struct rn_symbol_frame *place, bool *cut);
void rn_span_add_original_time(struct rn_span_tree *tree, struct rn_otlp_attributes *list,
                               uint64_t start_ns);

/* span_syscall.c */
struct rn_otlp_text rn_span_syscall_name(struct rn_span_tree *tree, const struct rn_event *event);
void rn_span_add_syscall(struct rn_span_tree *tree, struct rn_trace *trace,
                         struct rn_otlp_attributes *list, const struct rn_event *event,
                         struct rn_otlp_span *span, bool *cut);

/* span_resource.c */
void rn_span_resource_encode(struct rn_span_tree *tree, struct rn_trace *trace,
                             const struct rn_thread_info *thread, struct rn_buf *out);
void rn_span_recording_resource(struct rn_span_tree *tree, struct rn_buf *out);

/* span_context.c: what the manifest says; what the environment of a program says; the trace that
 * the recording as a whole is in, false: in one of its own. */
void rn_span_context_init(struct rn_span_tree *tree);
void rn_span_context_note(struct rn_span_tree *tree, const struct rn_event *event);
bool rn_span_context_trace(const struct rn_span_tree *tree, uint8_t trace_id[16]);

/* span_known.c */
struct span_known *rn_span_known_of(struct rn_span_tree *tree, const struct rn_thread_info *thread);
void rn_span_known_note(struct rn_span_tree *tree, struct rn_trace *trace,
                        const struct rn_event *event);
void rn_span_known_end(struct rn_span_tree *tree, struct rn_trace *trace,
                       const struct rn_event *event);
void rn_span_known_free(struct rn_span_tree *tree);

/* span_inflight.c: keep a call, and forget them all. */
RN_MUST_CHECK enum rn_status rn_span_inflight_keep(struct rn_span_tree *tree,
                                                   const struct rn_event *event,
                                                   struct rn_error *err);
void rn_span_inflight_forget(struct rn_span_tree *tree);

/* span_part.c */
struct span_thread *rn_span_part_thread(struct rn_span_tree *tree, struct rn_trace *trace,
                                        uint64_t stream);
void rn_span_extend(struct span_thread *thread, uint64_t start_ns, uint64_t end_ns);
struct span_entry *rn_span_part_entry(struct span_part *part);
bool rn_span_part_is_full(const struct rn_span_tree *tree);
bool rn_span_part_is_empty(const struct span_part *part);
void rn_span_part_clear(struct span_part *part);
void rn_span_part_free(struct span_part *part);
bool rn_span_grow(void *array, size_t *capacity, size_t needed, size_t item);

/* span_fold.c */
RN_MUST_CHECK enum rn_status rn_span_fold_add(struct rn_span_tree *tree, struct span_thread *thread,
                                              const struct rn_event *event, uint64_t start_ns,
                                              uint64_t duration_ns, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_span_folds_encode(struct rn_span_tree *tree, struct rn_error *err);

/* span_close.c: make a trace of the part and hand it out. `last`: nothing follows. */
RN_MUST_CHECK enum rn_status rn_span_part_close(struct rn_span_tree *tree, bool last,
                                                struct rn_error *err);
/* span_parents.c */
RN_MUST_CHECK enum rn_status rn_span_find_parents(struct rn_span_tree *tree, struct rn_error *err);

/* span_index.c */
struct span_summary {
    const uint8_t *trace_id;
    uint64_t part, root, spans, first_ns, last_ns;
};
RN_MUST_CHECK enum rn_status
rn_span_index_add(struct rn_span_tree *tree, const struct span_summary *part, struct rn_error *err);
RN_MUST_CHECK enum rn_status rn_span_index_close(struct rn_span_tree *tree, bool last,
                                                 struct rn_error *err);
/* Where the index entry of a part is: which page's trace. */
void rn_span_index_place(const struct rn_span_tree *tree, uint64_t part, uint8_t trace_id[16],
                         uint64_t *root);

#endif
