/* SPDX-License-Identifier: MIT */
/* The reader of strace's output, shared by strace_*.c alone.
 *
 *   strace_import.c   lines in
 *   strace_sniff.c    what is known before the first event
 *   strace_line.c     what a line begins with, and what kind of line it is
 *   strace_call.c     one call: arguments
 *   strace_result.c   ... and result
 *   strace_value.c    arguments that are numbers, by name or not
 *   strace_pointed.c  arguments that point to text or bytes
 *   strace_struct.c   ... to structs, by tables of fields
 *   strace_special.c  ... to structs that are printed in a way of their own
 *   strace_address.c  ... to socket addresses
 *   strace_message.c  ... to vectors and messages
 *   strace_thread.c   threads and processes: who made whom
 *   strace_process.c  what is told of processes
 *   strace_descriptor.c  what descriptors stand for
 *   strace_other.c    signals, exits, and everything else that is no call */
#ifndef RN_STRACE_PRIVATE_H
#define RN_STRACE_PRIVATE_H

#include "formats/buf.h"
#include "formats/id_map.h"
#include "formats/syscall_table.h"
#include "formats/xlat.h"
#include "import.h"
#include "strace_scan.h"

#define STRACE_ITEMS_MAX   30u /* attachments of one call */
#define STRACE_BUFFERS_MAX 8u
#define STRACE_NAMED_MAX   8u
#define STRACE_ITEM_BYTES  65536u /* so that all of them fit into a record */
#define STRACE_MEMO_SLOTS  1024u
#define STRACE_MEMO_TEXT   48u
#define STRACE_AT_FDCWD    ((uint64_t)(uint32_t)-100)
/* Of lines that wait: the beginnings of unfinished calls, and what a thread did before it is known
 * who made it. */
#define STRACE_PENDING_MAX (32u << 20)
#define STRACE_HELD_MAX    (1u << 20)

enum strace_time {
    STRACE_TIME_NONE,
    STRACE_TIME_OF_DAY,   /* -t, -tt */
    STRACE_TIME_EPOCH,    /* -ttt */
    STRACE_TIME_RELATIVE, /* -r */
};

/* What stands before a call, a signal... */
struct strace_leader {
    bool has_tid;
    uint64_t tid;
    enum strace_time time;
    uint64_t ns; /* as printed */
    uint64_t site;
};

/* Name of a call to what is known of it. */
struct strace_plan {
    const char *name; /* NULL: free slot */
    uint32_t length;
    int16_t nr[RN_ABI_COUNT]; /* -1: has none */
};

#define STRACE_FILES_MAX 1024u
struct strace_process {
    uint64_t pid, parent_pid;
    uint32_t threads; /* alive */
    uint32_t umask;
    struct rn_buf files; /* by descriptor: a hash of what -y says it is, 8 bytes; 0 not told */
};

struct strace_thread {
    struct strace_thread *next, *previous; /* as their first lines came */
    uint64_t tid;
    uint32_t stream;
    uint8_t abi;
    bool waiting;   /* nobody knows yet who made it: its lines are held back */
    bool confirmed; /* its maker's call has returned its number */
    bool told;      /* of its process: how it began */
    struct strace_process *process;
    struct strace_thread *maker; /* compared alone: it may be gone */
    /* The begin of a call that is not finished. */
    struct rn_buf pending;
    uint64_t pending_start, pending_site;
    bool has_pending, making; /* making: the call makes a thread */
    uint64_t making_flags;
    uint64_t guessed; /* number of the thread that the call is taken to have made; 0 none */
    struct strace_thread *next_making, *previous_making;
    struct rn_buf held; /* struct strace_held and text, again and again */
};
struct strace_held {
    uint64_t when, site, size;
};

struct strace_memo {
    char text[STRACE_MEMO_TEXT];
    uint32_t length, xlat;
    uint64_t value;
};

#define STRACE_MOVED_RESULT UINT64_MAX
/* A string whose length is judged when the result is known. */
struct strace_buffer {
    uint8_t arg;
    uint32_t item; /* of the attachment that is to be content */
    struct strace_string string;
    const char *begin, *end; /* as printed */
    uint64_t moved;          /* bytes; STRACE_MOVED_RESULT: what the call returns */
};

struct strace_named_fd {
    uint64_t fd;
    const char *name;
    size_t length;
    bool result; /* the call gave it */
};

