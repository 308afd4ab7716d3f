/* SPDX-License-Identifier: MIT */
/* Inside the edge finder: what causal_edge.c and edge_*.c share. */
#ifndef RN_EDGE_MODEL_H
#define RN_EDGE_MODEL_H

#include "causal_edge.h"
#include "formats/id_map.h"

#define EDGE_CALL_NUMBERS  1024u
#define EDGE_PENDING_LISTS 1024u /* by port or path */
#define EDGE_HEAD          32u   /* bytes of a transfer that are compared */
#define EDGE_PATHS         1024u
#define EDGE_DATAGRAMS     1024u

/* ---- bytes of one direction ---- */

enum flow_trust {
    FLOW_BROKEN,    /* where bytes lie is not known (any more) */
    FLOW_TENTATIVE, /* counted from what seems to be the begin; fingerprints must tell */
    FLOW_ANCHORED,  /* its making was seen */
};

/* What a call moved. */
struct flow_piece {
    struct flow_piece *next;
    uint64_t begin, end; /* bytes from the begin of the flow */
    struct rn_edge_end who;
    uint64_t crc;
    uint8_t head[EDGE_HEAD];
    uint8_t head_length;
    bool crc_known;
    bool ambiguous; /* another call moved bytes of the same direction at the same time */
    bool weak;      /* the call also receives (sends): edges through it are inferred */
    uint8_t mechanism;
    /* Of a read that waits for its bytes: among all of those. */
    struct flow_piece *later, *earlier;
    bool waits;
};

struct flow_queue {
    struct flow_piece *first, **end;
};

struct edge_flow {
    enum flow_trust trust;
    bool confirmed; /* tentative, and fingerprints have agreed, here or in the other direction */
    struct edge_flow *other;
    uint8_t mechanism;
    uint64_t written, read;
    struct flow_queue writes,
        ahead; /* not wholly read; read before they were known to be written */
    uint32_t open_writes, open_reads; /* calls that have not been looked at */
    struct rn_edge_end last_writer, last_reader;
    uint32_t kept; /* writes of a broken flow that are kept for their fingerprints */
    uint32_t ahead_count;
};

/* ---- what a descriptor stands for ---- */

enum object_kind { OBJECT_OTHER, OBJECT_PIPE, OBJECT_SOCKET, OBJECT_EVENTFD, OBJECT_FILE };

struct edge_address {
    uint8_t bytes[28];  /* AF_INET: family, port, address; AF_INET6 the same */
    uint64_t path_hash; /* AF_UNIX */
    uint16_t family;    /* 0: not known */
};

/* An eventfd write, an unlock: causes that one later call may have. */
struct edge_object {
    uint32_t holders;
    enum object_kind kind;
    uint64_t host, device, inode;
    bool mapped;         /* found by its inode */
    struct edge_flow in; /* pipe: its only one; socket: what is read from it */
    struct edge_object *peer;
    struct flow_queue unsent; /* written while the peer was not known */
    uint32_t unsent_count;
    bool stream; /* socket: bytes, not datagrams */
    bool listens, closed;
    struct edge_address local, remote;
    /* Connecting (accepted) and not paired yet. */
    struct edge_object *next_pending, *previous_pending;
    struct edge_pending *pending; /* the list that it is in */
    bool gone;                    /* nobody has it open; it waits for its peer, or to be paired */
    struct rn_edge_end call;
    /* Locks and files. */
    struct rn_edge_end unlock, made, named; /* named: by rename or link */
    bool has_unlock, has_made, has_named;
    uint64_t unlock_process, made_process, named_process;
    bool tells;               /* it was made or named: who opens it may be interested */
    bool reused;              /* it may be another file by now, of the same number */
    uint64_t name, last_name; /* hashes: of the whole new name, 0 not absolute; of its last part */
    struct rn_edge_end posts[8]; /* eventfd: writes since the last read */
    unsigned post_count;
    uint64_t post_sum;
};

struct edge_table {
    uint32_t holders;
    size_t size;
    struct edge_slot {
        struct edge_object *object;
        bool stale; /* since the exec nothing has said that it is still open */
    } * slots;
};

struct edge_process {
    uint64_t key;
    uint32_t source;
    struct edge_table *table;
    bool opaque; /* moves bytes in ways that are not seen */
    struct rn_edge_end exit, exit_call;
    bool has_exit, has_exit_call, reaped;
    bool swept;              /* it had ended when the last sweep came by */
    struct rn_edge_end work; /* of a device, that ended last */
    bool has_work;
};

struct edge_stream {
    struct edge_process *process;
    uint32_t source;
    bool begun; /* an event of it was seen */
    bool has_fork;
    struct rn_edge_end fork;
};

/* ---- calls that wait until everything that ended before them is known ---- */

