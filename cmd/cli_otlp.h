/* SPDX-License-Identifier: MIT */
/* rn-export-otlp: what its files share. Archives become traces (libanalysis/span_tree.h), traces
 * become batches, and batches go to a sink: a receiver, a file, or nowhere. */
#ifndef RN_CLI_OTLP_H
#define RN_CLI_OTLP_H

#include "cli_source.h"
#include "cli_source_map.h"

#include "formats/otlp_batch.h"
#include "formats/otlp_readback.h"
#include "libanalysis/span_tree.h"

enum cli_otlp_format { OTLP_BY_NAME, OTLP_JSONL, OTLP_PROTOBUF };

#define CLI_OTLP_MAX_HEADERS 32
#define CLI_OTLP_NOT_GIVEN   UINT64_MAX /* of what may be 0 */

struct cli_otlp_options {
    struct rn_filter *filter;
    struct rn_span_options spans;
    struct rn_otlp_attributes resource;
    bool rebase;          /* let the recording end now */
    const char *endpoint; /* as given; NULL: the environment's, or the default */
    char *url;            /* where requests go */
    char *shown;          /* the same without a password, for messages */
    bool grpc, gzip, insecure;
    bool protocol_given, compression_given; /* by an option */
    char *headers[CLI_OTLP_MAX_HEADERS];    /* "Name: value" */
    size_t header_count;
    const char *certificate, *client_key, *client_certificate;
    uint64_t timeout_ms, retry_ms;
    uint64_t in_flight;
    uint64_t batch_spans, batch_bytes;
    uint64_t rate_bytes, rate_traces; /* a second; 0 unlimited */
    const char *checkpoint;
    const char *verify; /* base URL of the query API */
    uint64_t verify_ms; /* CLI_OTLP_NOT_GIVEN until all options are read */
    const char *output;
    enum cli_otlp_format format;
    bool dry_run, json;
    struct rn_source_maps *maps; /* NULL: none */
};

/* What became of the events that were read. Folded events are those that spans only count. */
struct cli_otlp_account {
    uint64_t read, filtered;
    struct rn_otlp_tally sent, rejected, failed, in_doubt;
    uint64_t again;  /* spans sent once more after no answer: they may be stored twice */
    uint64_t before; /* spans that an earlier run had finished, by the checkpoint */
    uint64_t traces, requests, retries;
    uint64_t bytes;             /* of requests, before compression */
    uint64_t wire_bytes;        /* of their bodies, what went out to connections, or into a file */
    uint64_t verified, missing; /* spans read back, and not */
    uint64_t first_ns, last_ns; /* of all spans */
    /* Without a receiver, what becomes of spans that count as `sent`: "written", "counted"; else
     * NULL. */
    const char *local;
};
void cli_otlp_tally_add(struct rn_otlp_tally *to, struct rn_otlp_tally add);
/* Does read equal the sum of the others? */
bool cli_otlp_account_adds_up(const struct cli_otlp_account *account);
void cli_otlp_account_text(const struct cli_otlp_account *account, struct rn_buf *out);
void cli_otlp_account_json(const struct cli_otlp_account *account, struct rn_buf *out);

/* Where batches go. */
struct cli_otlp_sink {
    /* Take the batch, which is empty afterwards. False: no more can be sent, after a message; what
     * was in the batch is accounted for. */
    bool (*submit)(struct cli_otlp_sink *sink, struct rn_otlp_batch *batch);
    /* Wait until everything that was taken is done. */
    bool (*drain)(struct cli_otlp_sink *sink);
    /* After the last batch: false after a message. `trouble`: not everything could be read. */
    bool (*finish)(struct cli_otlp_sink *sink, bool trouble);
    void (*free)(struct cli_otlp_sink *sink);
};
/* NULL after a message. */
struct cli_otlp_sink *cli_otlp_file_new(const struct cli_otlp_options *options,
                                        struct cli_otlp_account *account);
struct cli_otlp_sink *cli_otlp_nowhere_new(struct cli_otlp_account *account);
struct cli_otlp_sink *cli_otlp_send_new(const struct cli_otlp_options *options,
                                        struct cli_otlp_account *account);

/* cli_otlp_archive.c: one archive after the other into batches. */
struct cli_otlp_export;
struct cli_otlp_export *cli_otlp_export_new(const struct cli_otlp_options *options,
                                            struct cli_otlp_sink *sink,
                                            struct cli_otlp_account *account);
