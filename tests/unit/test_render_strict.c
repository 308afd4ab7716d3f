/* SPDX-License-Identifier: MIT */
/* Whatever an event holds, its line is JSON that a strict parser takes. */
#include "render_fixture.h"

#include "formats/event_schema.h"

#define ROUNDS 12

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Random words are as often small, negative or single bits, which decide between more cases. */
static uint64_t random_word(void)
{
    switch (next_random() % 4) {
    case 0:
        return next_random() % 64;
    case 1:
        return UINT64_C(1) << next_random() % 64;
    case 2:
        return -(next_random() % 600);
    default:
        return next_random();
    }
}

static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = next_random() % 3 ? (uint8_t)next_random() : 0;
}

static void attach_random(struct maker *maker, uint8_t *bytes, size_t size)
{
    struct rn_attachment *attachment =
        attach(maker, (uint8_t)(next_random() % RN_ATT_COUNT), (uint8_t)(next_random() % 7), bytes,
               next_random() % size);

    attachment->flags = (uint8_t)(next_random() & 3);
    attachment->content = (struct rn_content){
        .length = random_word(),
        .crc = next_random(),
        .head = bytes,
        .head_len = attachment->size,
    };
    if (attachment->content.length < attachment->size)
        attachment->content.length = attachment->size;
}

static void check_random(struct maker *maker)
{
    uint8_t bytes[MAX_ATTACHMENTS][160];
    size_t count = next_random() % (MAX_ATTACHMENTS + 1);

    maker->event.flags = next_random() % 4 ? 0 : (uint32_t)(next_random() & 0x7f);
    for (size_t i = 0; i < count; i++) {
        fill(bytes[i], sizeof(bytes[i]));
        attach_random(maker, bytes[i], sizeof(bytes[i]));
    }
    json_decref(as_json(maker));
}

static void calls(void **state)
{
    (void)state;
    for (uint64_t abi = 0; abi <= RN_ABI_COUNT; abi++) {
        for (uint64_t nr = 0; nr < 480 * ROUNDS; nr++) {
            struct maker maker = {.event = {.kind = RN_KIND_SYSCALL, .stream = (uint32_t)nr % 3}};

            maker.event.u.syscall =
                (struct rn_syscall){.nr = nr / ROUNDS, .abi = abi, .ret = random_word()};
            for (size_t arg = 0; arg < 6; arg++)
                maker.event.u.syscall.args[arg] = random_word();
            check_random(&maker);
        }
    }
}

static void other_kinds(void **state)
{
    (void)state;
    for (uint8_t kind = 1; kind < RN_KIND_LIMIT; kind++) {
        if (kind == RN_KIND_SYSCALL || !rn_schema_get(kind))
            continue;
        for (unsigned round = 0; round < 50 * ROUNDS; round++) {
            struct maker maker = {.event = {.kind = kind, .stream = round % 3}};

            for (size_t i = 0; i < sizeof(maker.event.u.words) / sizeof(uint64_t); i++)
                maker.event.u.words[i] = random_word();
            check_random(&maker);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),
        cmocka_unit_test(other_kinds),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
