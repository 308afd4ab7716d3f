/* SPDX-License-Identifier: MIT */
#include "capture/patch.h"

#include "capture/patch_decode.h"
#include "capture/patch_elf.h"
#include "capture/patch_image.h"
#include "elf_builder.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TABLE    0x70008000u
#define DISTANCE 0x200000
#define ADDRESS  (ELF_TEXT + DISTANCE)

/* push %rbx; mov and syscall; syscall and cmp of 64 bits; the same of 32; ret */
static const uint8_t text[] = {0x53, 0xb8, 0x27, 0,    0,    0,    0x0f, 0x05,
                               0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff,
                               0x0f, 0x05, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0xc3};

static uint8_t *image;
static struct rn_sites sites;
static struct rn_patched patched;

static int set_up(void **state)
{
    const struct elf_function whole = {0, sizeof(text)};

    (void)state;
    image = malloc(ELF_SIZE);
    if (!image)
        return -1;
    elf_build(image, text, sizeof(text), &whole, 1);
    return rn_sites_find(image, ELF_SIZE, &sites, NULL) == RN_OK && sites.count == 3 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rn_patched_clear(&patched);
    rn_sites_clear(&sites);
    free(image);
    return 0;
}

/* One instruction as a disassembler writes it; returns what follows it. */
static const uint8_t *assert_instruction(const uint8_t *code, uint64_t *address,
                                         const char *expected)
{
    ZydisDisassembledInstruction instruction;

    assert_true(ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, *address, code,
                                                   ZYDIS_MAX_INSTRUCTION_LENGTH, &instruction)));
    assert_string_equal(instruction.text, expected);
    *address += instruction.info.length;
    return code + instruction.info.length;
}

static void build(int64_t distance)
{
    rn_patched_clear(&patched);
    assert_int_equal(rn_patch_build(image, ELF_SIZE, &sites, distance, TABLE, &patched, NULL),
                     RN_OK);
    assert_int_equal(patched.text.size, RN_PATCH_PAGE);
    assert_int_equal(patched.stubs.size, RN_PATCH_PAGE);
    assert_int_equal(patched.stub_distance, distance);
}

static void test_jumps(void **state)
{
    uint64_t address = ELF_TEXT;
    const uint8_t *at;

    (void)state;
    build(DISTANCE);
    at = assert_instruction(patched.text.data, &address, "push rbx");
    at = assert_instruction(at, &address, "jmp 0x0000000000201000");
    at = assert_instruction(at, &address, "syscall");
    at = assert_instruction(at, &address, "jmp 0x0000000000201020");
    at = assert_instruction(at, &address, "nop");
    at = assert_instruction(at, &address, "syscall");
    at = assert_instruction(at, &address, "jmp 0x0000000000201040");
    at = assert_instruction(at, &address, "syscall");
    at = assert_instruction(at, &address, "ret");
    assert_memory_equal(at, image + ELF_TEXT + sizeof(text), RN_PATCH_PAGE - sizeof(text));
}

static void assert_padding(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(patched.stubs.data[i], 0xcc);
}

static void test_stubs(void **state)
{
    uint64_t address = ADDRESS;
    const uint8_t *at;

    (void)state;
    build(DISTANCE);
    at = assert_instruction(patched.stubs.data, &address, "mov eax, 0x27");
    at = assert_instruction(at, &address, "lea rcx, [0x0000000000001008]");
    at = assert_instruction(at, &address, "jmp [0x0000000070008000]");
    assert_padding((size_t)(at - patched.stubs.data), RN_STUB_SIZE);

    address = ADDRESS + RN_STUB_SIZE;
    at = patched.stubs.data + RN_STUB_SIZE;
    at = assert_instruction(at, &address, "lea rcx, [0x0000000000001010]");
    at = assert_instruction(at, &address, "jmp [0x0000000070008010]");
    assert_padding((size_t)(at - patched.stubs.data), 2 * (size_t)RN_STUB_SIZE);

    address = ADDRESS + 2 * RN_STUB_SIZE;
    at = patched.stubs.data + 2 * (size_t)RN_STUB_SIZE;
    at = assert_instruction(at, &address, "lea rcx, [0x0000000000001017]");
    at = assert_instruction(at, &address, "jmp [0x0000000070008018]");
    assert_padding((size_t)(at - patched.stubs.data), RN_PATCH_PAGE);
}

