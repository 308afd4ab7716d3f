/* SPDX-License-Identifier: MIT */
/* The injected half of the recorder: writes one record a system call into the thread's ring. Runs
 * inside the traced program, on a private stack, with general registers only; no libc, no
 * allocation, no calls into the program. A bad pointer of the program faults here; the engine sees
 * that fault before anyone else and takes the call back (before it was made) or finishes its record
 * from outside (after it), so nothing here needs to check pointers. */
#include "blob_record.h"

#include "blob_crc64.h"
#include "formats/event.h"
#include "formats/ring_file.h"

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

#define CONFIG ((const struct rn_blob_config *)RN_BLOB_CONFIG)

/* Room that the fast way asks for before it begins a record: two paths, and a fingerprint of
 * RN_MAX_TRANSFER bytes, with what goes around them. */
#define RECORD_ROOM  (16u << 10)
#define MAX_TRANSFER (2u << 20)
#define MAX_PATH     4096u
#define MAX_STRUCT   1024u
#define MAX_IOVEC    16u

#define PROT_EXEC     4u
#define MAP_FIXED     0x10u
#define PR_GET_NAME   16u
#define ARCH_SET_FS   0x1002u
#define ARCH_GET_FS   0x1003u
#define NR_NEWFSTAT   5

#define NR_RT_SIGPROCMASK 14
#define SIG_BLOCK         0
#define SIG_UNBLOCK       1
#define SIGBUS            7
#define SIGSEGV           11

struct iovec {
    const uint8_t *base;
    uint64_t length;
};

/* struct stat of x86-64, as far as it is used. */
struct kernel_stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t rdev;
    uint64_t rest[14];
};

static inline uint64_t ticks_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (((uint64_t)high << 32) | low) >> CONFIG->tick_shift;
}

