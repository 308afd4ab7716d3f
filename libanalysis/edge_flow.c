/* SPDX-License-Identifier: MIT */
/* Bytes that one call put into a pipe or socket and another one took out, by their place.
 *
 * Calls come in order of their ends. A read may come before the write whose bytes it returned,
 * whose call took longer to return: it waits. Calls of several threads that overlap in time moved
 * their bytes in an order that nobody knows: what they moved is ambiguous, and edges through it are
 * inferred. */
#include "edge_model.h"

#include <stdlib.h>
#include <string.h>

/* Fewer bytes than this can be the same by chance. */
#define TELLING_BYTES 8u
/* Writes of a broken flow that a read is compared with. */
#define KEPT_MAX 64u
/* Reads of a flow whose writer nobody may have recorded. */
#define AHEAD_MAX 65536u
/* Reads that hold up others. */
#define WAITING_MAX 4096u

void edge_flow_init(struct edge_flow *flow, enum flow_trust trust, uint8_t mechanism)
{
    *flow = (struct edge_flow){.trust = trust, .mechanism = mechanism};
    flow->writes.end = &flow->writes.first;
    flow->ahead.end = &flow->ahead.first;
}

struct flow_piece *edge_piece_new(struct rn_edge_finder *finder, const struct rn_event *event,
                                  const struct rn_edge_end *who, uint64_t length)
{
    const struct rn_attachment *content = rn_event_attachment(event, RN_ATT_CONTENT, RN_ARG_ANY);
    struct flow_piece *piece =
        edge_take_memory(finder, sizeof *piece) ? calloc(1, sizeof *piece) : NULL;

    if (!piece)
        return NULL;
    piece->who = *who;
    piece->end = length;
    if (!content || content->content.length != length || edge_is_scrubbed(finder, who->source))
        return piece;
    piece->crc = content->content.crc;
    piece->crc_known = true;
    piece->head_length =
        (uint8_t)(content->content.head_len < EDGE_HEAD ? content->content.head_len : EDGE_HEAD);
    if (piece->head_length)
        memcpy(piece->head, content->content.head, piece->head_length);
    return piece;
}

static void stop_waiting(struct rn_edge_finder *finder, struct flow_piece *piece)
{
    if (!piece->waits)
        return;
    piece->waits = false;
    finder->waiting_count--;
    if (piece->earlier)
        piece->earlier->later = piece->later;
    else
        finder->waiting = piece->later;
    if (piece->later)
        piece->later->earlier = piece->earlier;
    else
        finder->latest_waiting = piece->earlier;
}

static void begin_waiting(struct rn_edge_finder *finder, struct flow_piece *piece)
{
    if (finder->waiting_count >= WAITING_MAX) {
        finder->forgotten++;
        stop_waiting(finder, finder->waiting);
    }
    piece->waits = true;
    finder->waiting_count++;
    piece->later = NULL;
    piece->earlier = finder->latest_waiting;
    if (piece->earlier)
        piece->earlier->later = piece;
    else
        finder->waiting = piece;
    finder->latest_waiting = piece;
}

void edge_piece_free(struct rn_edge_finder *finder, struct flow_piece *piece)
{
    if (!piece)
        return;
    stop_waiting(finder, piece);
    finder->memory -= sizeof *piece;
    free(piece);
}

static void append(struct flow_queue *queue, struct flow_piece *piece)
{
    piece->next = NULL;
    *queue->end = piece;
    queue->end = &piece->next;
}

static void drop_first(struct rn_edge_finder *finder, struct flow_queue *queue)
{
    struct flow_piece *piece = queue->first;

    queue->first = piece->next;
    if (!queue->first)
        queue->end = &queue->first;
    edge_piece_free(finder, piece);
}

void edge_flow_clear(struct rn_edge_finder *finder, struct edge_flow *flow)
{
    while (flow->writes.first)
        drop_first(finder, &flow->writes);
    while (flow->ahead.first)
        drop_first(finder, &flow->ahead);
    flow->kept = flow->ahead_count = 0;
}

void edge_flow_break(struct rn_edge_finder *finder, struct edge_flow *flow)
{
    if (flow->trust == FLOW_BROKEN)
        return;
    edge_flow_clear(finder, flow);
    flow->trust = FLOW_BROKEN;
}

/* ---- what fingerprints say ---- */

enum verdict { CONTRADICTED, SILENT, AGREED };

static enum verdict compare(const struct flow_piece *write, const struct flow_piece *read)
{
    unsigned length =
        write->head_length < read->head_length ? write->head_length : read->head_length;
    uint64_t shift;

    if (write->begin == read->begin) {
        if (memcmp(write->head, read->head, length) != 0)
            return CONTRADICTED;
        if (write->end != read->end || !write->crc_known || !read->crc_known)
            return SILENT;
        if (write->crc != read->crc)
            return CONTRADICTED;
        return write->end - write->begin >= TELLING_BYTES ? AGREED : SILENT;
    }
    /* The head of the one that begins later lies in the other one's, in part. */
    if (write->begin < read->begin && (shift = read->begin - write->begin) < write->head_length) {
        length = write->head_length - (unsigned)shift;
        if (length > read->head_length)
            length = read->head_length;
        return memcmp(write->head + shift, read->head, length) == 0 ? SILENT : CONTRADICTED;
    }
    if (read->begin < write->begin && (shift = write->begin - read->begin) < read->head_length) {
        length = read->head_length - (unsigned)shift;
        if (length > write->head_length)
            length = write->head_length;
        return memcmp(read->head + shift, write->head, length) == 0 ? SILENT : CONTRADICTED;
    }
    return SILENT;
}

