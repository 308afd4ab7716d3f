/* SPDX-License-Identifier: MIT */
/* Files of decisions (decision_file.h) as recordings of their own: one stream, in order of time. */
#include "formats/decision_file.h"
#include "import_formats.h"

#include <string.h>

struct reading {
    struct rn_input *input;
    struct rn_import *import;
    bool begun;
    enum rn_import_clock clock; /* what the first decision says: of the others, too */
    uint32_t stream;
    uint64_t last_ns;
    uint64_t without_time;
    bool failed; /* it is not the file that is wrong */
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static enum rn_status begin(struct reading *reading, const struct rn_decision_entry *entry,
                            struct rn_error *err)
{
    struct rn_import_facts facts = {.disorder = true};
    enum rn_status status;

    reading->begun = true;
    reading->clock = !entry->has_time                              ? RN_IMPORT_ORDER
                     : entry->timestamp_us >= RN_DECISION_EPOCH_US ? RN_IMPORT_REALTIME
                                                                   : RN_IMPORT_RELATIVE;
    facts.clock = reading->clock;
    status = rn_import_facts(reading->import, &facts, err);
    if (status != RN_OK)
        return status;
    return rn_import_track(reading->import, 0, 0, base_name(rn_input_name(reading->input)),
                           &reading->stream, err);
}

/* NULL, or what is wrong with the time. */
static const char *time_of(struct reading *reading, const struct rn_decision_entry *entry,
                           uint64_t *ns)
{
    bool is_epoch = entry->timestamp_us >= RN_DECISION_EPOCH_US;

    *ns = reading->last_ns + (reading->clock == RN_IMPORT_ORDER ? 1000 : 0);
    if (!entry->has_time || reading->clock == RN_IMPORT_ORDER) {
        reading->without_time += !entry->has_time;
        return entry->has_time ? "a time, where decisions before it had none" : NULL;
    }
    if (is_epoch != (reading->clock == RN_IMPORT_REALTIME))
        return "a time since 1970 among times since some start, or the other way round";
    if (entry->timestamp_us > INT64_MAX / 1000)
        return "a time that makes no sense";
    *ns = entry->timestamp_us * 1000;
    return NULL;
}

static enum rn_status add(void *context, const struct rn_decision_entry *entry,
                          struct rn_error *err)
{
    struct reading *reading = context;
    struct rn_attachment items[5];
    struct rn_event event = {
        .kind = RN_KIND_DECISION, .u.decision.id = entry->id, .attachments = items};
    enum rn_status status = RN_OK;
    const char *wrong;

    if (!reading->begun)
        status = begin(reading, entry, err);
    wrong = time_of(reading, entry, &event.start);
    if (status == RN_OK && wrong)
        status = rn_import_problem(reading->import, 0, rn_input_offset(reading->input), err,
                                   "a decision has %s", wrong);
    if (status == RN_OK && !wrong) {
        reading->last_ns = event.start;
        event.stream = reading->stream;
        rn_decision_attach(&event, items, RN_ATT_CATEGORY, &entry->category);
        rn_decision_attach(&event, items, RN_ATT_NAME, &entry->name);
        rn_decision_attach(&event, items, RN_ATT_SOURCE, &entry->source);
        rn_decision_attach(&event, items, RN_ATT_INPUT, &entry->input);
        rn_decision_attach(&event, items, RN_ATT_RESULT, &entry->result);
        status = rn_import_add(reading->import, &event, err);
    }
    reading->failed |= status != RN_OK;
    return status;
}

static enum rn_status read_pieces(struct reading *reading, struct rn_decision_file *file,
                                  struct rn_error *err)
{
    enum rn_status status, fed = RN_OK;

    do {
        const uint8_t *data = NULL;
        size_t size = 0;

        status = rn_input_next(reading->input, &data, &size, err);
        if (status == RN_OK || status == RN_EOF)
            fed = rn_decision_file_feed(file, data, size, status == RN_EOF, add, reading, err);
    } while (status == RN_OK && fed == RN_OK);
    if (status != RN_OK && status != RN_EOF)
        return status;
    if (reading->failed || (fed != RN_E_FORMAT && fed != RN_E_LIMIT))
        return fed;
    /* Where the next one begins is not known: what was whole before it is kept. */
    {
        struct rn_error found = *err;

        return rn_import_problem(reading->import, 0, found.offset, err,
                                 "%s: no decision is read from here on", found.what);
    }
}

static enum rn_status note_origin(struct reading *reading, const struct rn_decision_file *file,
                                  struct rn_error *err)
{
    const char *origin = rn_decision_file_origin(file);
    struct rn_buf text = RN_BUF_INIT;
    enum rn_status status;

    if (!origin)
        return RN_OK;
    rn_buf_text(&text, "decisions of ");
    rn_buf_text(&text, base_name(rn_input_name(reading->input)));
    rn_buf_text(&text, ": ");
    rn_buf_text(&text, origin);
    rn_buf_byte(&text, 0);
    status = text.failed
                 ? rn_fail(err, RN_E_NOMEM, "no memory for a notice")
                 : rn_import_notice(reading->import, RN_NOTICE_OTHER, (const char *)text.data, err);
    rn_buf_free(&text);
    return status;
}

static enum rn_status read_decisions(struct rn_input *input, struct rn_import *import,
                                     struct rn_error *err)
{
    struct reading reading = {.input = input, .import = import};
    struct rn_decision_file *file = rn_decision_file_new();
    enum rn_status status;

    if (!file)
        return rn_fail(err, RN_E_NOMEM, "no memory for a file of decisions");
    status = read_pieces(&reading, file, err);
    if (status == RN_OK)
        status = note_origin(&reading, file, err);
    if (reading.without_time)
        rn_import_note(import, "decisions that do not say when", reading.without_time);
    rn_decision_file_free(file);
    return status;
}

static bool has(const uint8_t *head, size_t size, const char *what)
{
    return memmem(head, size, what, strlen(what)) != NULL;
}

static int recognise(const uint8_t *head, size_t size)
{
    size_t at = 0;
    bool is_json, is_packed;

    size = size < 16384 ? size : 16384;
    while (at < size && (head[at] == ' ' || head[at] == '\n' || head[at] == '\t'))
        at++;
    if (at == size)
        return 0;
    is_json = head[at] == '[' || head[at] == '{';
    is_packed = (head[at] >= 0x80 && head[at] <= 0x9f) || (head[at] >= 0xdc && head[at] <= 0xdf);
    if (is_packed &&
        has(head, size,
            "\xa8"
            "category") &&
        has(head, size, "\xa4name"))
        return 85;
    if (!is_json || !has(head, size, "\"category\"") || !has(head, size, "\"name\""))
        return 0;
    return has(head, size, "\"transpiler_version\"") || has(head, size, "\"source_location\"") ||
                   has(head, size, "\"decision_id\"") || has(head, size, "\"timestamp_us\"")
               ? 85
               : 30;
}

const struct rn_import_format rn_decision_import = {
    .name = "decisions",
    .text = "decisions of a transpiler: MessagePack, JSON, manifests",
    .recognise = recognise,
    .read = read_decisions,
};