struct strace_call {
    struct strace_reader *reader;
    struct strace_thread *thread;
    const char *p, *end;
    struct rn_event event;
    const struct rn_syscall_info *info; /* NULL: its arguments are not known */
    const char *name;
    size_t name_length;
    uint64_t *args;
    struct rn_attachment items[STRACE_ITEMS_MAX];
    uint32_t count;
    struct strace_arena arena;
    struct strace_buffer buffers[STRACE_BUFFERS_MAX];
    uint32_t buffer_count;
    struct strace_named_fd named[STRACE_NAMED_MAX];
    uint32_t named_count;
    bool odd; /* the argument at hand has a comment, or is said otherwise than a number would be */
    bool returned, failed;
};

struct strace_reader {
    struct rn_import *import;
    struct rn_error *err;
    struct rn_xlat_names *names;
    struct strace_plan *plans;
    size_t plan_mask;
    struct strace_memo *memo;
    struct rn_buf arena, joined, split;
    struct strace_thread *first_thread, *last_thread;
    struct rn_id_map by_tid;      /* owns nothing */
    struct strace_thread *last;   /* whose line was the last */
    struct strace_thread *making; /* threads in a call that makes one */
    uint64_t main_tid;            /* of lines without a number */
    uint64_t objects;             /* pipes and sockets without an inode: numbered from 1 */
    struct rn_buf cwd;            /* of the first process; empty: not known */
    struct rn_buf argv;           /* of the first program, NUL-terminated strings */
    uint64_t string_limit;        /* of -s; UINT64_MAX: nothing was cut so far */
    bool any_call;
    enum strace_time time;
    uint64_t now, order;       /* ns of the import's clock; lines, where there are no times */
    uint64_t day, last_of_day; /* -t: midnights */
    uint64_t line;             /* for messages */
    size_t pending_bytes, held_bytes;
    struct rn_buf released; /* threads whose held lines are to be read now: numbers */
    bool releasing;
    bool in_summary, has_durations, has_call_times;
    /* A line that another message interrupted: -f without -o. */
    struct rn_buf partial;
    struct strace_call call; /* the one at hand: too large to be cleared each time */
};

/* strace_sniff.c */
int strace_recognise(const uint8_t *head, size_t size);
RN_MUST_CHECK enum rn_status strace_sniff(struct strace_reader *reader, struct rn_input *input);

/* strace_line.c */
bool strace_leader(const char **at, const char *end, struct strace_leader *leader);
const char *strace_line_stops(const char *at, const char *end);
bool strace_line_is_call(const char *at, const char *end);

/* strace_value.c. Values of arguments: c->p is moved behind. */
bool strace_value(struct strace_call *c, const struct rn_arg *arg, uint64_t *value);
bool strace_flags(struct strace_call *c, unsigned xlat, uint64_t *value);
bool strace_signal(const struct strace_reader *reader, const char **at, uint64_t *value);
/* What the text at c->p stood for before: of a table, or of STRACE_MEMO_SIGSET. */
#define STRACE_MEMO_SIGSET 0xffffu
struct strace_memo *strace_memo(struct strace_call *c, size_t length, unsigned xlat, bool *known);
void strace_remember(struct strace_memo *memo, const char *text, size_t length, unsigned xlat,
                     uint64_t value);
bool strace_fd(struct strace_call *c, bool result, uint64_t *value);

/* strace_pointed.c. Arguments that point somewhere; false: it is not what it should be. */
bool strace_pointed(struct strace_call *c, unsigned arg);
struct rn_attachment *strace_attach(struct strace_call *c, uint8_t type, unsigned arg,
                                    const void *data, size_t size);
void strace_printed(struct strace_call *c, unsigned arg, const char *begin, const char *end);
/* The buffers, now that the result is known. */
void strace_finish_buffers(struct strace_call *c);
void strace_set_content(struct strace_call *c, struct rn_attachment *item, const uint8_t *data,
                        size_t size);

/* strace_struct.c: bytes of the struct of `arg`, of which there may be several (an array). */
bool strace_struct(struct strace_call *c, const struct rn_arg *arg, struct rn_attachment *bytes);
/* strace_special.c */
bool strace_special(struct strace_call *c, const struct rn_arg *arg, struct rn_attachment *bytes);
bool strace_sigset(struct strace_call *c, uint64_t *mask);
bool strace_poll_note(struct strace_call *c, const char *at, const char *end);

/* strace_address.c */
bool strace_sockaddr(struct strace_call *c, uint8_t *out, size_t room, size_t *size);
/* strace_message.c */
bool strace_vector(struct strace_call *c, unsigned arg);
bool strace_message(struct strace_call *c, unsigned arg);
bool strace_messages(struct strace_call *c, unsigned arg);