/* One edge for the bytes that both have; false where they cannot be the same bytes. */
static bool connect_pieces(struct rn_edge_finder *finder, struct edge_flow *flow,
                           const struct flow_piece *write, const struct flow_piece *read)
{
    uint64_t begin = write->begin > read->begin ? write->begin : read->begin;
    uint64_t end = write->end < read->end ? write->end : read->end;
    bool clear = !write->ambiguous && !read->ambiguous, proven;
    enum verdict verdict;

    if (begin >= end)
        return true;
    verdict = clear ? compare(write, read) : SILENT;
    if (verdict == CONTRADICTED)
        return false;
    if (verdict == AGREED) {
        flow->confirmed = true;
        if (flow->other)
            flow->other->confirmed = true;
    }
    proven =
        clear && !write->weak && !read->weak && (flow->trust == FLOW_ANCHORED || flow->confirmed) &&
        !edge_distrusts(finder, write->who.source) && !edge_distrusts(finder, read->who.source);
    edge_emit(finder, &write->who, &read->who, read->mechanism ? read->mechanism : flow->mechanism,
              proven, end - begin);
    return true;
}

/* Edges to a read from all writes that are known; false: contradiction. */
static bool match_read(struct rn_edge_finder *finder, struct edge_flow *flow,
                       const struct flow_piece *read, uint64_t from)
{
    for (const struct flow_piece *write = flow->writes.first; write && write->begin < read->end;
         write = write->next)
        if (write->end > from && !connect_pieces(finder, flow, write, read))
            return false;
    return true;
}

static void drop_read_writes(struct rn_edge_finder *finder, struct edge_flow *flow)
{
    uint64_t wanted = flow->ahead.first ? flow->ahead.first->begin : flow->read;

    while (flow->writes.first && flow->writes.first->end <= wanted)
        drop_first(finder, &flow->writes);
}

/* ---- broken flows: the same bytes, by their fingerprint ---- */

static void keep_write(struct rn_edge_finder *finder, struct edge_flow *flow,
                       struct flow_piece *piece)
{
    if (!piece->crc_known || piece->end < TELLING_BYTES) {
        edge_piece_free(finder, piece);
        return;
    }
    append(&flow->writes, piece);
    if (++flow->kept > KEPT_MAX) {
        drop_first(finder, &flow->writes);
        flow->kept--;
    }
}

static void guess_write(struct rn_edge_finder *finder, struct edge_flow *flow,
                        struct flow_piece *read)
{
    struct flow_piece *write = flow->writes.first;

    while (write && !(read->crc_known && write->end == read->end && write->crc == read->crc))
        write = write->next;
    if (write) {
        edge_emit(finder, &write->who, &read->who, flow->mechanism, false, read->end);
        while (flow->writes.first != write) {
            drop_first(finder, &flow->writes);
            flow->kept--;
        }
        drop_first(finder, &flow->writes);
        flow->kept--;
    }
    edge_piece_free(finder, read);
}

/* ---- calls ---- */

static bool overlaps(const struct rn_edge_end *last, const struct flow_piece *piece)
{
    return last->end > piece->who.start && last->stream != piece->who.stream;
}

/* One that comes after another thread's that ended later should have come before it. */
static bool is_late(const struct rn_edge_end *last, const struct flow_piece *piece)
{
    return last->end > piece->who.end && last->stream != piece->who.stream;
}

static void place_piece(struct flow_piece *piece, uint64_t *at, struct rn_edge_end *last,
                        uint32_t open)
{
    piece->ambiguous |= open > 0 || overlaps(last, piece);
    piece->begin = *at;
    piece->end = *at + piece->end;
    *at = piece->end;
    if (piece->who.end >= last->end)
        *last = piece->who;
}

void edge_flow_write(struct rn_edge_finder *finder, struct edge_flow *flow,
                     struct flow_piece *piece)
{
    struct flow_piece *read;

    if (is_late(&flow->last_writer, piece))
        edge_flow_break(finder, flow);
    if (flow->trust == FLOW_BROKEN || piece->end > UINT64_MAX - flow->written) {
        keep_write(finder, flow, piece);
        return;
    }
    place_piece(piece, &flow->written, &flow->last_writer, flow->open_writes);
    append(&flow->writes, piece);
    for (read = flow->ahead.first; read && read->begin < piece->end; read = read->next) {
        if (connect_pieces(finder, flow, piece, read))
            continue;
        edge_flow_break(finder, flow);
        return;
    }
    while (flow->ahead.first && flow->ahead.first->end <= flow->written) {
        drop_first(finder, &flow->ahead);
        flow->ahead_count--;
    }
    drop_read_writes(finder, flow);
}

void edge_flow_read(struct rn_edge_finder *finder, struct edge_flow *flow, struct flow_piece *piece)
{
    if (is_late(&flow->last_reader, piece))
        edge_flow_break(finder, flow);
    if (flow->trust == FLOW_BROKEN || piece->end > UINT64_MAX - flow->read) {
        guess_write(finder, flow, piece);
        return;
    }
    place_piece(piece, &flow->read, &flow->last_reader, flow->open_reads);
    if (!match_read(finder, flow, piece, piece->begin)) {
        edge_flow_break(finder, flow);
        edge_piece_free(finder, piece);
        return;
    }
    if (piece->end > flow->written) {
        append(&flow->ahead, piece);
        if (++flow->ahead_count > AHEAD_MAX) {
            edge_flow_break(finder, flow);
            return;
        }
        if (flow->written || flow->open_writes || flow->trust == FLOW_ANCHORED)
            begin_waiting(finder, piece);
    } else {
        edge_piece_free(finder, piece);
    }
    drop_read_writes(finder, flow);
}
