/* SPDX-License-Identifier: MIT */
#include "patch_fixture.h"

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

/* The text reaches to the end of an image of `size` bytes. */
static void find_in_text_of(size_t size)
{
    uint8_t *large = calloc(1, size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)large;
    Elf64_Phdr *segment;

    assert_non_null(large);
    find(BYTES(0x53, GETPID, SYSCALL, 0x5b, 0xc3));
    memcpy(large, image, ELF_SIZE);
    for (segment = (Elf64_Phdr *)(void *)(large + header->e_phoff); !(segment->p_flags & PF_X);)
        segment++;
    segment->p_filesz = segment->p_memsz = size - segment->p_offset;
    rn_sites_clear(&sites);
    assert_int_equal(rn_sites_find(large, size, &sites, NULL), RN_OK);
    free(large);
}

static void test_large_text_is_left_alone(void **state)
{
    (void)state;
    find_in_text_of(RN_PATCH_TEXT_MAX + ELF_TEXT);
    assert_int_equal(sites.count, 1);
    find_in_text_of(RN_PATCH_TEXT_MAX + ELF_TEXT + 1);
    assert_none(0);
    assert_int_equal(sites.text_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mov),
        cmocka_unit_test(test_mov_is_preferred),
        cmocka_unit_test(test_large_text_is_left_alone),
        cmocka_unit_test(test_cmp),
        cmocka_unit_test(test_other_shapes_are_left_alone),
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
