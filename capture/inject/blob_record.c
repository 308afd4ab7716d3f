/* SPDX-License-Identifier: MIT */
/* The injected half of the recorder: writes one record a system call into the thread's ring. Runs
 * inside the traced program, on a private stack, with general registers only; no libc, no
 * allocation, no calls into the program. A bad pointer of the program faults here; the engine sees
 * that fault before anyone else and takes the call back (before it was made) or finishes its record
 * from outside (after it), so nothing here needs to check pointers. */
#include "blob_parts.h"

#include <stddef.h>

_Static_assert(offsetof(struct rn_thread_area, phase) == RN_AREA_PHASE, "layout");
_Static_assert(offsetof(struct rn_thread_area, kind) == RN_AREA_KIND, "layout");
_Static_assert(offsetof(struct rn_thread_area, result) == RN_AREA_RESULT, "layout");
_Static_assert(offsetof(struct rn_thread_area, flags) == RN_AREA_FLAGS, "layout");
_Static_assert(offsetof(struct rn_thread_area, regs.rax) == RN_AREA_RAX, "layout");
_Static_assert(offsetof(struct rn_thread_area, regs.rcx) == RN_AREA_RCX, "layout");
_Static_assert(offsetof(struct rn_thread_area, regs.r15) == RN_AREA_R15, "layout");
_Static_assert(offsetof(struct rn_thread_area, check) == RN_AREA_CHECK, "layout");
_Static_assert(offsetof(struct rn_script_call, args) == RN_SCRIPT_ARGS, "layout");
_Static_assert(offsetof(struct rn_script_call, result) == RN_SCRIPT_RESULT, "layout");
_Static_assert(offsetof(struct rn_script_call, replace) == RN_SCRIPT_REPLACE, "layout");
_Static_assert(offsetof(struct rn_script_call, from) == RN_SCRIPT_FROM, "layout");
_Static_assert(offsetof(struct rn_script_call, needed) == RN_SCRIPT_NEEDED, "layout");
_Static_assert(sizeof(struct rn_script_call) == RN_SCRIPT_SIZE, "layout");
_Static_assert(sizeof(struct rn_blob_config) <= RN_BLOB_ADDRESS + RN_BLOB_SIZE - RN_BLOB_CONFIG,
               "configuration does not fit");

/* Room that the fast way asks for before it begins a record: two paths, or one and arguments, and a
 * fingerprint of MAX_TRANSFER bytes, with what goes around them. */
#define RECORD_ROOM  (16u << 10)
#define MAX_TRANSFER (2u << 20)
#define MAX_IOVEC    16u

#define PROT_EXEC     4u
#define MAP_FIXED     0x10u
#define MAP_ANONYMOUS 0x20u
#define ARCH_SET_FS   0x1002u
#define ARCH_GET_FS   0x1003u
#define CLONE_UNTRACED 0x800000u

#define NR_RT_SIGPROCMASK 14
#define SIG_BLOCK         0
#define SIG_UNBLOCK       1
#define RLIMIT_AS         9
#define SIGBUS            7
#define SIGSEGV           11

uint64_t rn_blob_ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (((uint64_t)high << 32) | low) >> CONFIG->tick_shift;
}

static int range_is_free(uint64_t begin, uint64_t size)
{
    uint64_t end = begin + size;

    if (end < begin)
        return 0;
    for (uint32_t i = 0; i < CONFIG->range_count; i++)
        if (begin < CONFIG->range[i].end && end > CONFIG->range[i].begin)
            return 0;
    return 1;
}

static int arguments_allow(const struct rn_thread_area *area)
{
    const struct rn_area_regs *regs = &area->regs;

    switch (area->recipe->check) {
    case RN_CHECK_MMAP:
        return (!(regs->rdx & PROT_EXEC) || (!(regs->r10 & MAP_ANONYMOUS) && !CONFIG->quiet)) &&
               (!(regs->r10 & MAP_FIXED) || range_is_free(regs->rdi, regs->rsi));
    case RN_CHECK_MPROTECT:
        return !(regs->rdx & PROT_EXEC) && range_is_free(regs->rdi, regs->rsi);
    case RN_CHECK_RANGE:
        return range_is_free(regs->rdi, regs->rsi);
    case RN_CHECK_RLIMIT:
        return (uint32_t)regs->rdi != RLIMIT_AS;
    case RN_CHECK_PRLIMIT:
        return (uint32_t)regs->rsi != RLIMIT_AS;
    case RN_CHECK_SIGACTION:
        return regs->rsi == 0 || (regs->rdi != SIGSEGV && regs->rdi != SIGBUS);
    case RN_CHECK_ARCH_PRCTL:
        return regs->rdi == ARCH_SET_FS || regs->rdi == ARCH_GET_FS;
    case RN_CHECK_CLONE:
        return !(regs->rdi & CLONE_UNTRACED);
    case RN_CHECK_CLONE3:
        return !(*(const uint64_t *)regs->rdi & CLONE_UNTRACED);
    default:
        return 1;
    }
}

