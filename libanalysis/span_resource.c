/* SPDX-License-Identifier: MIT */
/* What spans are of: the service, the host, the process; names of the semantic conventions. */
#include "span_private.h"

#define KEY(text) RN_OTLP_TEXT(text)
#define TEXTS     8u

/* Texts of one resource, made safe; they stay where they are while it is made. */
struct resource {
    struct rn_otlp_attributes list;
    struct rn_buf texts[TEXTS];
    unsigned count;
};

static void add_text(struct resource *resource, struct rn_otlp_text key, const char *text)
{
    struct rn_buf *buf;
    bool cut = false;

    if (!text || !*text || resource->count == TEXTS)
        return;
    buf = &resource->texts[resource->count++];
    *buf = (struct rn_buf)RN_BUF_INIT;
    rn_otlp_text_add(buf, (const uint8_t *)text, strlen(text), RN_OTLP_TEXT_LIMIT, &cut);
    rn_otlp_add_text(&resource->list, key,
                     (struct rn_otlp_text){(const char *)buf->data, buf->size});
}

static bool is_given(const struct rn_otlp_attributes *given, struct rn_otlp_text key)
{
    for (unsigned i = 0; given && i < given->count; i++)
        if (given->items[i].key.size == key.size &&
            !memcmp(given->items[i].key.data, key.data, key.size))
            return true;
    return false;
}

/* What the user gave wins. */
static void merge_given(struct rn_otlp_attributes *list, const struct rn_otlp_attributes *given)
{
    struct rn_otlp_attributes merged = {.count = 0};

    for (unsigned i = 0; i < list->count; i++)
        if (!is_given(given, list->items[i].key))
            merged.items[merged.count++] = list->items[i];
    for (unsigned i = 0; given && i < given->count && merged.count < RN_OTLP_MAX_ATTRIBUTES; i++)
        merged.items[merged.count++] = given->items[i];
    *list = merged;
}

static void add_recording(struct rn_span_tree *tree, struct resource *resource)
{
    rn_otlp_add_text(&resource->list, KEY("service.name"), tree->service);
    add_text(resource, KEY("host.name"), tree->manifest->host);
    rn_otlp_add_text(&resource->list, KEY("os.type"), KEY("linux"));
    add_text(resource, KEY("os.description"), tree->manifest->os);
    rn_otlp_add_text(&resource->list, KEY("rn.recording.id"),
                     (struct rn_otlp_text){tree->recording, sizeof tree->recording - 1});
}

static void encode(struct rn_span_tree *tree, struct resource *resource, struct rn_buf *out)
{
    merge_given(&resource->list, tree->options.resource);
    rn_buf_clear(out);
    rn_otlp_resource_encode(out, &resource->list);
    for (unsigned i = 0; i < resource->count; i++)
        rn_buf_free(&resource->texts[i]);
}

void rn_span_recording_resource(struct rn_span_tree *tree, struct rn_buf *out)
{
    struct resource resource = {.count = 0};

    add_recording(tree, &resource);
    encode(tree, &resource, out);
}

void rn_span_resource_encode(struct rn_span_tree *tree, struct rn_trace *trace,
                             const struct rn_thread_info *thread, struct rn_buf *out)
{
    const struct rn_process_info *process = thread->process;
    const struct span_known *known = rn_span_known_of(tree, thread);
    struct resource resource = {.count = 0};

    add_recording(tree, &resource);
    if (process) {
        rn_otlp_add_int(&resource.list, KEY("process.pid"), (int64_t)process->pid);
        if (process->parent_pid)
            rn_otlp_add_int(&resource.list, KEY("process.parent_pid"),
                            (int64_t)process->parent_pid);
        add_text(&resource, KEY("process.executable.name"), process->name);
        add_text(&resource, KEY("process.executable.path"), process->exe);
        add_text(&resource, KEY("process.working_directory"),
                 rn_trace_directory(trace, thread->stream));
    }
    if (known && known->argv.size) {
        struct rn_otlp_attribute *item =
            rn_otlp_attribute_new(&resource.list, KEY("process.command_args"));

        item->type = RN_OTLP_STRINGS;
        item->value.text = (struct rn_otlp_text){(const char *)known->argv.data, known->argv.size};
    }
    encode(tree, &resource, out);
}
