/* SPDX-License-Identifier: MIT */
/* Structs that are printed field by field, by tables of fields; what they are in memory is what
 * render_struct.c reads. */
#include "strace_private.h"

#define UTIME_NOW_NSEC  0x3fffffffu
#define UTIME_OMIT_NSEC 0x3ffffffeu

enum kind {
    NUMBER,
    FLAGS, /* also one name: of table `xlat` */
    DESCRIPTOR,
    SIGNAL,
    LIMIT,   /* 8192*1024, RLIM64_INFINITY */
    HANDLER, /* SIG_DFL, SIG_IGN, an address */
    SIGSET,
    DATA,     /* {u32=7, u64=7} */
    TIMESPEC, /* two numbers, of half the width each */
    TIMEVAL,
};

struct field {
    const char *name;
    uint8_t offset, width;
    uint8_t kind; /* enum kind */
    uint8_t xlat;
};

struct shape {
    uint16_t size;
    bool halves; /* in 32-bit ABIs everything is of half the size */
    const struct field *fields;
};

static const struct field timespec[] = {
    {"tv_sec", 0, 8, NUMBER, 0}, {"tv_nsec", 8, 8, NUMBER, 0}, {NULL, 0, 0, 0, 0}};
static const struct field timeval[] = {
    {"tv_sec", 0, 8, NUMBER, 0}, {"tv_usec", 8, 8, NUMBER, 0}, {NULL, 0, 0, 0, 0}};
static const struct field itimerspec[] = {
    {"it_interval", 0, 16, TIMESPEC, 0}, {"it_value", 16, 16, TIMESPEC, 0}, {NULL, 0, 0, 0, 0}};
static const struct field itimerval[] = {
    {"it_interval", 0, 16, TIMEVAL, 0}, {"it_value", 16, 16, TIMEVAL, 0}, {NULL, 0, 0, 0, 0}};
static const struct field pollfd[] = {
    {"fd", 0, 4, DESCRIPTOR, 0}, {"events", 4, 2, FLAGS, RN_XLAT_POLL_EVENTS}, {NULL, 0, 0, 0, 0}};
static const struct field epoll_event[] = {
    {"events", 0, 4, FLAGS, RN_XLAT_EPOLL_EVENTS}, {"data", 4, 8, DATA, 0}, {NULL, 0, 0, 0, 0}};
static const struct field open_how[] = {{"flags", 0, 8, FLAGS, RN_XLAT_OPEN},
                                        {"mode", 8, 8, NUMBER, 0},
                                        {"resolve", 16, 8, FLAGS, RN_XLAT_RESOLVE},
                                        {NULL, 0, 0, 0, 0}};
static const struct field clone_args[] = {{"flags", 0, 8, FLAGS, RN_XLAT_CLONE3_FLAGS},
                                          {"pidfd", 8, 8, NUMBER, 0},
                                          {"child_tid", 16, 8, NUMBER, 0},
                                          {"parent_tid", 24, 8, NUMBER, 0},
                                          {"exit_signal", 32, 8, SIGNAL, 0},
                                          {"stack", 40, 8, NUMBER, 0},
                                          {"stack_size", 48, 8, NUMBER, 0},
                                          {"tls", 56, 8, NUMBER, 0},
                                          {NULL, 0, 0, 0, 0}};
static const struct field sigaction[] = {{"sa_handler", 0, 8, HANDLER, 0},
                                         {"sa_mask", 24, 8, SIGSET, 0},
                                         {"sa_flags", 8, 8, FLAGS, RN_XLAT_SIGACTION_FLAGS},
                                         {"sa_restorer", 16, 8, NUMBER, 0},
                                         {NULL, 0, 0, 0, 0}};
static const struct field siginfo[] = {
    {"si_signo", 0, 4, SIGNAL, 0},   {"si_code", 8, 4, FLAGS, RN_XLAT_SI_CODE_CHLD},
    {"si_pid", 16, 4, NUMBER, 0},    {"si_uid", 20, 4, NUMBER, 0},
    {"si_status", 24, 4, SIGNAL, 0}, {NULL, 0, 0, 0, 0}};
static const struct field stack[] = {{"ss_sp", 0, 8, NUMBER, 0},
                                     {"ss_flags", 8, 4, FLAGS, RN_XLAT_SIGALTSTACK_FLAGS},
                                     {"ss_size", 16, 8, NUMBER, 0},
                                     {NULL, 0, 0, 0, 0}};
static const struct field rlimit[] = {
    {"rlim_cur", 0, 8, LIMIT, 0}, {"rlim_max", 8, 8, LIMIT, 0}, {NULL, 0, 0, 0, 0}};