static int vector_allows(const struct iovec *vectors, uint64_t count)
{
    uint64_t total = 0;

    if (count > MAX_IOVEC)
        return 0;
    for (uint64_t i = 0; i < count; i++) {
        if (vectors[i].length > MAX_TRANSFER)
            return 0;
        total += vectors[i].length;
    }
    return total <= MAX_TRANSFER;
}

/* Does it fit into a record beside a path? */
static int argv_allows(const char *const *argv)
{
    uint64_t total = 0;

    if (!argv)
        return 0;
    for (uint64_t i = 0; argv[i]; i++) {
        const char *string = argv[i];

        do {
            if (++total > RN_BLOB_ARGV_MAX)
                return 0;
        } while (*string++);
    }
    return 1;
}

/* A record of a big transfer or a long vector may not fit into RECORD_ROOM: the engine takes it. */
static int sizes_allow(const struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        uint8_t op = recipe->op[i].op;
        uint64_t size = recipe->op[i].size_arg < 6 ? argument(area, recipe->op[i].size_arg) : 0;

        if (op == RN_OP_BUFFER && size > MAX_TRANSFER)
            return 0;
        if (op == RN_OP_ARGV &&
            !argv_allows((const char *const *)argument(area, recipe->op[i].arg)))
            return 0;
        if (op == RN_OP_IOVEC_IN &&
            !vector_allows((const struct iovec *)argument(area, recipe->op[i].arg), size))
            return 0;
    }
    return 1;
}

/* Make RECORD_ROOM, and what a stack takes, contiguous bytes available at the head, padding to the
 * end of the area where the room there is too small. */
static int make_room(struct rn_thread_area *area)
{
    struct rn_ring_slot *slot = area->slot;
    uint64_t head = slot->head;
    uint64_t tail = __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
    uint64_t to_end = slot->size - (head & (slot->size - 1));
    uint64_t room = RECORD_ROOM + CONFIG->stack_room;
    uint64_t needed = room;

    if (to_end < room)
        needed += to_end;
    if (head - tail >= area->notify || slot->size - (head - tail) < needed)
        return 0;
    if (to_end < room) {
        struct rn_record *padding = (struct rn_record *)(area->data + (head & (slot->size - 1)));

        padding->size = (uint32_t)to_end;
        padding->kind = RN_KIND_NONE;
        head += to_end;
        __atomic_store_n(&slot->head, head, __ATOMIC_RELEASE);
    }
    area->head = head;
    return 1;
}

static void begin_record(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;
    static const uint8_t site_offset[8] = {0, 6, 6, 5, 5};
    const struct rn_area_regs *regs = &area->regs;
    struct rn_record *record = record_of(area);
    struct rn_syscall *call = (struct rn_syscall *)(record + 1);

    record->size = 0;
    record->kind = RN_KIND_SYSCALL;
    record->fields = recipe->fields;
    record->attachments = 0;
    record->reserved = 0;
    record->stream = area->stream;
    record->flags = 0;
    record->duration = 0;
    call->nr = regs->rax;
    call->abi = RN_ABI_X86_64;
    call->ret = 0;
    call->site = regs->rcx - site_offset[area->kind & 7u];
    for (unsigned i = 0; i + 4 < recipe->fields; i++)
        call->args[i] = argument(area, i);
    area->cursor = area->head + sizeof(*record) + recipe->fields * 8u;
    rn_blob_attach_before(area);
    if (CONFIG->stack_room)
        rn_blob_attach_stack(area, call->site);
    record->start = rn_blob_ticks();
    __atomic_store_n(&area->slot->inflight_state, RN_INFLIGHT_IN_RING, __ATOMIC_RELEASE);
}

/* The recipe of the call, NULL where the engine is to make it. */
static const struct rn_recipe *find_recipe(const struct rn_thread_area *area)
{
    const struct rn_recipe *recipe;
    uint64_t value;

    if (area->regs.rax >= RN_RECIPE_CALLS)
        return NULL;
    recipe = &CONFIG->recipe[area->regs.rax];
    if (recipe->variants) {
        value = argument(area, recipe->select_arg) & recipe->select_mask;
        for (unsigned i = 0; i < recipe->variants; i++)
            if (CONFIG->variant[recipe->first_variant + i].value == value)
                return &CONFIG->recipe[CONFIG->variant[recipe->first_variant + i].recipe];
    }
    return recipe;
}