static void copy(uint8_t *to, const uint8_t *from, uint64_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static inline uint64_t argument(const struct rn_thread_area *area, unsigned number)
{
    const struct rn_area_regs *regs = &area->regs;

    switch (number) {
    case 0:
        return regs->rdi;
    case 1:
        return regs->rsi;
    case 2:
        return regs->rdx;
    case 3:
        return regs->r10;
    case 4:
        return regs->r8;
    default:
        return regs->r9;
    }
}

static struct rn_record *record_of(const struct rn_thread_area *area)
{
    return (struct rn_record *)(area->data + (area->head & (area->slot->size - 1)));
}

/* Begin an attachment; its bytes go to where the returned pointer points. */
static uint8_t *attach(struct rn_thread_area *area, uint8_t type, uint8_t arg, uint16_t flags)
{
    uint8_t *at = area->data + (area->cursor & (area->slot->size - 1));
    struct rn_record_attachment *attachment = (struct rn_record_attachment *)at;

    attachment->type = type;
    attachment->arg = arg;
    attachment->flags = flags;
    return at + sizeof(*attachment);
}

/* End it: `size` bytes are there. */
static void attached(struct rn_thread_area *area, uint8_t *bytes, uint32_t size)
{
    struct rn_record_attachment *attachment =
        (struct rn_record_attachment *)(bytes - sizeof(*attachment));
    uint32_t padded = (size + 7u) & ~7u;

    attachment->size = size;
    for (uint32_t i = size; i < padded; i++)
        bytes[i] = 0;
    area->cursor += sizeof(*attachment) + padded;
    record_of(area)->attachments++;
}

static void attach_string(struct rn_thread_area *area, unsigned arg, uint8_t type)
{
    const uint8_t *string = (const uint8_t *)argument(area, arg);
    uint32_t size = 0;
    uint8_t *bytes;

    if (!string)
        return;
    bytes = attach(area, type, (uint8_t)arg, 0);
    while (size < MAX_PATH && (bytes[size] = string[size]) != 0)
        size++;
    if (size == MAX_PATH)
        bytes[-(int)sizeof(struct rn_record_attachment) + 2] = RN_ATT_CUT;
    attached(area, bytes, size);
}

static void attach_bytes(struct rn_thread_area *area, unsigned arg, uint8_t type, uint16_t flags,
                         uint64_t size)
{
    const uint8_t *from = (const uint8_t *)argument(area, arg);
    uint8_t *bytes;

    if (!from || size == 0)
        return;
    if (size > MAX_STRUCT) {
        size = MAX_STRUCT;
        flags |= RN_ATT_CUT;
    }
    bytes = attach(area, type, (uint8_t)arg, flags);
    copy(bytes, from, size);
    attached(area, bytes, (uint32_t)size);
}

/* Size of the array an argument points to: `bytes` each, counted by another argument or by the
 * result. Counts that make no sense stay below the limit, so that they cannot overflow. */
static uint64_t struct_size(const struct rn_thread_area *area, unsigned i)
{
    const struct rn_recipe *recipe = area->recipe;
    uint64_t count = 1;

    if (recipe->op[i].size_arg == RN_ARG_RETURN)
        count = area->result;
    else if (recipe->op[i].size_arg != RN_ARG_NONE)
        count = argument(area, recipe->op[i].size_arg);
    if (recipe->op[i].size_arg < 6 && recipe->op[i].bytes > 1)
        count = (uint32_t)count;
    if (count > MAX_STRUCT)
        count = MAX_STRUCT + 1;
    return count * recipe->op[i].bytes;
}

static void content_begin(struct content *content, struct rn_thread_area *area, uint8_t *bytes,
                          uint64_t length)
{
    uint64_t blocks = length ? (length - 1) / RN_CONTENT_BLOCK : 0;

    content->area = area;
    content->out = (struct rn_record_content *)bytes;
    content->prefix = (uint64_t *)(bytes + sizeof(struct rn_record_content));
    content->head = bytes + sizeof(struct rn_record_content) + blocks * 8;
    content->head_len = length < CONFIG->content_head ? (uint32_t)length
                                                      : (uint32_t)CONFIG->content_head;
    content->head_done = 0;
    content->crc = 0;
    content->moved = 0;
    content->out->length = length;
    content->out->blocks = (uint32_t)blocks;
    content->out->head_len = content->head_len;
    /* What is whole in the head needs no sum: the reader makes it. */
    content->need_crc = content->head_len < length;
}

static void content_head(struct content *content, const uint8_t *from, uint64_t size)
{
    uint64_t room = content->head_len - content->head_done;

    if (size > room)
        size = room;
    copy(content->head + content->head_done, from, size);
    content->head_done += (uint32_t)size;
}

static void content_add(struct content *content, const uint8_t *from, uint64_t size)
{
    content_head(content, from, size);
    if (!content->need_crc)
        return;
    while (size) {
        uint64_t part = RN_CONTENT_BLOCK - content->moved % RN_CONTENT_BLOCK;

        if (part > size)
            part = size;
        content->crc = rn_blob_crc64(content->area, content->crc, from, part);
        content->moved += part;
        from += part;
        size -= part;
        if (content->moved % RN_CONTENT_BLOCK == 0 && content->moved < content->out->length)
            content->prefix[content->moved / RN_CONTENT_BLOCK - 1] = content->crc;
    }
}

static void content_end(struct content *content, uint8_t *bytes)
{
    content->out->crc = content->crc;
    attached(content->area, bytes,
             (uint32_t)(sizeof(struct rn_record_content) + content->out->blocks * 8u +
                        content->head_len));
}

static void attach_content(struct rn_thread_area *area, unsigned arg, const struct iovec *vectors,
                           uint64_t count, uint64_t length)
{
    uint8_t *bytes;
    struct content content;

    if (!CONFIG->content_on)
        return;
    bytes = attach(area, RN_ATT_CONTENT, (uint8_t)arg, 0);
    content_begin(&content, area, bytes, length);
    for (uint64_t i = 0; i < count && length; i++) {
        uint64_t part = vectors[i].length < length ? vectors[i].length : length;

        content_add(&content, vectors[i].base, part);
        length -= part;
    }
    content_end(&content, bytes);
}

/* recv with MSG_TRUNC returns more than there was room for. */
static void attach_buffer(struct rn_thread_area *area, unsigned arg, unsigned size_arg)
{
    struct iovec whole = {(const uint8_t *)argument(area, arg), area->result};

    if (size_arg < 6 && argument(area, size_arg) < whole.length)
        whole.length = argument(area, size_arg);
    if (whole.base || whole.length == 0)
        attach_content(area, arg, &whole, 1, whole.length);
}

/* getcwd counts the NUL, readlink writes none. */
static void attach_text(struct rn_thread_area *area, unsigned arg)
{
    const uint8_t *text = (const uint8_t *)argument(area, arg);
    uint64_t size = area->result;

    if (text && size && text[size - 1] == 0)
        size--;
    attach_bytes(area, arg, RN_ATT_STRING, 0, size);
}

/* Room for names is what the caller said; the kernel may have found a longer one. */
static void attach_sockaddr_out(struct rn_thread_area *area, unsigned arg, unsigned size_arg)
{
    const uint32_t *length = (const uint32_t *)argument(area, size_arg);

    if (length && *length <= area->name_room)
        attach_bytes(area, arg, RN_ATT_SOCKADDR, 0, *length);
    else if (length)
        attach_bytes(area, arg, RN_ATT_SOCKADDR, RN_ATT_CUT, area->name_room);
}

#define DIRENT_TYPE 18u /* struct linux_dirent64: inode 8, offset 8, length 2, then type and name */
#define DIRENT_NAME 19u

/* Type, name and NUL of each entry: `content` NULL to measure them only. */
static uint64_t walk_dirents(const uint8_t *entries, uint64_t size, struct content *content)
{
    uint64_t total = 0;

    for (uint64_t at = 0; at + DIRENT_NAME < size;) {
        uint64_t length = (uint64_t)entries[at + 16] | (uint64_t)entries[at + 17] << 8;
        uint64_t name = 0;

        if (length <= DIRENT_NAME || length > size - at)
            break;
        while (DIRENT_NAME + name < length && entries[at + DIRENT_NAME + name])
            name++;
        if (DIRENT_NAME + name < length)
            name++;
        if (content)
            content_add(content, entries + at + DIRENT_TYPE, 1 + name);
        total += 1 + name;
        at += length;
    }
    return total;
}

static void attach_dirents(struct rn_thread_area *area, unsigned arg)
{
    const uint8_t *entries = (const uint8_t *)argument(area, arg);
    struct content content;
    uint8_t *bytes;

    if (!CONFIG->content_on)
        return;
    bytes = attach(area, RN_ATT_CONTENT, (uint8_t)arg, 0);
    content_begin(&content, area, bytes, walk_dirents(entries, area->result, NULL));
    walk_dirents(entries, area->result, &content);
    content_end(&content, bytes);
}

static void attach_identity(struct rn_thread_area *area)
{
    struct kernel_stat stat;
    struct rn_fd_identity identity;
    uint8_t *bytes;

    if (CONFIG->quiet ||
        rn_blob_own_call(NR_NEWFSTAT, (long)area->result, (long)&stat, 0) != 0)
        return;
    identity.fd = area->result;
    identity.device = stat.device;
    identity.inode = stat.inode;
    identity.rdev = stat.rdev;
    identity.mode = stat.mode;
    bytes = attach(area, RN_ATT_FD, RN_ARG_RETURN, 0);
    copy(bytes, (const uint8_t *)&identity, sizeof(identity));
    attached(area, bytes, sizeof(identity));
}

static void attach_before(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        unsigned arg = recipe->op[i].arg, size_arg = recipe->op[i].size_arg;

        switch (recipe->op[i].op) {
        case RN_OP_PATH:
            attach_string(area, arg, RN_ATT_PATH);
            break;
        case RN_OP_STRING:
            attach_string(area, arg, RN_ATT_STRING);
            break;
        case RN_OP_STRUCT_IN:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0, struct_size(area, i));
            break;
        case RN_OP_STRUCT_ENTRY:
            attach_bytes(area, arg, RN_ATT_STRUCT, RN_ATT_ENTRY, struct_size(area, i));
            break;
        case RN_OP_SOCKADDR_IN:
            attach_bytes(area, arg, RN_ATT_SOCKADDR, 0, argument(area, size_arg));
            break;
        case RN_OP_IOVEC_IN:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0,
                         argument(area, size_arg) * sizeof(struct iovec));
            break;
        case RN_OP_SOCKADDR_OUT:
            area->name_room = argument(area, size_arg) ? *(uint32_t *)argument(area, size_arg) : 0;
            break;
        default:
            break;
        }
    }
}

