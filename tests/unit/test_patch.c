/* SPDX-License-Identifier: MIT */
#include "capture/patch.h"

#include "elf_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SYSCALL     0x0f, 0x05
#define GETPID      0xb8, 0x27, 0, 0, 0 /* mov $39, %eax */
#define CMP64       0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff
#define CMP32       0x3d, 0x00, 0xf0, 0xff, 0xff
#define NOP8        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90
#define NOP32       NOP8, NOP8, NOP8, NOP8
#define BYTES(...)  (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define AT(address) ((address)-ELF_TEXT)

static uint8_t *image;
static struct rn_sites sites;

static int set_up(void **state)
{
    (void)state;
    image = malloc(ELF_SIZE);
    return image ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rn_sites_clear(&sites);
    free(image);
    return 0;
}

static void find_again(void)
{
    rn_sites_clear(&sites);
    assert_int_equal(rn_sites_find(image, ELF_SIZE, &sites, NULL), RN_OK);
}

/* Sites of a text that is one function. */
static void find(const uint8_t *text, size_t size)
{
    struct elf_function whole = {.start = 0, .size = (uint32_t)size};

    elf_build(image, text, size, &whole, 1);
    find_again();
}

static void assert_site(size_t index, uint64_t offset, uint8_t kind, uint32_t immediate)
{
    const struct rn_site *site = &sites.sites[index];
    uint8_t length = kind == RN_SITE_CMP64 ? 8 : 7;

    if (kind == RN_SITE_MOVED) /* then `immediate` is how many bytes are moved */
        length = (uint8_t)(immediate + 2), immediate = 0;
    assert_true(index < sites.count);
    assert_int_equal(AT(site->address), offset);
    assert_int_equal(site->kind, kind);
    assert_int_equal(site->immediate, immediate);
    assert_int_equal(site->length, length);
    assert_int_equal(site->return_point, site->address + length);
}

static void assert_none(size_t unpatched)
{
    assert_int_equal(sites.count, 0);
    assert_int_equal(sites.unpatched, unpatched);
}

static void test_mov(void **state)
{
    (void)state;
    find(BYTES(0x53, GETPID, SYSCALL, 0x5b, 0xc3));
    assert_int_equal(sites.count, 1);
    assert_int_equal(sites.unpatched, 0);
    assert_site(0, 1, RN_SITE_MOV, 39);
    assert_int_equal(sites.text_address, ELF_TEXT);
    assert_int_equal(sites.text_offset, ELF_TEXT);
    assert_int_equal(sites.text_size, RN_PATCH_PAGE);
}

static void test_mov_is_preferred(void **state)
{
    (void)state;
    find(BYTES(GETPID, SYSCALL, CMP64, 0xc3));
    assert_int_equal(sites.count, 1);
    assert_site(0, 0, RN_SITE_MOV, 39);
}

static void test_cmp(void **state)
{
    (void)state;
    find(BYTES(SYSCALL, CMP64, SYSCALL, CMP32, 0xc3, SYSCALL, 0x48, 0x3d, 0, 0xf0, 0xff, 0xff,
               SYSCALL, 0x3d, 1, 0xf0, 0xff, 0xff));
    assert_int_equal(sites.count, 4);
    assert_int_equal(sites.unpatched, 0);
    assert_site(0, 0, RN_SITE_CMP64, 0xfffff001);
    assert_site(1, 8, RN_SITE_CMP32, 0xfffff000);
    assert_site(2, 16, RN_SITE_CMP64, 0xfffff000);
    assert_site(3, 24, RN_SITE_CMP32, 0xfffff001);
    assert_int_equal(rn_site_entry(&sites.sites[0]), 2);
    assert_int_equal(rn_site_entry(&sites.sites[1]), 3);
    assert_int_equal(rn_site_entry(&sites.sites[2]), 1);
    assert_int_equal(rn_site_entry(&sites.sites[3]), 4);
}

