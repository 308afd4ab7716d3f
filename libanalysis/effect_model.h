/* SPDX-License-Identifier: MIT */
/* Inside the model of effects: what the effect_*.c files share. */
#ifndef RN_EFFECT_MODEL_H
#define RN_EFFECT_MODEL_H

#include "clock.h"
#include "effect.h"
#include "formats/id_map.h"

enum object_kind {
    OBJECT_FILE = 1,
    OBJECT_DIRECTORY,
    OBJECT_SYMLINK,
    OBJECT_PIPE,
    OBJECT_SOCKET,
    OBJECT_TERMINAL,
    OBJECT_NULL,   /* /dev/null and its like: nothing comes of what is written there */
    OBJECT_DEVICE, /* others */
    OBJECT_OTHER,  /* epoll, eventfd, memfd... */
};

struct effect_socket {
    uint16_t family, type;
    bool connected, listening, accepted, refused, paired, recorded;
    char *local, *peer; /* canonical addresses, NULL unknown */
    uint64_t thread;    /* that connected or accepted */
    bool last_sent, had_turn;
    uint64_t turns, turn_sum;
    struct rn_place place;
};

/* An inode, as far as anybody has a way to it. */
struct effect_object {
    uint8_t kind; /* enum object_kind */
    bool inherited, internal, from_empty, dirty, made;
    bool unlinked;     /* its last name was taken away */
    bool placeholder;  /* something that was there before, and was not opened */
    bool append_only;  /* the image is relative to an unknown end */
    uint64_t appended; /* length of that image, before the final content took its place */
    bool shared_map;   /* mapped shared and writable */
    bool attributes_set;
    bool read_to_end;
    bool renamed_unsynced; /* it got its last name while what was written was not on disk yet */
    bool datagrams;        /* all those to the address that is its label */
    uint64_t datagram_count, boundary_sum;
    bool runtime;   /* of the loader or an interpreter, by where it lies */
    bool recorders; /* what a library in the program records into */
    bool mapped;    /* read through a mapping: not seen */
    uint64_t base;  /* inherited files: offset at which the program found it */
    bool concurrent, read_first, restored;
    uint32_t holders; /* descriptions */
    uint32_t names;   /* in the tree */
    uint64_t device, inode;
    char *origin; /* the path by which it was first met, where it was there before */
    char *label;  /* of an inherited one: "stdout" */
    char *target;
    const char *links[2]; /* at the end: its first names, where it has several */
    const char *opaque;
    struct rn_image image; /* final content, or what was sent */
    struct rn_image input; /* what was read, or received */
    struct rn_place place;
    uint32_t has, mode;
    struct rn_place mode_place; /* where the program gave it */
    uint64_t owner, group, attributes;
    int64_t mtime;
    struct effect_thread *last_writer;
    uint64_t last_write_at;
    struct rn_effect_writer *writers;
    size_t writer_count, writer_capacity;
    uint64_t chunk_sum;
    bool synced;
    uint64_t output_at_sync;
    struct effect_thread *synced_by;
    struct effect_socket *socket;
    struct effect_object *next, *previous; /* all of them */
};

/* An open file description. */
struct effect_open {
    uint32_t holders;
    uint32_t flags; /* O_... */
    uint64_t offset;
    struct effect_object *object;
};

struct effect_fd {
    struct effect_open *open; /* NULL: not open, or not known */
    bool close_on_exec;
    int8_t slot; /* index of the inherited descriptor it stems from, -1 none */
};

struct effect_table;

struct effect_place_of_process { /* shared by CLONE_FS */
    uint32_t holders;
    char *cwd; /* absolute; NULL unknown */
    uint32_t umask;
};

struct effect_process {
    uint64_t pid;
    uint32_t threads;
    bool ended, started;
    uint64_t euid, egid;
    struct effect_table *files;
    struct effect_place_of_process *fs;
    uint32_t holders; /* threads */
};

