/* SPDX-License-Identifier: MIT */
#include "patch.h"

#include "inject/blob_layout.h"

#include <string.h>

#define INT3         0xccu
#define ENTRY_SIZE   8u
#define NOP          0x90u
#define SYSCALL_SIZE 2u

_Static_assert(RN_SITE_MOVED_MAX + 7 + 7 <= RN_STUB_SIZE,
               "a stub holds what was moved and two jumps");

/* A stub while it is written, with the address that its next byte will have. */
struct assembler {
    uint8_t *bytes;
    size_t size;
    uint64_t address;
};

static void emit(struct assembler *assembler, const uint8_t *bytes, size_t size)
{
    memcpy(assembler->bytes + assembler->size, bytes, size);
    assembler->size += size;
    assembler->address += size;
}

static void emit_u32(struct assembler *assembler, uint32_t value)
{
    emit(assembler, (const uint8_t *)&value, sizeof(value));
}

/* The distance from the end of the four bytes to `target`. false: too far away for them. */
static bool emit_distance(struct assembler *assembler, uint64_t target)
{
    int64_t distance = (int64_t)(target - (assembler->address + 4));

    emit_u32(assembler, (uint32_t)distance);
    return distance == (int32_t)distance;
}

static bool emit_jmp(struct assembler *assembler, uint64_t target)
{
    emit(assembler, (const uint8_t[]){0xe9}, 1);
    return emit_distance(assembler, target);
}

static bool emit_lea_rcx(struct assembler *assembler, uint64_t target)
{
    emit(assembler, (const uint8_t[]){0x48, 0x8d, 0x0d}, 3);
    return emit_distance(assembler, target);
}

static void emit_jmp_through(struct assembler *assembler, uint32_t pointer)
{
    emit(assembler, (const uint8_t[]){0xff, 0x24, 0x25}, 3);
    emit_u32(assembler, pointer);
}

unsigned rn_site_entry(const struct rn_site *site)
{
    unsigned second = site->immediate == 0xfffff001u;

    switch (site->kind) {
    case RN_SITE_CMP64:
        return RN_ENTRY_CMP64_0 + second;
    case RN_SITE_CMP32:
        return RN_ENTRY_CMP32_0 + second;
    default:
        return RN_ENTRY_MOV;
    }
}

static bool emit_stub(struct assembler *assembler, const struct rn_site *site, uint32_t entry_table)
{
    bool reached;

    if (site->kind == RN_SITE_MOV) {
        emit(assembler, (const uint8_t[]){0xb8}, 1);
        emit_u32(assembler, site->immediate);
    }
    if (site->kind == RN_SITE_MOVED)
        emit(assembler, site->moved, site->length - SYSCALL_SIZE);
    reached = emit_lea_rcx(assembler, site->return_point);
    emit_jmp_through(assembler, entry_table + rn_site_entry(site) * ENTRY_SIZE);
    return reached;
}

static uint64_t stub_address(const struct rn_sites *sites, size_t index, int64_t stub_distance)
{
    return sites->text_address + (uint64_t)stub_distance + index * RN_STUB_SIZE;
}

static enum rn_status out_of_reach(const struct rn_site *site, struct rn_error *err)
{
    return rn_fail(err, RN_E_LIMIT, "the stub of the site at 0x%llx is out of reach",
                   (unsigned long long)site->address);
}

enum rn_status rn_patch_jump(const struct rn_sites *sites, size_t index, int64_t stub_distance,
                             uint8_t out[RN_SITE_LENGTH_MAX], struct rn_error *err)
{
    const struct rn_site *site = &sites->sites[index];
    struct assembler assembler = {.bytes = out, .address = site->address};

    if (!emit_jmp(&assembler, stub_address(sites, index, stub_distance)))
        return out_of_reach(site, err);
    while (assembler.size < site->length - SYSCALL_SIZE)
        emit(&assembler, (const uint8_t[]){NOP}, 1);
    emit(&assembler, (const uint8_t[]){0x0f, 0x05}, SYSCALL_SIZE);
    return RN_OK;
}

enum rn_status rn_patch_stubs(const struct rn_sites *sites, int64_t stub_distance,
                              uint32_t entry_table, struct rn_buf *stubs, struct rn_error *err)
{
    size_t size = sites->count * RN_STUB_SIZE + RN_PATCH_PAGE - 1;
    uint8_t *area;

    size -= size % RN_PATCH_PAGE;
    if (entry_table > INT32_MAX - RN_ENTRY_COUNT * ENTRY_SIZE)
        return rn_fail(err, RN_E_USAGE, "the entries of the stubs must lie below 2 GiB");
    area = rn_buf_reserve(stubs, size);
    if (!area)
        return rn_fail(err, RN_E_NOMEM, "no memory for %zu stubs", sites->count);
    memset(area, INT3, size);
    for (size_t i = 0; i < sites->count; i++) {
        const struct rn_site *site = &sites->sites[i];
        struct assembler assembler = {.bytes = area + i * RN_STUB_SIZE,
                                      .address = stub_address(sites, i, stub_distance)};

        if (!emit_stub(&assembler, site, entry_table))
            return out_of_reach(site, err);
    }
    stubs->size += size;
    return RN_OK;
}

