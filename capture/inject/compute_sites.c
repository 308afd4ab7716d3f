/* SPDX-License-Identifier: MIT */
/* Sites and operations, known for as long as the program runs. What they need is copied, because
 * the library that a site is in may be unloaded. There are no locks: a signal handler may come here
 * while the thread that it interrupted is here. */
#include "compute.h"

#define ARENA_BYTES    (1u << 20)
#define OPERATIONS_MAX 2048u
#define SITES_MAX      4096u
#define TEXT_MAX       1024u /* of a name, file or instruction set */
#define DECISION_NAME  256u

static uint64_t arena[ARENA_BYTES / 8];
static uint64_t arena_used; /* words */
static struct rn_compute_operation *operations[OPERATIONS_MAX];
static struct rn_compute_site *sites[SITES_MAX];
static uint32_t operation_count;

static void *take(uint64_t bytes)
{
    uint64_t words = (bytes + 7) / 8;
    uint64_t at = __atomic_fetch_add(&arena_used, words, __ATOMIC_RELAXED);

    /* Once it is full it stays so: the sum cannot wrap in the life of a program. */
    return at + words <= ARENA_BYTES / 8 ? &arena[at] : NULL;
}

static uint32_t length_of(const char *text)
{
    uint32_t length = 0;

    while (text && length < TEXT_MAX && text[length])
        length++;
    return length;
}