struct effect_thread {
    uint64_t stream, tid;
    struct effect_process *process;
    struct effect_thread *creator;
    uint64_t created_at;
    bool ended;
    uint64_t ended_at;
    struct effect_thread *reaper; /* who waited for it, and when that had returned */
    uint64_t reaped_at;
    uint64_t call_sum;
    uint64_t output;       /* bytes written to what somebody outside sees */
    uint64_t output_calls; /* in how many writes */
};

/* A name. */
struct effect_node {
    char *path;
    struct effect_object *object; /* NULL: nothing is there, or what was there before */
    bool absent;                  /* it is known that nothing is there now */
    bool was_absent;              /* it is known that nothing was there at first */
    bool existed;                 /* it is known that something was */
    bool found;                   /* it was asked for before it was touched, and there */
    bool touched;                 /* the program changed what the name stands for */
    struct rn_place place;
};

struct effect_slot {
    int64_t fd;
    struct effect_object *object;
    bool writable;
    struct rn_image image;
    struct rn_place place;
};
#define EFFECT_SLOTS 32u

#define EFFECT_CALL_NUMBERS 1024u

struct effect_late; /* a call that is taken note of when it has ended */

struct rn_effects {
    struct rn_effects_options options;
    struct rn_clock clock;
    struct rn_effects_summary summary;
    struct rn_id_map threads;   /* struct effect_thread by stream */
    struct rn_id_map processes; /* struct effect_process by pid, those alive */
    struct rn_id_map by_tid;    /* struct effect_thread by tid, those alive */
    struct rn_id_map inodes;    /* struct effect_object by device and inode */
    struct rn_id_map nodes;     /* struct effect_node by hash of the path */
    struct effect_object *objects;
    size_t object_count;
    struct effect_process *root;
    struct effect_thread *root_thread;
    char *first_cwd;
    bool root_ended, has_selection, started, attached;
    uint64_t first_start, last_end;
    struct effect_slot slots[EFFECT_SLOTS];
    size_t slot_count;
    uint8_t ops[RN_ABI_COUNT][EFFECT_CALL_NUMBERS];
    uint8_t rules[RN_ABI_COUNT][EFFECT_CALL_NUMBERS];
    struct effect_late **late;
    size_t late_count, late_capacity;
    struct rn_place place; /* of the event at hand */
    uint64_t end;          /* when it ended */
    uint64_t live_threads;
    uint64_t recorder;          /* its pid; 0 unknown */
    struct rn_id_map addresses; /* struct effect_object of the datagrams to each */
    struct rn_id_map ports;     /* ephemeral ports, in order of first use */
    uint64_t port_count;
    struct rn_connection *connections;
    size_t connection_count, connection_capacity;
    struct rn_effect *effects, *inputs;
    size_t effect_count, effect_capacity, input_count, input_capacity;
    struct rn_buf digests; /* struct effect_digest */
    struct rn_buf scratch;
    char **texts; /* strings that effects point to */
    size_t text_count, text_capacity;
    bool failed; /* out of memory */
    bool over_limit;
    bool tables_full;     /* over the limit of tables */
    uint64_t table_bytes; /* that tables and open file descriptions take */
    bool closing;         /* being freed: nothing is recorded any more */
    uint64_t io_ticks;
    uint64_t next_late;
};