enum op_class {
    OP_NONE,
    OP_WRITE, /* bytes into object */
    OP_READ,
    OP_WAIT,         /* a child was reaped: value is its key */
    OP_FUTEX_WAIT,   /* value: key of the map; extra: EDGE_WAKE_... */
    OP_SIGNAL,       /* value: key of the map; extra: sender and signal; count: signal */
    OP_CHILD_SIGNAL, /* value: key of the child */
    OP_LOCK,         /* extra: exclusive */
    OP_UNLOCK,
    OP_POST, /* eventfd: value is what is added */
    OP_GET,
    OP_OPEN, /* value: hash of the whole path, 0 not absolute; count: of its last part */
    OP_MAKE,
    OP_RENAME, /* likewise, of the new name */
    OP_SEND,   /* a datagram; value: where to, 0 not known */
    OP_TAKE,   /* value: what it came in at */
};

struct edge_op {
    struct rn_edge_end who;
    enum op_class what;
    struct edge_object *object; /* held */
    uint64_t process;
    uint64_t value, count, extra;
    struct flow_piece *piece; /* WRITE, READ */
};

struct edge_wake {
    struct edge_wake *next;
    struct rn_edge_end who;
    uint64_t left; /* waits that it can still have ended */
    uint64_t extra;
};
/* Futex wakes by address; kills by target. */
struct edge_wakes {
    struct edge_wake *first;
    unsigned count;
    uint64_t dropped_until; /* some that ended before were forgotten */
};

/* `extra` of futex calls: who can have called. */
#define EDGE_WAKE_PRIVATE 1u
#define EDGE_WAKE_SHARED  0u
#define EDGE_WAKE_MOVES   2u /* waits are moved to another address, too */

struct rn_edge_finder {
    const struct rn_manifest *manifest;
    size_t memory, memory_limit;
    uint64_t forgotten;
    uint8_t calls[RN_ABI_COUNT][EDGE_CALL_NUMBERS]; /* index + 1 in the table of edge_call.c */
    struct rn_id_map streams;                       /* struct edge_stream */
    struct rn_id_map processes;                     /* struct edge_process, by source and pid */
    struct rn_id_map objects;  /* struct edge_object, by host, device and inode */
    struct rn_id_map futexes;  /* struct edge_wakes */
    struct rn_id_map kills;    /* struct edge_wakes */
    struct rn_id_map launches; /* struct edge_launch, by process and correlation */
    struct edge_pending {
        struct edge_object *first, *last;
    } connecting[EDGE_PENDING_LISTS], accepted[EDGE_PENDING_LISTS];
    size_t pending_count;
    bool many_hosts;               /* what comes first by the clocks may not have been the first */
    bool *distrusted;              /* by source */
    struct edge_context *contexts; /* by source - 1; NULL: not merged */

    struct edge_path {
        uint64_t key;
        struct edge_object *object; /* held */
    } paths[EDGE_PATHS];            /* files that are being written, by a hash of their name */
    /* The latest that nobody has taken, and those that were taken before they were known to be
     * sent: rings. */
    struct edge_datagrams {
        struct edge_datagram {
            struct flow_piece *piece; /* NULL none */
            uint64_t place;           /* where to; 0 not known */
        } items[EDGE_DATAGRAMS];
        unsigned next;
    } sent, taken;

    struct edge_op *ops; /* heap by who.end */
    size_t op_count, op_room;
    uint64_t frontier; /* greatest start that was fed: whatever ended before is known */
    size_t source_count;

    struct rn_causal_edge *edges; /* found and not handed out: a ring */
    size_t edge_first, edge_count, edge_room;
    struct flow_piece *waiting, *latest_waiting; /* reads that wait for bytes, by end */
    unsigned waiting_count;
    bool failed; /* no memory */
};

/* causal_edge.c */
void edge_emit(struct rn_edge_finder *finder, const struct rn_edge_end *from,
               const struct rn_edge_end *to, uint8_t mechanism, bool proven, uint64_t bytes);
void edge_push(struct rn_edge_finder *finder, const struct edge_op *op);
bool edge_take_memory(struct rn_edge_finder *finder, size_t bytes);
/* What it says of bytes is not what they were. */
bool edge_is_scrubbed(const struct rn_edge_finder *finder, uint32_t source);
bool edge_distrusts(const struct rn_edge_finder *finder, uint32_t source);

/* edge_context.c: the first event of a source's thread */
bool edge_context_init(struct rn_edge_finder *finder);
void edge_context_begin(struct rn_edge_finder *finder, const struct rn_edge_end *who);
void edge_context_free(struct rn_edge_finder *finder);

/* edge_flow.c */
void edge_flow_init(struct edge_flow *flow, enum flow_trust trust, uint8_t mechanism);
void edge_flow_clear(struct rn_edge_finder *finder, struct edge_flow *flow);
void edge_flow_break(struct rn_edge_finder *finder, struct edge_flow *flow);
void edge_flow_write(struct rn_edge_finder *finder, struct edge_flow *flow,
                     struct flow_piece *piece);