/* strace_call.c: a whole call at `at`, of `thread`, which began at `start`.
 * `duration`: where the line says none. */
RN_MUST_CHECK enum rn_status strace_call(struct strace_reader *reader, struct strace_thread *thread,
                                         const char *at, const char *end, uint64_t start,
                                         uint64_t duration, uint64_t site);
/* strace_result.c */
bool strace_scan_result(struct strace_call *c);
void strace_scan_note(struct strace_call *c);
/* 12.000345: at most nanoseconds. */
bool strace_scan_seconds(const char **at, uint64_t *ns);
bool strace_plans_new(struct strace_reader *reader);
const struct strace_plan *strace_plan(const struct strace_reader *reader, const char *name,
                                      size_t length);

/* strace_thread.c */
struct strace_thread *strace_find_thread(const struct strace_reader *reader, uint64_t tid);
/* The thread of a line. What is not known who made waits: see strace_hold. */
RN_MUST_CHECK enum rn_status strace_thread_of(struct strace_reader *reader, uint64_t tid,
                                              struct strace_thread **out);
/* `maker` made `tid` in a call with these flags. `returned`: the call says so. */
RN_MUST_CHECK enum rn_status strace_made(struct strace_reader *reader, struct strace_thread *maker,
                                         uint64_t tid, uint64_t flags, uint64_t when,
                                         bool returned);
void strace_begin_making(struct strace_reader *reader, struct strace_thread *thread,
                         uint64_t flags);
void strace_end_making(struct strace_reader *reader, struct strace_thread *thread);
/* Keep a line of a waiting thread. */
RN_MUST_CHECK enum rn_status strace_hold(struct strace_reader *reader, struct strace_thread *thread,
                                         const char *at, const char *end, uint64_t when,
                                         uint64_t site);
/* Do what was held back of threads that have a stream now. Not within a call. */
RN_MUST_CHECK enum rn_status strace_release(struct strace_reader *reader);
/* Nobody will tell any more who made the waiting threads. */
RN_MUST_CHECK enum rn_status strace_release_all(struct strace_reader *reader);
/* The end of the input: what is unfinished stays so. */
RN_MUST_CHECK enum rn_status strace_finish_threads(struct strace_reader *reader);
void strace_remove_thread(struct strace_reader *reader, struct strace_thread *thread);
void strace_threads_free(struct strace_reader *reader);

/* strace_process.c: what is told of processes. */
RN_MUST_CHECK enum rn_status strace_add_process(struct strace_reader *reader,
                                                const struct strace_thread *thread,
                                                enum rn_process_op op, uint64_t status,
                                                uint64_t when);
RN_MUST_CHECK enum rn_status strace_add_fork(struct strace_reader *reader,
                                             const struct strace_thread *maker,
                                             const struct strace_thread *child, uint64_t flags,
                                             uint64_t when);
/* The text is of a call that makes a thread: with which flags? */
bool strace_makes(const struct strace_reader *reader, const char *at, const char *end,
                  uint64_t *flags);
RN_MUST_CHECK enum rn_status strace_exited(struct strace_reader *reader,
                                           struct strace_thread *thread, uint64_t status);
RN_MUST_CHECK enum rn_status strace_superseded(struct strace_reader *reader,
                                               struct strace_thread *leader, uint64_t former);
/* A call that will not return any more is written as unfinished. */
RN_MUST_CHECK enum rn_status strace_abandon(struct strace_reader *reader,
                                            struct strace_thread *thread);
RN_MUST_CHECK enum rn_status strace_image(struct strace_call *c, enum rn_process_op op);

/* strace_descriptor.c */
/* Attach what the descriptors that a call gave stand for. */
void strace_identities(struct strace_call *c);
/* Descriptors that are named for the first time; `results`: note those that the call gave. */
RN_MUST_CHECK enum rn_status strace_tell_descriptors(struct strace_call *c, bool results);

/* strace_other.c: what is behind the leader; RN_OK also for what is left out. */
RN_MUST_CHECK enum rn_status strace_other(struct strace_reader *reader,
                                          struct strace_thread *thread, const char *at,
                                          const char *end);
/* strace_import.c: one line of a known thread. */
RN_MUST_CHECK enum rn_status strace_body(struct strace_reader *reader, struct strace_thread *thread,
                                         const char *at, const char *end, uint64_t when,
                                         uint64_t site);
RN_MUST_CHECK enum rn_status strace_problem(struct strace_reader *reader, const char *what,
                                            const char *at);

#endif