static void test_other_shapes_are_left_alone(void **state)
{
    (void)state;
    find(BYTES(SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(SYSCALL, 0x48, 0x3d, 0x02, 0xf0, 0xff, 0xff, 0xc3)); /* another bound */
    assert_none(1);
    find(BYTES(0x48, 0xc7, 0x05, 0x27, 0, 0, 0, 1, 0, 0, 0, SYSCALL, 0xc3)); /* movq $1, 39(%rip) */
    assert_none(1);
    find(BYTES(0x8d, 0x05, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* lea 39(%rip), %eax */
    assert_none(1);
    find(BYTES(0x68, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* push $39 */
    assert_none(1);
    find(BYTES(0x48, 0x81, 0xec, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* sub $39, %rsp */
    assert_none(1);
    find(BYTES(0xe8, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* call */
    assert_none(1);
    find(BYTES(0xc3, 0x89, 0xf8, SYSCALL, 0xc3)); /* ret; mov %edi, %eax: too little */
    assert_none(1);
}

static void test_moved(void **state)
{
    (void)state;
    find(BYTES(0xc3, 0x48, 0xc7, 0xc0, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* mov $39, %rax */
    assert_int_equal(sites.unpatched, 0);
    assert_site(0, 1, RN_SITE_MOVED, 7);
    assert_memory_equal(sites.sites[0].moved, "\x48\xc7\xc0\x27\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(rn_site_entry(&sites.sites[0]), 0);
    find(BYTES(0x4c, 0x89, 0x5c, 0x24, 0x08, SYSCALL, 0xc3)); /* mov %r11, 8(%rsp) */
    assert_site(0, 0, RN_SITE_MOVED, 5);
    find(BYTES(0x0f, 0x11, 0x83, 0xd8, 2, 0, 0, SYSCALL, 0xc3)); /* movups %xmm0, 0x2d8(%rbx) */
    assert_site(0, 0, RN_SITE_MOVED, 7);
    find(BYTES(0x0f, 0x10, 0x83, 0xd8, 2, 0, 0, SYSCALL, 0xc3)); /* a load: not followed */
    assert_none(1);
    find(BYTES(0x0d, 1, 0, 0, 0, SYSCALL, 0xc3)); /* or $1, %eax: once only, but it is alone */
    assert_site(0, 0, RN_SITE_MOVED, 5);
}

static void test_several_moved(void **state)
{
    (void)state;
    /* mov %r8, %rax; mov %rdx, %rsi */
    find(BYTES(0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 6);
    /* xor %esi, %esi; mov $8, %edi; xor %edx, %edx: the first one need not be moved */
    find(BYTES(0x31, 0xf6, 0xbf, 8, 0, 0, 0, 0x31, 0xd2, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 7);
    /* mov 8(%rsp), %rax; mov %rdx, %rsi */
    find(BYTES(0x48, 0x8b, 0x44, 0x24, 8, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 8);
    /* mov %r8, %rax; mov %rax, %rsi: one depends on the other */
    find(BYTES(0x4c, 0x89, 0xc0, 0x48, 0x89, 0xc6, SYSCALL, 0xc3));
    assert_none(1);
    /* mov %rdx, %rsi; mov %rax, %rdx: done twice, it is something else */
    find(BYTES(0x48, 0x89, 0xd6, 0x48, 0x89, 0xc2, SYSCALL, 0xc3));
    assert_none(1);
    /* mov %rdx, (%rsi); mov %r8, %rax: memory is changed */
    find(BYTES(0x48, 0x89, 0x16, 0x4c, 0x89, 0xc0, SYSCALL, 0xc3));
    assert_none(1);
    /* inc %rdx; mov %r8, %rax */
    find(BYTES(0x48, 0xff, 0xc2, 0x4c, 0x89, 0xc0, SYSCALL, 0xc3));
    assert_none(1);
}

static void test_moved_and_jumps(void **state)
{
    (void)state;
    /* A jump onto the second of them; onto the first; onto the call. */
    find(BYTES(0xeb, 3, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xeb, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 6);
    find(BYTES(0xeb, 6, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 6);
    /* One through a table, which may lead to between two, not into a single one. */
    find(BYTES(0xff, 0xe0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xff, 0x24, 0xc5, 0, 0, 0, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xff, 0xe0, 0x48, 0xc7, 0xc0, 0x27, 0, 0, 0, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 7);
    /* jmp *39(%rip) leads to another library. */
    find(BYTES(0xff, 0x25, 39, 0, 0, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 6, RN_SITE_MOVED, 6);
}

/* A jump through a table concerns its own function, as far as that is known: here by symbols. */
static void test_moved_and_symbols(void **state)
{
    static const uint8_t text[] = {0xff, 0xe0, 0xc3, 0x4c,    0x89, 0xc0,
                                   0x48, 0x89, 0xd6, SYSCALL, 0xc3};
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image;
    Elf64_Shdr *section = (Elf64_Shdr *)(void *)(image + 0x700);
    Elf64_Sym *symbol = (Elf64_Sym *)(void *)(image + 0x800);

    (void)state;
    elf_build(image, text, sizeof(text), NULL, 0);
    header->e_entry = ELF_TEXT; /* instructions are certain from there */
    find_again();
    assert_none(1);
    header->e_shoff = 0x700;
    header->e_shnum = 1;
    header->e_shentsize = sizeof(*section);
    *section =
        (Elf64_Shdr){.sh_type = SHT_SYMTAB, .sh_offset = 0x800, .sh_size = 2 * sizeof(*symbol)};
    symbol[1] = (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                            .st_shndx = 1,
                            .st_value = ELF_TEXT + 3,
                            .st_size = 9};
    find_again();
    assert_site(0, 3, RN_SITE_MOVED, 6);
    symbol[1].st_value = ELF_TEXT; /* it is in the same function after all */
    symbol[1].st_size = 12;
    find_again();
    assert_none(1);
    symbol[1].st_size = 3; /* not in the one before */
    find_again();
    assert_site(0, 3, RN_SITE_MOVED, 6);
    section->sh_size = UINT64_MAX;
    find_again();
    assert_none(1);
}

static void test_calls_that_stay(void **state)
{
    static const uint32_t numbers[] = {15, 322};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint8_t text[] = {0xb8, 0, 0, 0, 0, SYSCALL, 0xc3};

        memcpy(text + 1, &numbers[i], sizeof(numbers[i]));
        find(text, sizeof(text));
        assert_none(1);
    }
    find(BYTES(0x48, 0xc7, 0xc0, 15, 0, 0, 0, SYSCALL,
               0xc3)); /* rt_sigreturn, as unwinders know it */
    assert_none(1);
}

/* mov $39, %r8d ends in the bytes of a mov to %eax. */
static void test_rex_before_mov(void **state)
{
    (void)state;
    find(BYTES(0x41, GETPID, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 6);
    find(BYTES(0x41, GETPID, SYSCALL, CMP64, 0xc3));
    assert_int_equal(sites.count, 1);
    assert_site(0, 6, RN_SITE_CMP64, 0xfffff001);
}

/* mov 0x27(%rax), %edi: b8 is its second byte. */
static void test_modrm_tail(void **state)
{
    (void)state;
    find(BYTES(0x8b, GETPID, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 6);
}

static void test_syscall_inside_another_instruction(void **state)
{
    (void)state;
    find(BYTES(0xbf, SYSCALL, CMP64, 0xc3)); /* mov $0x3d48050f, %edi; ... */
    assert_none(0);
}

static void test_jump_into_cmp(void **state)
{
    (void)state;
    find(BYTES(SYSCALL, CMP64, 0x75, 0xf8, 0xc3)); /* jne to the cmp */
    assert_none(1);
    find(BYTES(0xeb, 0x02, SYSCALL, CMP32, 0xc3)); /* jmp to it */
    assert_none(1);
    find(BYTES(0x0f, 0x84, 2, 0, 0, 0, SYSCALL, CMP64, 0xc3)); /* je, 32 bits */
    assert_none(1);
    find(BYTES(0xe8, 2, 0, 0, 0, SYSCALL, CMP64, 0xc3)); /* call */
    assert_none(1);
    find(BYTES(0xc7, 0xf8, 2, 0, 0, 0, SYSCALL, CMP64, 0xc3)); /* xbegin */
    assert_none(1);
    find(BYTES(0xe3, 0x02, SYSCALL, CMP64, 0xc3)); /* jrcxz */
    assert_none(1);
    find(BYTES(0x3e, 0x75, 0x02, SYSCALL, CMP64, 0xc3)); /* with a prefix */
    assert_none(1);
}

static void test_jump_to_the_first_byte(void **state)
{
    (void)state;
    find(BYTES(SYSCALL, CMP64, 0x75, 0xf6, 0xc3));
    assert_int_equal(sites.count, 1);
    find(BYTES(GETPID, SYSCALL, 0x75, 0xf7, 0xc3));
    assert_int_equal(sites.count, 1);
}

static void test_jump_into_mov(void **state)
{
    (void)state;
    find(BYTES(GETPID, SYSCALL, 0x75, 0xfc, 0xc3)); /* onto the syscall, which stays */
    assert_int_equal(sites.count, 1);
    find(BYTES(GETPID, SYSCALL, 0x75, 0xf8, 0xc3)); /* into the number */
    assert_none(1);
}

/* Bytes that would be a branch, were they not part of another instruction. */
static void test_branch_bytes_inside_an_instruction(void **state)
{
    (void)state;
    find(BYTES(0xbf, 0, 0, 0x75, 0x02, SYSCALL, CMP64, 0xc3)); /* mov $0x2750000, %edi */
    assert_int_equal(sites.count, 1);
    find(BYTES(0xbf, 0, 0x75, 0x03, 0, SYSCALL, CMP64, 0xc3));
    assert_int_equal(sites.count, 1);
    find(BYTES(0xb8, 0x74, 0, 0, 0, SYSCALL, 0xc3)); /* the number itself: je into the site */
    assert_int_equal(sites.count, 1);
}

static void test_function_in_the_middle(void **state)
{
    static const uint8_t text[] = {GETPID, SYSCALL, CMP64, 0xc3};
    const struct elf_function functions[] = {{0, 14}, {2, 12}};

    (void)state;
    elf_build(image, text, sizeof(text), functions, 2);
    find_again();
    assert_none(1);
}

static void test_function_that_ends_in_an_instruction(void **state)
{
    static const uint8_t text[] = {GETPID, SYSCALL, 0xc3};
    const struct elf_function cut = {0, 4}, enough = {0, 5};

    (void)state;
    elf_build(image, text, sizeof(text), &cut, 1);
    find_again();
    assert_none(1);
    elf_build(image, text, sizeof(text), &enough, 1);
    find_again();
    assert_int_equal(sites.count, 1);
}

/* mov $0x3322b811, %eax; syscall; syscall: with the second function, b8 22 33 0f 05 is a mov, too.
 */
static void test_overlap(void **state)
{
    static const uint8_t text[] = {0xb8, 0x11, 0xb8, 0x22, 0x33, SYSCALL, SYSCALL, 0xc3};
    const struct elf_function functions[] = {{0, 10}, {2, 8}, {3, 1}, {0, 10}};

    (void)state;
    elf_build(image, text, sizeof(text), functions, 1);
    find_again();
    assert_int_equal(sites.count, 1);
    assert_int_equal(sites.unpatched, 1);
    assert_site(0, 0, RN_SITE_MOV, 0x3322b811);

    elf_build(image, text, sizeof(text), functions, 2);
    find_again();
    assert_int_equal(sites.count, 1);
    assert_site(0, 2, RN_SITE_MOV, 0x050f3322);

    elf_build(image, text, sizeof(text), functions, 4); /* not sorted: both seem to be right */
    find_again();
    assert_none(2);
}

static void test_end_of_text(void **state)
{
    (void)state;
    find(BYTES(0x53, GETPID, SYSCALL));
    assert_int_equal(sites.count, 1);
    find(BYTES(0x53, SYSCALL, 0x48, 0x3d, 0x01, 0xf0, 0xff)); /* cut within the cmp */
    image[ELF_TEXT + 8] = 0xff;
    find_again();
    assert_none(1);
    find(BYTES(0x53, SYSCALL, 0x3d, 0x01, 0xf0, 0xff));
    image[ELF_TEXT + 7] = 0xff;
    find_again();
    assert_none(1);
    find(BYTES(0x53, SYSCALL));
    assert_none(1);
    find(BYTES(SYSCALL, CMP64));
    assert_int_equal(sites.count, 1);
}

static void test_without_functions(void **state)
{
    static const uint8_t far[] = {NOP32, NOP32, NOP32, GETPID, SYSCALL, 0xc3};
    static const uint8_t near[] = {NOP32, GETPID, SYSCALL, 0xc3};

    (void)state;
    elf_build(image, far, sizeof(far), NULL, 0);
    find_again();
    assert_int_equal(sites.count, 1);
    assert_site(0, 96, RN_SITE_MOV, 39);

    elf_build(image, near, sizeof(near), NULL, 0); /* too little before it to be certain */
    find_again();
    assert_none(1);

    ((Elf64_Ehdr *)(void *)image)->e_entry = ELF_TEXT; /* but the entry point is */
    find_again();
    assert_int_equal(sites.count, 1);
    assert_site(0, 32, RN_SITE_MOV, 39);
}

/* From every other start, 00 b8 27 00 00 00 (add %bh, 0x27(%rax)) swallows the mov; with a nop
 * before it, from the others. */
static void test_without_functions_and_certainty(void **state)
{
    static const uint8_t site[] = {GETPID, SYSCALL, 0xc3};
    uint8_t text[160] = {0};

    (void)state;
    memcpy(text + 128, site, sizeof(site));
    elf_build(image, text, sizeof(text), NULL, 0);
    find_again();
    assert_none(1);
    text[125] = 0x90;
    elf_build(image, text, sizeof(text), NULL, 0);
    find_again();
    assert_none(1);
}

static void test_branch_from_another_segment(void **state)
{
    static const uint8_t text[] = {SYSCALL, CMP64, 0xc3};
    const struct elf_function whole = {0, sizeof(text)};
    const uint32_t distance = ELF_TEXT + 2 - (ELF_TEXT_2 + 5);

    (void)state;
    elf_build(image, text, sizeof(text), &whole, 1);
    elf_set_load(image, ELF_HEADER_TEXT_2, ELF_TEXT_2, 16, PF_R | PF_X);
    find_again();
    assert_int_equal(sites.count, 1);
    image[ELF_TEXT_2] = 0xe9;
    elf_put32(image, ELF_TEXT_2 + 1, distance);
    find_again();
    assert_none(1);
}

static void test_text_of_the_second_segment(void **state)
{
    static const uint8_t second[] = {NOP32, NOP32, NOP32, GETPID, SYSCALL, 0xc3};

    (void)state;
    elf_build(image, "\xc3", 1, NULL, 0);
    elf_set_load(image, ELF_HEADER_TEXT_2, ELF_TEXT_2, sizeof(second), PF_R | PF_X);
    memcpy(image + ELF_TEXT_2, second, sizeof(second));
    find_again();
    assert_int_equal(sites.count, 1);
    assert_int_equal(sites.text_address, ELF_TEXT_2);
    assert_int_equal(sites.text_offset, ELF_TEXT_2);
}

static void test_segments_that_cannot_be_laid_over(void **state)
{
    Elf64_Phdr *text;

    (void)state;
    find(BYTES(GETPID, SYSCALL, 0xc3));
    text = elf_header(image, ELF_HEADER_TEXT);
    text->p_flags |= PF_W;
    find_again();
    assert_none(0);
    assert_int_equal(sites.text_size, 0);
    text->p_flags &= ~(uint32_t)PF_W;
    text->p_memsz++;
    find_again();
    assert_none(0);
    text->p_memsz--;
    text->p_vaddr += 16;
    find_again();
    assert_none(0);
}

static void assert_refused(void)
{
    struct rn_error err = RN_ERROR_INIT;

    rn_sites_clear(&sites);
    assert_int_equal(rn_sites_find(image, ELF_SIZE, &sites, &err), RN_E_FORMAT);
    assert_int_equal(err.status, RN_E_FORMAT);
    assert_null(sites.sites);
}

static void test_refused_files(void **state)
{
    static const Elf64_Dyn relocated[] = {{.d_tag = DT_TEXTREL}, {.d_tag = DT_NULL}};
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image;

    (void)state;
    find(BYTES(GETPID, SYSCALL, 0xc3));
    header->e_ident[EI_CLASS] = ELFCLASS32;
    assert_refused();
    header->e_ident[EI_CLASS] = ELFCLASS64;
    header->e_machine = EM_AARCH64;
    assert_refused();
    header->e_machine = EM_X86_64;
    header->e_type = ET_REL;
    assert_refused();
    header->e_type = ET_DYN;
    header->e_phoff = ELF_SIZE - 8;
    assert_refused();
    header->e_phoff = UINT64_MAX - 8;
    assert_refused();
    header->e_phoff = sizeof(*header);
    memcpy(image + 0x800, relocated, sizeof(relocated));
    *elf_header(image, ELF_HEADER_TEXT_2) =
        (Elf64_Phdr){.p_type = PT_DYNAMIC, .p_offset = 0x800, .p_filesz = sizeof(relocated)};
    assert_refused();
    memset(image, 0, 4);
    assert_refused();
}

/* Every cut of the file, in memory of exactly that size. */
static void test_cut_files(void **state)
{
    (void)state;
    find(BYTES(GETPID, SYSCALL, CMP64, 0xc3));
    for (size_t size = 0; size <= ELF_TEXT + 32; size += size < 512 || size > ELF_TEXT ? 1 : 64) {
        uint8_t *cut = malloc(size ? size : 1);

        assert_non_null(cut);
        memcpy(cut, image, size);
        rn_sites_clear(&sites);
        (void)!rn_sites_find(cut, size, &sites, NULL);
        assert_int_equal(sites.count, size >= ELF_TEXT + 14);
        free(cut);
    }
}

/* Functions that lie about where they are, in memory that ends with the file. */
static void test_damaged_functions(void **state)
{
    static const uint32_t lies[] = {0x7fffffff, 0x80000000, 0xffffffff, ELF_SIZE - 8};

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        for (size_t at = ELF_FUNCTIONS + 8; at < ELF_FUNCTIONS + 20; at += 4) {
            find(BYTES(GETPID, SYSCALL, CMP64, 0xc3));
            assert_int_equal(sites.count, 1);
            elf_put32(image, at, lies[i]);
            find_again();
            assert_none(1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mov),
        cmocka_unit_test(test_mov_is_preferred),
        cmocka_unit_test(test_cmp),
        cmocka_unit_test(test_other_shapes_are_left_alone),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_several_moved),
        cmocka_unit_test(test_moved_and_jumps),
        cmocka_unit_test(test_moved_and_symbols),
        cmocka_unit_test(test_calls_that_stay),
        cmocka_unit_test(test_rex_before_mov),
        cmocka_unit_test(test_modrm_tail),
        cmocka_unit_test(test_syscall_inside_another_instruction),
        cmocka_unit_test(test_jump_into_cmp),
        cmocka_unit_test(test_jump_to_the_first_byte),
        cmocka_unit_test(test_jump_into_mov),
        cmocka_unit_test(test_branch_bytes_inside_an_instruction),
        cmocka_unit_test(test_function_in_the_middle),
        cmocka_unit_test(test_function_that_ends_in_an_instruction),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_end_of_text),
        cmocka_unit_test(test_without_functions),
        cmocka_unit_test(test_without_functions_and_certainty),
        cmocka_unit_test(test_branch_from_another_segment),
        cmocka_unit_test(test_text_of_the_second_segment),
        cmocka_unit_test(test_segments_that_cannot_be_laid_over),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_cut_files),
        cmocka_unit_test(test_damaged_functions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