/* False: stop altogether. *trouble is set where something could not be read. */
bool cli_otlp_export_archive(struct cli_otlp_export *export, const char *path, bool *trouble);
bool cli_otlp_export_end(struct cli_otlp_export *export); /* hands out the last batch */
void cli_otlp_export_free(struct cli_otlp_export *export);

/* Traces that were handed out, for --verify and --dry-run. */
struct cli_otlp_traces {
    struct cli_otlp_trace {
        uint8_t id[16];
        struct rn_otlp_set set;
    } * items;
    size_t count, capacity;
};
const struct cli_otlp_traces *cli_otlp_export_traces(const struct cli_otlp_export *export);
/* Read all of them back. False after messages: some span is missing, or nobody answers. */
bool cli_otlp_verify(const struct cli_otlp_options *options, const struct cli_otlp_traces *traces,
                     struct cli_otlp_account *account);

/* cli_otlp_options.c: -1: go on; else the exit status. */
int cli_otlp_parse(struct cli_otlp_options *options, int argc, char **argv);
/* cli_otlp_check.c: the same, of all options together. */
int cli_otlp_check(const struct cli_otlp_options *options);
/* `given` is what of it was given. False after a message. */
bool cli_otlp_check_url(const char *url, const char *given);
/* `what` is the option or variable that names the file. False after a message. */
bool cli_otlp_can_read(const char *what, const char *path);
void cli_otlp_options_free(struct cli_otlp_options *options);
/* cli_otlp_environment.c: what the environment says, for what no option said; then the URL. False
 * after a message. */
bool cli_otlp_environment(struct cli_otlp_options *options);
bool cli_otlp_add_header(struct cli_otlp_options *options, const char *text);   /* NAME=VALUE */
bool cli_otlp_add_resource(struct cli_otlp_options *options, const char *text); /* KEY=VALUE */
bool cli_otlp_set_parent(struct cli_otlp_options *options, const char *text);   /* traceparent */
bool cli_otlp_set_protocol(struct cli_otlp_options *options, const char *text);
bool cli_otlp_set_compression(struct cli_otlp_options *options, const char *text);

/* cli_otlp_checkpoint.c: which batches are done, kept in a file. */
struct cli_otlp_checkpoint;
/* path NULL: none is kept. NULL after a message. */
struct cli_otlp_checkpoint *cli_otlp_checkpoint_open(const char *path);
void cli_otlp_checkpoint_free(struct cli_otlp_checkpoint *checkpoint);

enum cli_otlp_past { OTLP_NEW, OTLP_DONE, OTLP_IN_DOUBT, OTLP_OTHER };
struct cli_otlp_outcome {
    struct rn_otlp_tally sent, rejected;
};
/* What an earlier run did with that batch; OTLP_OTHER: it was another batch. */
enum cli_otlp_past cli_otlp_checkpoint_past(const struct cli_otlp_checkpoint *checkpoint,
                                            uint64_t number, uint64_t digest,
                                            struct cli_otlp_outcome *outcome);
/* Note that it is sent, and that it is done. False after a message. */
bool cli_otlp_checkpoint_begin(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                               uint64_t digest);
/* It was sent, and refused whole: nobody has it. */
bool cli_otlp_checkpoint_undone(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                                uint64_t digest);
bool cli_otlp_checkpoint_done(struct cli_otlp_checkpoint *checkpoint, uint64_t number,
                              uint64_t digest, const struct cli_otlp_outcome *outcome);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t cli_otlp_now(void);

/* cli_otlp_place.c: --source-map. False after a message. */
bool cli_otlp_add_source_map(struct cli_otlp_options *options, const char *path);
struct cli_otlp_places;
/* Before anything is read of the source; both are borrowed. NULL after a message. */
struct cli_otlp_places *cli_otlp_places_new(struct rn_source_maps *maps, struct cli_source *source);
void cli_otlp_places_free(struct cli_otlp_places *places); /* accepts NULL */
/* The event as it is to be added to the tree next, which is told where a call was made; `event`
 * itself where nothing changes. `places` may be NULL. */
const struct rn_event *cli_otlp_place(struct cli_otlp_places *places, struct rn_span_tree *tree,
                                      const struct rn_event *event);
/* Every event, behind cli_source_feed. After a message, what it returns. */
enum rn_status cli_otlp_places_feed(struct cli_otlp_places *places, const struct rn_event *event);

#endif