/* The engine must know the mask if the next pointer is bad. The old mask may be returned to where
 * the new one was: so that is read before the call. */
static void read_mask_argument(struct rn_thread_area *area)
{
    if (area->regs.rax == NR_RT_SIGPROCMASK && area->regs.rsi)
        area->mask_argument = *(const uint64_t *)area->regs.rsi;
}

static void follow_mask(struct rn_thread_area *area)
{
    if (area->regs.rax != NR_RT_SIGPROCMASK || area->result != 0 || !area->regs.rsi)
        return;
    if (area->regs.rdi == SIG_BLOCK)
        area->blocked |= area->mask_argument;
    else if (area->regs.rdi == SIG_UNBLOCK)
        area->blocked &= ~area->mask_argument;
    else
        area->blocked = area->mask_argument;
}

/* Lines of the ring are in the recorder's cache when its turn comes round again: they are asked for
 * while the kernel works. */
static inline void fetch_ahead(const struct rn_thread_area *area)
{
    const uint8_t *next = area->data + ((area->cursor + 192) & (area->slot->size - 1));

    __asm__ volatile("prefetchw (%0)\n\tprefetchw 64(%0)\n\tprefetchw 128(%0)" : : "r"(next));
}

void rn_blob_commit(struct rn_thread_area *area)
{
    fetch_ahead(area);
    record_of(area)->size = (uint32_t)(area->cursor - area->head);
    /* Not in flight any more, then committed: the other order could show the call twice. */
    __atomic_store_n(&area->slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELAXED);
    __atomic_store_n(&area->slot->head, area->cursor, __ATOMIC_RELEASE);
}

int rn_blob_before(struct rn_thread_area *area)
{
    uint64_t made_at = 0;
    int made;

    area->recording = RN_RECORD_NONE;
    made = area->late ? rn_blob_settle(area, &made_at) : 0;
    area->recipe = find_recipe(area);
    if (!area->recipe || area->recipe->mode == RN_RECIPE_TRACED || !arguments_allow(area)) {
        area->slow++;
        return RN_BEFORE_TRACED;
    }
    read_mask_argument(area);
    if (area->recipe->mode == RN_RECIPE_PASS)
        return RN_BEFORE_CALL;
    if (!sizes_allow(area) || (CONFIG->stack_room && !rn_blob_stack_known(area)) ||
        !make_room(area)) {
        area->slow++;
        return RN_BEFORE_TRACED;
    }
    begin_record(area);
    area->recording = RN_RECORD_BEGUN;
    area->fast++;
    if (area->recipe->mode == RN_RECIPE_LAST) {
        record_of(area)->flags = RN_EVENT_UNFINISHED;
        /* First: the engine must see that it is done wherever this is interrupted. */
        __atomic_store_n(&area->recording, RN_RECORD_COMMITTED, __ATOMIC_RELEASE);
        rn_blob_commit(area);
    }
    if (!made)
        return RN_BEFORE_CALL;
    record_of(area)->start = made_at;
    __atomic_store_n(&area->phase, RN_PHASE_AFTER, __ATOMIC_RELEASE);
    (void)rn_blob_after(area);
    return RN_BEFORE_MADE;
}

/* Code that was mapped: the engine must know what it is, and perhaps change it. */
static int is_to_be_told(const struct rn_thread_area *area)
{
    return area->recipe->check == RN_CHECK_MMAP && (area->regs.rdx & PROT_EXEC) &&
           area->result < (uint64_t)-4095 && !CONFIG->quiet;
}

int rn_blob_after(struct rn_thread_area *area)
{
    struct rn_record *record;
    struct rn_syscall *call;
    int told;

    follow_mask(area);
    if (area->recording != RN_RECORD_BEGUN)
        return is_to_be_told(area);
    record = record_of(area);
    call = (struct rn_syscall *)(record + 1);
    record->duration = rn_blob_ticks() - record->start;
    call->ret = area->result;
    if (area->result < (uint64_t)-4095) {
        if (rn_blob_waits(area))
            return 0;
        rn_blob_attach_after(area);
    }
    told = is_to_be_told(area);
    if (told)
        record->flags |= RN_EVENT_TRACED;
    rn_blob_commit(area);
    return told;
}