/* effect_calls.c: what each call is to the model. */
enum effect_op {
    OP_NONE = 0,
    OP_OPEN,
    OP_OPENAT,
    OP_OPENAT2,
    OP_CREAT,
    OP_CLOSE,
    OP_CLOSE_RANGE,
    OP_DUP,
    OP_FCNTL,
    OP_PIPE,
    OP_SOCKET,
    OP_SOCKETPAIR,
    OP_ACCEPT,
    OP_CONNECT,
    OP_BIND,
    OP_LISTEN,
    OP_NEW_FD,
    OP_MEMFD,
    OP_READ,
    OP_PREAD,
    OP_WRITE,
    OP_PWRITE,
    OP_PWRITEV2,
    OP_PREADV2,
    OP_SEND,
    OP_SENDMSG,
    OP_SENDMMSG,
    OP_RECV,
    OP_RECVMSG,
    OP_RECVMMSG,
    OP_SENDFILE,
    OP_SPLICE,
    OP_COPY_RANGE,
    OP_TEE,
    OP_VMSPLICE,
    OP_LSEEK,
    OP_LLSEEK,
    OP_TRUNCATE,
    OP_FTRUNCATE,
    OP_FALLOCATE,
    OP_UNLINK,
    OP_UNLINKAT,
    OP_RMDIR,
    OP_RENAME,
    OP_RENAMEAT,
    OP_LINK,
    OP_LINKAT,
    OP_SYMLINK,
    OP_SYMLINKAT,
    OP_MKDIR,
    OP_MKDIRAT,
    OP_MKNOD,
    OP_MKNODAT,
    OP_CHMOD,
    OP_FCHMOD,
    OP_FCHMODAT,
    OP_CHOWN,
    OP_LCHOWN,
    OP_FCHOWN,
    OP_FCHOWNAT,
    OP_UTIMENS,
    OP_UTIMES,
    OP_SETXATTR,
    OP_FSETXATTR,
    OP_REMOVEXATTR,
    OP_FREMOVEXATTR,
    OP_CHDIR,
    OP_FCHDIR,
    OP_UMASK,
    OP_MMAP,
    OP_FSYNC,
    OP_KILL,
    OP_WAIT,
    OP_IOCTL,
    OP_ABSENT,
    OP_ABSENT_AT,
    OP_SYSTEM,
};
void effect_calls_init(struct rn_effects *effects);

/* A system call as the handlers get it. */
struct effect_call {
    struct rn_effects *effects;
    struct effect_thread *thread;
    struct effect_process *process;
    const struct rn_event *event;
    const struct rn_syscall *syscall;
    bool failed;
    enum rn_rule rule; /* that erases it where nothing else comes of it; handlers may change it */
};
/* effect.c: no memory, or over a limit? */
RN_MUST_CHECK enum rn_status effect_status(const struct rn_effects *effects, struct rn_error *err);
/* False: nothing came of it, and call->rule erases it. */
bool effect_apply(struct effect_call *call, enum effect_op op);

void effect_feed_call(struct rn_effects *effects, const struct rn_event *event);

/* effect_late.c: false: the call counts now. And: those that had ended by then count, in the order
 * of their ends. */
bool effect_put_off(struct rn_effects *effects, const struct rn_event *event);
void effect_catch_up(struct rn_effects *effects, uint64_t until);
void effect_late_free(struct rn_effects *effects);

/* effect_process.c */
void effect_feed_stream(struct rn_effects *effects, const struct rn_event *event);
void effect_feed_process(struct rn_effects *effects, const struct rn_event *event);
void effect_feed_descriptor(struct rn_effects *effects, const struct rn_event *event);
void effect_wait(struct effect_call *call);
/* Did `thread`, at `at`, have a way to know what `other` did at `other_at`? */
bool effect_knows(const struct effect_thread *thread, uint64_t at,
                  const struct effect_thread *other, uint64_t other_at);
void effect_processes_free(struct rn_effects *effects);

/* effect_table.c. Processes that forked share what their tables have in common: what is there is
 * changed by these alone. */
/* Open, or NULL; borrowed until a descriptor is set, marked or closed. */
const struct effect_fd *effect_fd(const struct effect_process *process, uint64_t fd);
/* `open`: one more holds it; where nobody does, also for lack of memory, it is gone. */
void effect_fd_set(struct rn_effects *effects, struct effect_process *process, uint64_t fd,
                   struct effect_open *open, bool close_on_exec, int slot);
/* Those from first to last that are open. */
void effect_fd_mark(struct rn_effects *effects, struct effect_process *process, uint64_t first,
                    uint64_t last, bool close_on_exec);
void effect_fd_close(struct rn_effects *effects, struct effect_process *process, uint64_t first,
                     uint64_t last);
