/* SPDX-License-Identifier: MIT */
/* Files in which a transpiler tells what it decided. Three forms, told apart by their first byte:
 *
 * - MessagePack: an array of maps, or several one behind the other, or maps one behind the other,
 * so that a file can grow;
 * - JSON: an array of objects, or several one behind the other;
 * - a JSON manifest: an object with version, git_commit, transpiler_version, and the decisions as
 *   members whose names are hexadecimal ids, there or in an object "decisions".
 *
 * Of a decision: timestamp_us (since 1970, or since some start where it is less than
 * RN_DECISION_EPOCH_US), category, name, input, result, source_location ("file:line" or an object
 * of file and line), decision_id (a number or hexadecimal). category and name must be strings;
 * input and result may be anything: what is no string is kept as JSON. Other members are skipped.
 *
 * The files are hostile: 16 levels of nesting, 64 MiB a decision, and texts of 64 KiB (longer ones
 * are cut, and flagged so) are the limits. */
#ifndef RN_DECISION_FILE_H
#define RN_DECISION_FILE_H

#include "buf.h"
#include "event.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RN_DECISION_DEPTH     16u
#define RN_DECISION_BYTES_MAX (64u << 20)
#define RN_DECISION_TEXT_MAX  (64u << 10)
#define RN_DECISION_EPOCH_US  UINT64_C(100000000000000) /* 1973 */

struct rn_decision_text {
    const char *text; /* not NUL-terminated; NULL: not given */
    uint32_t size;
    bool cut;
};

/* Nothing where it was not given; `items` are those of the event, and have room. Borrows the text.
 */
void rn_decision_attach(struct rn_event *event, struct rn_attachment *items, uint8_t type,
                        const struct rn_decision_text *text);

struct rn_decision_entry {
    bool has_time;
    uint64_t timestamp_us;
    uint64_t id; /* as given, else made from the rest as rn_decision in event.h says */
    struct rn_decision_text category, name, source, input, result;
};

struct rn_decision_file;
struct rn_decision_file *rn_decision_file_new(void); /* NULL: no memory */
void rn_decision_file_free(struct rn_decision_file *file);

/* Called for each decision, which is borrowed. */
typedef enum rn_status rn_decision_fn(void *context, const struct rn_decision_entry *entry,
                                      struct rn_error *err);
/* The next bytes of the file. `last`: there are no more. A failure of the file is RN_E_FORMAT or
 * RN_E_LIMIT with its offset, and final; what was whole before it has been handed out. */
RN_MUST_CHECK enum rn_status rn_decision_file_feed(struct rn_decision_file *file,
                                                   const uint8_t *data, size_t size, bool last,
                                                   rn_decision_fn *function, void *context,
                                                   struct rn_error *err);
/* "transpiler 2.1, commit 0123abc" of a manifest; NULL where it is none or says nothing. Borrowed.
 */
const char *rn_decision_file_origin(const struct rn_decision_file *file);

#ifdef __cplusplus
}
#endif
#endif