static void test_stubs_before_the_text(void **state)
{
    uint64_t address = ELF_TEXT + 1;

    (void)state;
    build(-0x40000000);
    assert_instruction(patched.text.data + 1, &address, "jmp 0xFFFFFFFFC0001000");
}

static void assert_build_fails(int64_t distance, uint32_t table, enum rn_status expected)
{
    struct rn_error err = RN_ERROR_INIT;

    rn_patched_clear(&patched);
    assert_int_equal(rn_patch_build(image, ELF_SIZE, &sites, distance, table, &patched, &err),
                     expected);
    assert_int_equal(err.status, expected);
    assert_null(patched.text.data);
    assert_null(patched.stubs.data);
}

static void test_reach(void **state)
{
    uint8_t jump[RN_SITE_LENGTH_MAX];

    (void)state;
    /* The last stub is 2 * 32 + 7 bytes in, where its lea ends; site and jump are 16 + 5 in. */
    build(INT32_MAX - 64 - 32);
    assert_build_fails(INT32_MAX, TABLE, RN_E_LIMIT);
    assert_build_fails((int64_t)INT32_MIN - 4096, TABLE, RN_E_LIMIT);
    assert_build_fails(INT64_MAX, TABLE, RN_E_LIMIT);
    assert_int_equal(rn_patch_jump(&sites, 0, INT64_C(1) << 32, jump, NULL), RN_E_LIMIT);
    assert_int_equal(rn_patch_jump(&sites, 0, DISTANCE, jump, NULL), RN_OK);
    assert_memory_equal(jump, "\xe9\xfa\xff\x1f\x00\x0f\x05", 7);
}

static void test_bad_use(void **state)
{
    (void)state;
    assert_build_fails(0, TABLE, RN_E_USAGE);
    assert_build_fails(-4095, TABLE, RN_E_USAGE);
    assert_build_fails(4095, TABLE, RN_E_USAGE);
    build(4096);
    build(-4096);
    assert_build_fails(DISTANCE, 0x80000000u, RN_E_USAGE);
    assert_build_fails(DISTANCE, 0x7fffffffu, RN_E_USAGE);
}

static void test_sites_of_another_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sites.count; i++) {
        uint64_t at = sites.sites[i].address;

        for (size_t j = 0; j < sites.sites[i].length; j++) {
            image[at + j] ^= 0x10;
            assert_build_fails(DISTANCE, TABLE, RN_E_FORMAT);
            image[at + j] ^= 0x10;
        }
    }
    sites.sites[0].address = 0x10000;
    assert_build_fails(DISTANCE, TABLE, RN_E_FORMAT);
    sites.sites[0].address = ELF_TEXT + 1;
    sites.text_offset = UINT64_MAX - 4095;
    assert_build_fails(DISTANCE, TABLE, RN_E_FORMAT);
    sites.text_offset = ELF_TEXT;
    sites.text_size = UINT64_MAX - 4095;
    assert_build_fails(DISTANCE, TABLE, RN_E_FORMAT);
    sites.text_size = RN_PATCH_PAGE;
    build(DISTANCE);
}