static void attach_after(struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        unsigned arg = recipe->op[i].arg, size_arg = recipe->op[i].size_arg;

        switch (recipe->op[i].op) {
        case RN_OP_STRUCT_OUT:
            attach_bytes(area, arg, RN_ATT_STRUCT, 0, struct_size(area, i));
            break;
        case RN_OP_STRING_OUT:
            attach_text(area, arg);
            break;
        case RN_OP_SOCKADDR_OUT:
            attach_sockaddr_out(area, arg, size_arg);
            break;
        case RN_OP_BUFFER:
            attach_buffer(area, arg, size_arg);
            break;
        case RN_OP_IOVEC:
            attach_content(area, arg, (const struct iovec *)argument(area, arg),
                           argument(area, size_arg), area->result);
            break;
        case RN_OP_DIRENTS:
            attach_dirents(area, arg);
            break;
        case RN_OP_FD:
            attach_identity(area);
            break;
        default:
            break;
        }
    }
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
        return !(regs->rdx & PROT_EXEC) &&
               (!(regs->r10 & MAP_FIXED) || range_is_free(regs->rdi, regs->rsi));
    case RN_CHECK_MPROTECT:
        return !(regs->rdx & PROT_EXEC) && range_is_free(regs->rdi, regs->rsi);
    case RN_CHECK_RANGE:
        return range_is_free(regs->rdi, regs->rsi);
    case RN_CHECK_SIGACTION:
        return regs->rsi == 0 || (regs->rdi != SIGSEGV && regs->rdi != SIGBUS);
    case RN_CHECK_PRCTL:
        return regs->rdi == PR_GET_NAME;
    case RN_CHECK_ARCH_PRCTL:
        return regs->rdi == ARCH_SET_FS || regs->rdi == ARCH_GET_FS;
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