static const struct field flock[] = {{"l_type", 0, 2, FLAGS, RN_XLAT_LOCK_TYPE},
                                     {"l_whence", 2, 2, FLAGS, RN_XLAT_WHENCE},
                                     {"l_start", 8, 8, NUMBER, 0},
                                     {"l_len", 16, 8, NUMBER, 0},
                                     {"l_pid", 24, 4, NUMBER, 0},
                                     {NULL, 0, 0, 0, 0}};
static const struct field winsize[] = {{"ws_row", 0, 2, NUMBER, 0},
                                       {"ws_col", 2, 2, NUMBER, 0},
                                       {"ws_xpixel", 4, 2, NUMBER, 0},
                                       {"ws_ypixel", 6, 2, NUMBER, 0},
                                       {NULL, 0, 0, 0, 0}};
static const struct field sembuf[] = {{"sem_num", 0, 2, NUMBER, 0},
                                      {"sem_op", 2, 2, NUMBER, 0},
                                      {"sem_flg", 4, 2, FLAGS, RN_XLAT_IPC_FLAGS},
                                      {NULL, 0, 0, 0, 0}};

static const struct shape shapes[] = {
    [RN_STRUCT_TIMESPEC] = {16, true, timespec},
    [RN_STRUCT_TIMEVAL] = {16, true, timeval},
    [RN_STRUCT_TIMESPEC_PAIR] = {16, true, timespec},
    [RN_STRUCT_TIMEVAL_PAIR] = {16, true, timeval},
    [RN_STRUCT_ITIMERSPEC] = {32, true, itimerspec},
    [RN_STRUCT_ITIMERVAL] = {32, true, itimerval},
    [RN_STRUCT_POLLFD] = {8, false, pollfd},
    [RN_STRUCT_EPOLL_EVENT] = {12, false, epoll_event},
    [RN_STRUCT_OPEN_HOW] = {24, false, open_how},
    [RN_STRUCT_CLONE_ARGS] = {88, false, clone_args},
    [RN_STRUCT_SIGACTION] = {32, false, sigaction},
    [RN_STRUCT_SIGINFO] = {32, false, siginfo},
    [RN_STRUCT_STACK] = {24, false, stack},
    [RN_STRUCT_RLIMIT] = {16, true, rlimit},
    [RN_STRUCT_FLOCK] = {32, false, flock},
    [RN_STRUCT_WINSIZE] = {8, false, winsize},
    [RN_STRUCT_SEMBUF] = {6, false, sembuf},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static bool scan_limit(struct strace_call *c, uint64_t *value)
{
    uint64_t factor;

    if (strace_eat(&c->p, "RLIM64_INFINITY") || strace_eat(&c->p, "RLIM_INFINITY")) {
        *value = UINT64_MAX;
        return true;
    }
    if (!strace_scan_decimal(&c->p, value))
        return false;
    if (*c->p == '*') {
        c->p++;
        return strace_scan_decimal(&c->p, &factor) &&
               !__builtin_mul_overflow(*value, factor, value);
    }
    return true;
}

static bool scan_handler(struct strace_call *c, uint64_t *value)
{
    *value = 1;
    if (strace_eat(&c->p, "SIG_IGN"))
        return true;
    *value = 0;
    return strace_eat(&c->p, "SIG_DFL") || strace_scan_number(&c->p, value);
}

static bool scan_data(struct strace_call *c, uint64_t *value)
{
    return strace_eat(&c->p, "{u32=") && strace_scan_number(&c->p, value) &&
           strace_eat(&c->p, ", u64=") && strace_scan_number(&c->p, value) &&
           strace_eat(&c->p, "}");
}

static bool scan_fields(struct strace_call *c, const struct field *fields, uint8_t *out,
                        unsigned shift);

static bool scan_field(struct strace_call *c, const struct field *field, uint8_t *out,
                       unsigned shift)
{
    uint64_t value = 0;
    bool fine;

    switch ((enum kind)field->kind) {
    case FLAGS:
        fine = strace_flags(c, field->xlat, &value);
        break;
    case DESCRIPTOR:
        fine = strace_fd(c, false, &value);
        break;
    case SIGNAL:
        fine = strace_signal(c->reader, &c->p, &value);
        break;
    case LIMIT:
        fine = scan_limit(c, &value);
        break;
    case HANDLER:
        fine = scan_handler(c, &value);
        break;
    case SIGSET:
        fine = strace_sigset(c, &value);
        break;
    case DATA:
        fine = scan_data(c, &value);
        break;
    case TIMESPEC:
        return scan_fields(c, timespec, out + (field->offset >> shift), shift);
    case TIMEVAL:
        return scan_fields(c, timeval, out + (field->offset >> shift), shift);
    case NUMBER:
    default:
        fine = strace_scan_number(&c->p, &value);
    }
    if (strace_scan_comment(&c->p, c->end))
        c->odd = true;
    memcpy(out + (field->offset >> shift), &value, field->width >> shift);
    return fine;
}

/* {name=value, ...}; all of it, in any order. */
static bool scan_fields(struct strace_call *c, const struct field *fields, uint8_t *out,
                        unsigned shift)
{
    if (*c->p++ != '{')
        return false;
    do {
        const char *end = strace_scan_word(c->p);
        size_t length = (size_t)(end - c->p);
        const struct field *field = fields;

        while (field->name && (strncmp(field->name, c->p, length) != 0 || field->name[length]))
            field++;
        if (*end != '=' || length == 0)
            return false;
        if (field->name) {
            c->p = end + 1;
            if (!scan_field(c, field, out, shift))
                return false;
        } else if (fields == siginfo) {
            /* CPU times: such a struct keeps what says who and how. */
            c->odd = true;
            c->p = strace_scan_skip(end + 1, c->end);
        } else {
            return false;
        }
    } while (strace_eat(&c->p, ", "));
    return strace_eat(&c->p, "}");
}

/* UTIME_NOW and UTIME_OMIT stand for a whole timespec. */
static bool scan_one(struct strace_call *c, const struct shape *shape, uint8_t *out, unsigned shift)
{
    uint32_t word = 0;
    bool fine = true;

    if (*c->p == 'U') {
        if (strace_eat(&c->p, "UTIME_NOW"))
            word = UTIME_NOW_NSEC;
        else if (strace_eat(&c->p, "UTIME_OMIT"))
            word = UTIME_OMIT_NSEC;
        else
            return false;
        memcpy(out + (8 >> shift), &word, 4);
    } else {
        fine = scan_fields(c, shape->fields, out, shift);
    }
    if (strace_scan_comment(&c->p, c->end))
        c->odd = true;
    return fine;
}

/* [{...}, {...}] */
static bool scan_array(struct strace_call *c, const struct shape *shape, unsigned shift,
                       struct rn_attachment *bytes)
{
    size_t size = shape->size >> shift;

    bytes->data = strace_arena_take(&c->arena, 0);
    c->p++;
    do {
        uint8_t *out = c->arena.next;

        if (!bytes->data || (size_t)(c->arena.end - out) < size)
            return false;
        memset(out, 0, size);
        c->arena.next += size;
        if (!scan_one(c, shape, out, shift))
            return false;
        bytes->size += (uint32_t)size;
    } while (strace_eat(&c->p, ", "));
    return strace_eat(&c->p, "]");
}

/* What the call changed, after "=>": where it is more than the child's number, it is shown too. */
static void skip_changes(struct strace_call *c)
{
    const char *at = c->p;
    uint64_t tid;

    if (!strace_eat(&at, " => "))
        return;
    c->p = strace_scan_skip(at, c->end);
    if (!strace_eat(&at, "{parent_tid=[") || !strace_scan_number(&at, &tid) ||
        !strace_eat(&at, "]}") || at != c->p)
        c->odd = true;
}

bool strace_struct(struct strace_call *c, const struct rn_arg *arg, struct rn_attachment *bytes)
{
    const struct shape *shape = arg->struct_type < SHAPES ? &shapes[arg->struct_type] : NULL;
    bool pair =
        arg->struct_type == RN_STRUCT_TIMESPEC_PAIR || arg->struct_type == RN_STRUCT_TIMEVAL_PAIR;
    bool clone = arg->struct_type == RN_STRUCT_CLONE_ARGS;
    unsigned shift = 0;
    uint8_t *out;

    if (!shape || !shape->fields)
        return strace_special(c, arg, bytes);
    if (!clone && arg->bytes != shape->size * (pair ? 2u : 1u)) {
        if (!shape->halves || arg->bytes * 2u != shape->size * (pair ? 2u : 1u))
            return false;
        shift = 1;
    }
    if (*c->p == '[')
        return scan_array(c, shape, shift, bytes) && (!pair || bytes->size == arg->bytes);
    out = strace_arena_take(&c->arena, shape->size >> shift);
    if (!out || pair || !scan_one(c, shape, out, shift))
        return false;
    if (clone)
        skip_changes(c);
    bytes->data = out;
    bytes->size = shape->size >> shift;
    return true;
}