struct effect_open *effect_open_new(struct rn_effects *effects, struct effect_object *object,
                                    uint32_t flags);
struct effect_table *effect_table_inherit(struct rn_effects *effects, struct effect_table *table,
                                          bool shared);
void effect_table_drop(struct rn_effects *effects, struct effect_table *table);
void effect_table_exec(struct rn_effects *effects, struct effect_process *process);

/* effect_object.c */
struct effect_object *effect_object_new(struct rn_effects *effects, enum object_kind kind);
/* The object of that identity: known already, or new. */
struct effect_object *effect_object_of(struct rn_effects *effects,
                                       const struct rn_fd_identity *identity, bool *is_new);
/* What was known by its name only turns out to have that identity; false where that is known as
 * another one. */
bool effect_object_bind(struct rn_effects *effects, struct effect_object *object,
                        const struct rn_fd_identity *identity);
void effect_object_forget_inode(struct rn_effects *effects, struct effect_object *object);
/* Nobody has a way to it any more: free it where nothing remains of it. */
void effect_object_gone(struct rn_effects *effects, struct effect_object *object);
void effect_objects_free(struct rn_effects *effects);
void effect_wrote(struct effect_call *call, struct effect_object *object, uint64_t length,
                  const struct rn_content *content);
char *effect_text(struct rn_effects *effects, const char *format, ...) RN_PRINTF(2, 3);
uint64_t effect_mix(uint64_t value);

/* effect_path.c: paths are absolute and without dots. */
char *effect_path(struct effect_call *call, int64_t dirfd, const struct rn_attachment *path);
struct effect_node *effect_node(struct rn_effects *effects, const char *path); /* made if need be */
struct effect_node *effect_node_find(struct rn_effects *effects, const char *path);
void effect_node_set(struct rn_effects *effects, struct effect_node *node,
                     struct effect_object *object);
void effect_nodes_free(struct rn_effects *effects);
/* What stands under a name; made, as something that was there before, where it is not known. */
struct effect_object *effect_node_object(struct rn_effects *effects, struct effect_node *node);
/* The descriptor that a path below /proc/self/fd and its like stands for; -1 none. */
int64_t effect_path_descriptor(const char *path);

/* The permission that a new file gets: without the bits of the umask. */
uint32_t effect_masked(const struct effect_call *call, uint64_t mode);

/* effect_names.c, effect_io.c, effect_socket.c: the handlers. */
bool effect_apply_name(struct effect_call *call, enum effect_op op);
bool effect_apply_open(struct effect_call *call, enum effect_op op);
/* By the result of a call that asks for a name, or would have made it: is anything there? */
void effect_note_there(struct effect_call *call, int64_t dirfd, uint8_t path_arg);
bool effect_apply_attribute(struct effect_call *call, enum effect_op op);
bool effect_apply_io(struct effect_call *call, enum effect_op op);
bool effect_apply_socket(struct effect_call *call, enum effect_op op);
const struct rn_content *effect_content(const struct rn_event *event, unsigned index);
void effect_receive_descriptors(struct effect_call *call);
void effect_socket_free(struct effect_socket *socket);
void effect_socket_closed(struct rn_effects *effects, struct effect_object *object);

/* effect_address.c: as text: "127.0.0.1:80", "[::1]:port#1", "unix:/run/x"; NULL where it says
 * nothing. Ports that the kernel chose are numbered in order of first use. To be freed. */
char *effect_address(struct rn_effects *effects, const struct rn_attachment *attachment);
/* Of a name server, or of a daemon that looks up names? */
bool effect_is_name_lookup(const char *address);

/* effect_digest.c: fingerprints of objects in a scrubbed recording. */
void effect_feed_object(struct rn_effects *effects, const struct rn_event *event);
void effect_give_digests(struct rn_effects *effects);

/* effect_finish.c */
struct rn_effect *effect_add(struct rn_effects *effects, enum rn_effect_kind kind,
                             const char *name);

#endif