void edge_flow_read(struct rn_edge_finder *finder, struct edge_flow *flow,
                    struct flow_piece *piece);
struct flow_piece *edge_piece_new(struct rn_edge_finder *finder, const struct rn_event *event,
                                  const struct rn_edge_end *who, uint64_t length);
void edge_piece_free(struct rn_edge_finder *finder, struct flow_piece *piece);

/* edge_object.c */
struct edge_object *edge_object_new(struct rn_edge_finder *finder, enum object_kind kind);
struct edge_object *edge_object_find(struct rn_edge_finder *finder, uint64_t host,
                                     const struct rn_fd_identity *identity);
void edge_object_map(struct rn_edge_finder *finder, struct edge_object *object, uint64_t host,
                     const struct rn_fd_identity *identity);
void edge_objects_free(struct rn_edge_finder *finder);
void edge_object_free_pair(struct rn_edge_finder *finder, struct edge_object *object);
void edge_object_drop(struct rn_edge_finder *finder, struct edge_object *object);
struct edge_object *edge_table_get(struct edge_process *process, uint64_t fd);
void edge_table_set(struct rn_edge_finder *finder, struct edge_process *process, uint64_t fd,
                    struct edge_object *object);
void edge_table_drop(struct rn_edge_finder *finder, struct edge_table *table);
void edge_table_inherit(struct rn_edge_finder *finder, struct edge_process *from,
                        struct edge_process *to, bool shared);
void edge_table_make_stale(struct edge_process *process);
void edge_table_break(struct rn_edge_finder *finder, struct edge_process *process);
void edge_descriptor_row(struct rn_edge_finder *finder, struct edge_process *process,
                         const struct rn_event *event);
uint64_t edge_host_of(const struct rn_edge_finder *finder, uint32_t source);

/* edge_process.c */
/* Forget processes that ended a while ago. */
void edge_processes_sweep(struct rn_edge_finder *finder);
struct edge_stream *edge_stream_of(struct rn_edge_finder *finder, const struct rn_event *event);
void edge_stream_row(struct rn_edge_finder *finder, const struct rn_event *event);
void edge_process_event(struct rn_edge_finder *finder, struct edge_stream *stream,
                        const struct rn_event *event, const struct rn_edge_end *who);
void edge_reap(struct rn_edge_finder *finder, const struct edge_op *op);
uint64_t edge_process_key(uint32_t source, uint64_t pid);

/* edge_socket.c */
/* The first address that a call has; false: none of a known family. */
bool edge_address_of(const struct rn_event *event, struct edge_address *address);
void edge_socket_bind(struct edge_object *socket, const struct rn_event *event);
void edge_socket_name(struct edge_object *socket, const struct rn_event *event);
void edge_socket_connect(struct rn_edge_finder *finder, struct edge_object *socket,
                         const struct rn_event *event, const struct rn_edge_end *who);
void edge_socket_accept(struct rn_edge_finder *finder, struct edge_object *listener,
                        struct edge_object *socket, const struct rn_event *event,
                        const struct rn_edge_end *who);
void edge_pending_free(struct rn_edge_finder *finder);
void edge_socket_forget(struct rn_edge_finder *finder, struct edge_object *socket);
void edge_socket_pair(struct rn_edge_finder *finder, struct edge_object *a, struct edge_object *b,
                      enum flow_trust trust);
/* Bytes into the other end. */
void edge_socket_write(struct rn_edge_finder *finder, struct edge_object *socket,
                       struct flow_piece *piece);
void edge_socket_unsend(struct rn_edge_finder *finder, struct edge_object *socket);

/* edge_wake.c: futexes, signals. Causes are added as they are fed; `left` effects at most. */
void edge_wake_add(struct rn_edge_finder *finder, struct rn_id_map *map, uint64_t key,
                   const struct rn_edge_end *who, uint64_t left, uint64_t extra);
void edge_wake_op(struct rn_edge_finder *finder, const struct edge_op *op);
void edge_wakes_free(struct rn_edge_finder *finder);

/* edge_call.c: system calls. */
void edge_calls_init(struct rn_edge_finder *finder);
void edge_call(struct rn_edge_finder *finder, struct edge_stream *stream,
               const struct rn_event *event, const struct rn_edge_end *who);

/* edge_file.c: names of files */
void edge_file_op(struct rn_edge_finder *finder, const struct edge_op *op);
void edge_paths_free(struct rn_edge_finder *finder);

/* edge_datagram.c: takes over op->piece */
void edge_datagram_op(struct rn_edge_finder *finder, struct edge_op *op);
void edge_datagrams_free(struct rn_edge_finder *finder);

/* edge_device.c: GPU. */
void edge_device_event(struct rn_edge_finder *finder, struct edge_stream *stream,
                       const struct rn_event *event, const struct rn_edge_end *who);
void edge_device_free(struct rn_edge_finder *finder);

#endif