bool rn_site_length_fits(const struct rn_site *site)
{
    switch (site->kind) {
    case RN_SITE_MOVED:
        return site->length >= RN_SITE_MOVED_MIN + SYSCALL_SIZE &&
               site->length <= RN_SITE_LENGTH_MAX;
    case RN_SITE_CMP64:
        return site->length == 8;
    case RN_SITE_MOV:
    case RN_SITE_CMP32:
        return site->length == 7;
    default:
        return false;
    }
}

size_t rn_site_original(const struct rn_site *site, uint8_t out[RN_SITE_LENGTH_MAX])
{
    struct assembler assembler = {.bytes = out};

    if (!rn_site_length_fits(site))
        return 0;
    if (site->kind == RN_SITE_MOV) {
        emit(&assembler, (const uint8_t[]){0xb8}, 1);
        emit_u32(&assembler, site->immediate);
    }
    if (site->kind == RN_SITE_MOVED)
        emit(&assembler, site->moved, site->length - SYSCALL_SIZE);
    emit(&assembler, (const uint8_t[]){0x0f, 0x05}, SYSCALL_SIZE);
    if (site->kind == RN_SITE_CMP64)
        emit(&assembler, (const uint8_t[]){0x48}, 1);
    if (!rn_site_ends_at_call(site)) {
        emit(&assembler, (const uint8_t[]){0x3d}, 1);
        emit_u32(&assembler, site->immediate);
    }
    return assembler.size;
}

static enum rn_status patch_site(uint8_t *text, const struct rn_sites *sites, size_t index,
                                 int64_t stub_distance, struct rn_error *err)
{
    const struct rn_site *site = &sites->sites[index];
    uint64_t into = site->address - sites->text_address;
    uint8_t expected[RN_SITE_LENGTH_MAX], jump[RN_SITE_LENGTH_MAX];
    size_t length = rn_site_original(site, expected);
    enum rn_status status;

    if (length == 0 || length != site->length || site->return_point != site->address + length ||
        into > sites->text_size || length > sites->text_size - into ||
        memcmp(text + into, expected, length) != 0)
        return rn_fail(err, RN_E_FORMAT, "no system call site at 0x%llx of this file",
                       (unsigned long long)site->address);
    status = rn_patch_jump(sites, index, stub_distance, jump, err);
    if (status == RN_OK)
        memcpy(text + into, jump, length);
    return status;
}

static bool overlaps_text(const struct rn_sites *sites, int64_t stub_distance)
{
    int64_t stubs_size = (int64_t)(sites->count * RN_STUB_SIZE + RN_PATCH_PAGE - 1);

    stubs_size -= stubs_size % RN_PATCH_PAGE;

    return stub_distance > -stubs_size && stub_distance < (int64_t)sites->text_size;
}

enum rn_status rn_patch_text(uint8_t *text, const struct rn_sites *sites, int64_t stub_distance,
                             struct rn_error *err)
{
    enum rn_status status = RN_OK;

    if (overlaps_text(sites, stub_distance))
        return rn_fail(err, RN_E_USAGE, "the stubs would lie over the text");
    for (size_t i = 0; status == RN_OK && i < sites->count; i++)
        status = patch_site(text, sites, i, stub_distance, err);
    return status;
}

/* As the kernel maps it: whole pages, zeros behind the end of the file. */
static enum rn_status copy_text(const uint8_t *image, size_t size, const struct rn_sites *sites,
                                struct rn_buf *text, struct rn_error *err)
{
    uint64_t there;
    uint8_t *to;

    if (sites->text_size == 0 || sites->text_offset >= size ||
        sites->text_size - 1 > size - sites->text_offset + RN_PATCH_PAGE)
        return rn_fail(err, RN_E_FORMAT, "the text of the sites is not in this file");
    to = rn_buf_reserve(text, sites->text_size);
    if (!to)
        return rn_fail(err, RN_E_NOMEM, "no memory for a text of %llu bytes",
                       (unsigned long long)sites->text_size);
    there = size - sites->text_offset;
    if (there > sites->text_size)
        there = sites->text_size;
    memcpy(to, image + sites->text_offset, there);
    memset(to + there, 0, sites->text_size - there);
    text->size = sites->text_size;
    return RN_OK;
}

enum rn_status rn_patch_build(const uint8_t *image, size_t size, const struct rn_sites *sites,
                              int64_t stub_distance, uint32_t entry_table, struct rn_patched *out,
                              struct rn_error *err)
{
    enum rn_status status;

    *out = (struct rn_patched){.stub_distance = stub_distance};
    status = copy_text(image, size, sites, &out->text, err);
    if (status == RN_OK)
        status = rn_patch_text(out->text.data, sites, stub_distance, err);
    if (status == RN_OK)
        status = rn_patch_stubs(sites, stub_distance, entry_table, &out->stubs, err);
    if (status != RN_OK)
        rn_patched_clear(out);
    return status;
}

void rn_patched_clear(struct rn_patched *patched)
{
    rn_buf_free(&patched->text);
    rn_buf_free(&patched->stubs);
    *patched = (struct rn_patched){.stub_distance = 0};
}