static bool is_equal(const void *a, const void *b, uint64_t size)
{
    const uint8_t *left = a, *right = b;

    for (uint64_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return false;
    return true;
}

static uint64_t fnv(uint64_t hash, const void *bytes, uint64_t size)
{
    const uint8_t *at = bytes;

    for (uint64_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3ull;
    return hash;
}
#define FNV_BEGIN 0xcbf29ce484222325ull

static struct rn_compute_operation *new_operation(const char *name, uint32_t size)
{
    struct rn_compute_operation *operation = take(sizeof(*operation) + size);

    if (!operation)
        return NULL;
    rn_compute_copy(operation + 1, name, size);
    operation->name = (const char *)(operation + 1);
    operation->name_size = (uint16_t)size;
    operation->number = (uint16_t)__atomic_add_fetch(&operation_count, 1, __ATOMIC_RELAXED);
    return operation;
}

/* Two threads that are here with the same new name at once: the second one sees the first one's. */
static struct rn_compute_operation *operation_of(const char *name, uint32_t size)
{
    uint64_t hash = fnv(FNV_BEGIN, name, size);

    for (uint32_t i = 0; i < OPERATIONS_MAX / 2; i++) {
        struct rn_compute_operation **place = &operations[(hash + i) % OPERATIONS_MAX];
        struct rn_compute_operation *known = __atomic_load_n(place, __ATOMIC_ACQUIRE);

        if (!known) {
            struct rn_compute_operation *made = new_operation(name, size);

            if (!made || __atomic_compare_exchange_n(place, &known, made, false, __ATOMIC_ACQ_REL,
                                                     __ATOMIC_ACQUIRE))
                return made;
        }
        if (known->name_size == size && is_equal(known->name, name, size))
            return known;
    }
    return NULL;
}

static uint64_t *put_text(uint64_t *at, uint8_t type, const char *text, uint32_t size)
{
    struct rn_record_attachment *header = (struct rn_record_attachment *)at;

    *header = (struct rn_record_attachment){.type = type, .arg = RN_ARG_NONE, .size = size};
    at[1 + size / 8] = 0;
    rn_compute_copy(at + 1, text, size);
    return at + 1 + (size + 7) / 8;
}

/* "file:line"; only the end of a name that is too long. */
#define SOURCE_BYTES (TEXT_MAX + 16u)
static uint32_t source_text(char *out, const char *file, uint32_t line)
{
    uint32_t size = length_of(file), digits = 0;
    char number[12];

    rn_compute_copy(out, file, size);
    out[size++] = ':';
    do {
        number[digits++] = (char)('0' + line % 10);
        line /= 10;
    } while (line);
    while (digits)
        out[size++] = number[--digits];
    return size;
}

/* The same place of the same library, loaded again, and the same block in several files. */
static const struct rn_compute_site *known_site(struct rn_compute_site *site)
{
    uint64_t hash = fnv(FNV_BEGIN, site->record, site->size);

    for (uint32_t i = 0; i < SITES_MAX / 2; i++) {
        struct rn_compute_site **place = &sites[(hash + i) % SITES_MAX];
        struct rn_compute_site *known = __atomic_load_n(place, __ATOMIC_ACQUIRE);

        if (!known && __atomic_compare_exchange_n(place, &known, site, false, __ATOMIC_ACQ_REL,
                                                  __ATOMIC_ACQUIRE))
            return site;
        if (known->size == site->size && is_equal(known->record, site->record, site->size))
            return known;
    }
    return NULL;
}

#define SITE_WORDS                                                                                 \
    ((sizeof(struct rn_compute_site) + sizeof(struct rn_record) + sizeof(struct rn_block) +        \
      3 * sizeof(struct rn_record_attachment) + 2 * TEXT_MAX + SOURCE_BYTES) /                     \
         8 +                                                                                       \
     8)

/* Made on the stack first: most are known already, or short. */
static const struct rn_compute_site *keep_site(struct rn_compute_site *made, const uint64_t *end)
{
    struct rn_record *record = (struct rn_record *)made->record;
    const struct rn_compute_site *known;
    struct rn_compute_site *kept;
    uint64_t bytes = (uint64_t)((const uint8_t *)end - (const uint8_t *)made);

    record->size = made->size = (uint32_t)((const uint8_t *)end - (const uint8_t *)record);
    if (!made->operation)
        return NULL;
    kept = take(bytes);
    if (!kept)
        return NULL;
    rn_compute_copy(kept, made, bytes);
    known = known_site(kept);
    return known;
}

const struct rn_compute_site *rn_compute_block_site(struct rn_simd_site *site)
{
    uint64_t words[SITE_WORDS];
    char source[SOURCE_BYTES];
    struct rn_compute_site *made = (struct rn_compute_site *)words;
    struct rn_record *record = (struct rn_record *)made->record;
    struct rn_block *block = (struct rn_block *)(record + 1);
    uint64_t *at = (uint64_t *)(block + 1);
    uint32_t isa = length_of(site->isa), name = length_of(site->operation);
    const struct rn_compute_site *result;

    *made = (struct rn_compute_site){.operation = operation_of(site->operation, name),
                                     .backend = site->backend};
    *record = (struct rn_record){.kind = RN_KIND_BLOCK,
                                 .fields = sizeof(*block) / sizeof(uint64_t),
                                 .attachments = (uint8_t)(1 + (isa != 0) + (site->file != 0))};
    *block = (struct rn_block){.backend = site->backend, .provenance = isa ? site->provenance : 0};
    at = put_text(at, RN_ATT_NAME, site->operation, name);
    if (isa)
        at = put_text(at, RN_ATT_ISA, site->isa, isa);
    if (site->file)
        at = put_text(at, RN_ATT_SOURCE, source, source_text(source, site->file, site->line));
    result = keep_site(made, at);
    __atomic_store_n(&site->recorder, (void *)(uintptr_t)result, __ATOMIC_RELEASE);
    return result;
}

/* FNV-1a of category::name::file::line, the line as four bytes, the lowest first. */
static uint64_t decision_id(const struct rn_simd_choice *choice)
{
    uint8_t line[4] = {(uint8_t)choice->line, (uint8_t)(choice->line >> 8),
                       (uint8_t)(choice->line >> 16), (uint8_t)(choice->line >> 24)};
    uint64_t hash = fnv(FNV_BEGIN, choice->category, length_of(choice->category));

    hash = fnv(fnv(hash, "::", 2), choice->name, length_of(choice->name));
    hash = fnv(fnv(hash, "::", 2), choice->file, length_of(choice->file));
    return fnv(fnv(hash, "::", 2), line, sizeof(line));
}

static struct rn_compute_operation *decision_operation(const struct rn_simd_choice *choice)
{
    char name[2 * TEXT_MAX + 2];
    uint32_t size = length_of(choice->category), more = length_of(choice->name);

    rn_compute_copy(name, choice->category, size);
    name[size++] = ':';
    name[size++] = ':';
    rn_compute_copy(name + size, choice->name, more);
    return operation_of(name, size + more);
}

const struct rn_compute_site *rn_compute_choice_site(struct rn_simd_choice *choice)
{
    uint64_t words[SITE_WORDS];
    char source[SOURCE_BYTES];
    struct rn_compute_site *made = (struct rn_compute_site *)words;
    struct rn_record *record = (struct rn_record *)made->record;
    struct rn_decision *decision = (struct rn_decision *)(record + 1);
    uint64_t *at = (uint64_t *)(decision + 1);
    const struct rn_compute_site *result;

    *made = (struct rn_compute_site){.operation = decision_operation(choice)};
    *record = (struct rn_record){
        .kind = RN_KIND_DECISION, .fields = sizeof(*decision) / sizeof(uint64_t), .attachments = 3};
    *decision = (struct rn_decision){.id = decision_id(choice)};
    at = put_text(at, RN_ATT_CATEGORY, choice->category, length_of(choice->category));
    at = put_text(at, RN_ATT_NAME, choice->name, length_of(choice->name));
    at = put_text(at, RN_ATT_SOURCE, source, source_text(source, choice->file, choice->line));
    result = keep_site(made, at);
    __atomic_store_n(&choice->recorder, (void *)(uintptr_t)result, __ATOMIC_RELEASE);
    return result;
}