/* A record of a big transfer or a long vector may not fit into RECORD_ROOM: the engine takes it. */
static int sizes_allow(const struct rn_thread_area *area)
{
    const struct rn_recipe *recipe = area->recipe;

    for (unsigned i = 0; i < recipe->ops; i++) {
        uint8_t op = recipe->op[i].op;
        uint64_t size = recipe->op[i].size_arg < 6 ? argument(area, recipe->op[i].size_arg) : 0;

        if (op == RN_OP_BUFFER && size > MAX_TRANSFER)
            return 0;
        if (op == RN_OP_IOVEC_IN &&
            !vector_allows((const struct iovec *)argument(area, recipe->op[i].arg), size))
            return 0;
    }
    return 1;
}

/* Make RECORD_ROOM contiguous bytes available at the head, padding to the end of the area where
 * the room there is too small. */
static int make_room(struct rn_thread_area *area)
{
    struct rn_ring_slot *slot = area->slot;
    uint64_t head = slot->head;
    uint64_t tail = __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
    uint64_t to_end = slot->size - (head & (slot->size - 1));
    uint64_t needed = RECORD_ROOM;

    if (to_end < RECORD_ROOM)
        needed += to_end;
    if (head - tail >= area->notify || slot->size - (head - tail) < needed)
        return 0;
    if (to_end < RECORD_ROOM) {
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
    attach_before(area);
    record->start = ticks_now();
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

int rn_blob_before(struct rn_thread_area *area)
{
    area->recording = 0;
    area->recipe = find_recipe(area);
    if (!area->recipe || area->recipe->mode == RN_RECIPE_TRACED || !arguments_allow(area)) {
        area->slow++;
        return 0;
    }
    read_mask_argument(area);
    if (area->recipe->mode == RN_RECIPE_PASS)
        return 1;
    if (!sizes_allow(area) || !make_room(area)) {
        area->slow++;
        return 0;
    }
    begin_record(area);
    area->recording = 1;
    area->fast++;
    return 1;
}

void rn_blob_after(struct rn_thread_area *area)
{
    struct rn_record *record;
    struct rn_syscall *call;

    follow_mask(area);
    if (!area->recording)
        return;
    record = record_of(area);
    call = (struct rn_syscall *)(record + 1);
    record->duration = ticks_now() - record->start;
    call->ret = area->result;
    if (area->result < (uint64_t)-4095)
        attach_after(area);
    record->size = (uint32_t)(area->cursor - area->head);
    /* Not in flight any more, then committed: the other order could show the call twice. */
    __atomic_store_n(&area->slot->inflight_state, RN_INFLIGHT_NONE, __ATOMIC_RELAXED);
    __atomic_store_n(&area->slot->head, area->cursor, __ATOMIC_RELEASE);
}