/* The C library of this very process, through its file. */
static void load_libc(struct rn_patch_image *libc)
{
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    struct link_map *map;
    int fd;

    assert_non_null(handle);
    assert_int_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
    fd = open(map->l_name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(rn_patch_image_load(fd, libc, NULL), RN_OK);
    close(fd);
    dlclose(handle);
}

struct comparison {
    const struct rn_sites *sites;
    const uint8_t *original, *changed;
    uint64_t address; /* of their first byte */
    size_t size;
    uint8_t *seen; /* by site */
};

static const struct rn_site *site_at(const struct rn_sites *all, uint64_t address)
{
    for (size_t low = 0, high = all->count; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (all->sites[middle].address == address)
            return &all->sites[middle];
        if (all->sites[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Both texts, instruction by instruction; at a site, each as long as the other's. */
static void compare_function(struct comparison *c, size_t start, size_t end)
{
    struct rn_patch_instruction old = {start, start}, new = {start, start};
    uint32_t budget = UINT32_MAX;

    while (old.end < end) {
        const struct rn_site *site = site_at(c->sites, c->address + old.end);
        size_t next = old.end + (site ? site->length : 0);

        if (site) {
            c->seen[site - c->sites->sites] = 1;
            assert_int_equal(c->changed[old.end], 0xe9);
            assert_memory_equal(c->changed + next - 2, "\x0f\x05", 2);
            old.end = new.end = next;
            continue;
        }
        if (!rn_patch_decode_until(c->original, c->size, next, &old, &budget))
            return;
        assert_true(rn_patch_decode_until(c->changed, c->size, next, &new, &budget));
        assert_int_equal(old.end, new.end);
        assert_memory_equal(c->original + old.start, c->changed + old.start, old.end - old.start);
    }
}

static void compare_functions(struct comparison *c, const struct rn_patch_image *libc)
{
    struct rn_patch_elf elf;

    assert_int_equal(rn_patch_elf_open(&elf, libc->bytes, libc->size, NULL), RN_OK);
    assert_true(elf.function_count > 1000);
    for (size_t i = 0; i < elf.function_count; i++) {
        struct rn_patch_range function;
        int32_t start;

        memcpy(&start, elf.functions + 8 * i, sizeof(start));
        if (rn_patch_elf_function(&elf, elf.functions_address + (uint64_t)(int64_t)start,
                                  &function) &&
            function.start >= c->address && function.end <= c->address + c->size)
            compare_function(c, function.start - c->address, function.end - c->address);
    }
}

static void assert_libc_stubs(const struct rn_sites *all)
{
    char expected[64];

    for (size_t i = 0; i < all->count; i++) {
        const struct rn_site *site = &all->sites[i];
        uint64_t address = all->text_address + (uint64_t)patched.stub_distance + i * RN_STUB_SIZE;
        const uint8_t *at = patched.stubs.data + i * RN_STUB_SIZE;

        if (site->kind == RN_SITE_MOV) {
            snprintf(expected, sizeof(expected), "mov eax, 0x%02X", site->immediate);
            at = assert_instruction(at, &address, expected);
        }
        if (site->kind == RN_SITE_MOVED) {
            assert_memory_equal(at, site->moved, site->length - 2u);
            at += site->length - 2u;
            address += site->length - 2u;
        }
        snprintf(expected, sizeof(expected), "lea rcx, [0x%016llX]",
                 (unsigned long long)site->return_point);
        at = assert_instruction(at, &address, expected);
        snprintf(expected, sizeof(expected), "jmp [0x%016X]", TABLE + 8 * rn_site_entry(site));
        assert_instruction(at, &address, expected);
    }
}

static void assert_libc_jumps(const struct rn_sites *all)
{
    char expected[64];

    for (size_t i = 0; i < all->count; i++) {
        uint64_t address = all->sites[i].address;

        snprintf(expected, sizeof(expected), "jmp 0x%016llX",
                 (unsigned long long)(all->text_address + (uint64_t)patched.stub_distance +
                                      i * RN_STUB_SIZE));
        assert_instruction(patched.text.data + (address - all->text_address), &address, expected);
    }
}

static void test_libc(void **state)
{
    struct rn_patch_image libc;
    struct rn_sites all;
    struct comparison comparison;
    size_t seen = 0;

    (void)state;
    load_libc(&libc);
    assert_int_equal(rn_sites_find(libc.bytes, libc.size, &all, NULL), RN_OK);
    assert_true(all.count > 300);
    assert_true(all.count > 9 * all.unpatched);
    rn_patched_clear(&patched);
    assert_int_equal(rn_patch_build(libc.bytes, libc.size, &all, (int64_t)all.text_size + 0x10000,
                                    TABLE, &patched, NULL),
                     RN_OK);
    comparison = (struct comparison){.sites = &all,
                                     .original = libc.bytes + all.text_offset,
                                     .changed = patched.text.data,
                                     .address = all.text_address,
                                     .size = patched.text.size,
                                     .seen = calloc(all.count, 1)};
    assert_non_null(comparison.seen);
    compare_functions(&comparison, &libc);
    for (size_t i = 0; i < all.count; i++)
        seen += comparison.seen[i];
    assert_true(seen >= all.count - all.count / 100); /* all but those that no function holds */
    assert_libc_jumps(&all);
    assert_libc_stubs(&all);
    free(comparison.seen);
    rn_sites_clear(&all);
    rn_patch_image_free(&libc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_stubs),
        cmocka_unit_test(test_stubs_before_the_text),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_bad_use),
        cmocka_unit_test(test_sites_of_another_file),
        cmocka_unit_test(test_libc),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
