/* SPDX-License-Identifier: MIT */
/* Tables of descriptors that share what they inherited, beside arrays that are copied. */
#include "libanalysis/effect_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#define PROCESSES 6u

/* Numbers at which trees of tables change their height, and some that lie side by side. */
static const uint64_t numbers[] = {0,    1,     2,     3,     14,      15,     16,
                                   17,   30,    31,    255,   256,     257,    4095,
                                   4096, 65535, 65536, 65537, 1048575, 1048576};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

struct plain_table {
    unsigned holders;
    uint32_t open[NUMBERS]; /* flags of the description; 0: none */
    bool marked[NUMBERS];
};

struct world {
    struct rn_effects *effects;
    struct effect_process processes[PROCESSES];
    struct plain_table *plain[PROCESSES];
    unsigned seed;
};

static struct rn_effects *new_effects(void)
{
    struct rn_manifest manifest = {.tick_unit = RN_TICK_NS};
    struct rn_effects *effects = rn_effects_new(&manifest, &(struct rn_effects_options){0});

    assert_non_null(effects);
    return effects;
}

static unsigned chance(struct world *world, unsigned limit)
{
    world->seed = world->seed * 1103515245 + 12345;
    return (world->seed >> 16) % limit;
}

static void plain_drop(struct plain_table *table)
{
    if (table && --table->holders == 0)
        free(table);
}

static struct plain_table *plain_copy(const struct plain_table *table)
{
    struct plain_table *copy = calloc(1, sizeof *copy);

    assert_non_null(copy);
    if (table)
        *copy = *table;
    copy->holders = 1;
    return copy;
}

static void fork_to(struct world *world, unsigned from, unsigned to, bool shared)
{
    effect_table_drop(world->effects, world->processes[to].files);
    plain_drop(world->plain[to]);
    world->plain[to] = NULL;
    world->processes[to].files =
        effect_table_inherit(world->effects, world->processes[from].files, shared);
    if (!world->plain[from])
        return;
    if (shared) {
        world->plain[to] = world->plain[from];
        world->plain[to]->holders++;
    } else {
        world->plain[to] = plain_copy(world->plain[from]);
    }
}

static void set(struct world *world, unsigned process, unsigned number, bool marked, uint32_t flags)
{
    struct effect_open *open = effect_open_new(world->effects, NULL, flags);

    assert_non_null(open);
    effect_fd_set(world->effects, &world->processes[process], numbers[number], open, marked, -1);
    if (!world->plain[process])
        world->plain[process] = plain_copy(NULL);
    if (numbers[number] == 1048576) /* too great a number is not followed */
        return;
    world->plain[process]->open[number] = flags;
    world->plain[process]->marked[number] = marked;
}

static void over_range(struct world *world, unsigned process, unsigned first, unsigned last,
                       int mark)
{
    struct plain_table *plain = world->plain[process];

    if (mark < 0)
        effect_fd_close(world->effects, &world->processes[process], numbers[first], numbers[last]);
    else
        effect_fd_mark(world->effects, &world->processes[process], numbers[first], numbers[last],
                       mark);
    for (unsigned i = first; plain && i <= last; i++) {
        if (mark < 0)
            plain->open[i] = 0;
        else
            plain->marked[i] = mark;
    }
}

static void execute(struct world *world, unsigned process)
{
    struct plain_table *plain = world->plain[process];

    effect_table_exec(world->effects, &world->processes[process]);
    if (!plain)
        return;
    world->plain[process] = plain_copy(plain);
    plain_drop(plain);
    for (unsigned i = 0; i < NUMBERS; i++)
        if (world->plain[process]->marked[i])
            world->plain[process]->open[i] = 0;
}

static void check(const struct world *world)
{
    for (unsigned process = 0; process < PROCESSES; process++) {
        const struct plain_table *plain = world->plain[process];

        for (unsigned i = 0; i < NUMBERS; i++) {
            const struct effect_fd *fd = effect_fd(&world->processes[process], numbers[i]);

            assert_int_equal(fd ? fd->open->flags : 0, plain ? plain->open[i] : 0);
            if (fd)
                assert_int_equal(fd->close_on_exec, plain->marked[i]);
        }
    }
}

static void step(struct world *world, uint32_t flags)
{
    unsigned process = chance(world, PROCESSES), other = chance(world, PROCESSES);
    unsigned first = chance(world, NUMBERS), last = chance(world, NUMBERS);

    switch (chance(world, 10)) {
    case 0:
        if (process != other)
            fork_to(world, process, other, chance(world, 4) == 0);
        break;
    case 1:
        execute(world, process);
        break;
    case 2:
        over_range(world, process, first, first, (int)chance(world, 2));
        break;
    case 3:
        over_range(world, process, first, last, chance(world, 3) ? 1 : -1);
        break;
    case 4:
    case 5:
        over_range(world, process, first, first, -1);
        break;
    default:
        set(world, process, first, chance(world, 3) == 0, flags);
        break;
    }
}

static void like_copies(void **state)
{
    struct world world = {.effects = new_effects(), .seed = 1};

    (void)state;
    for (uint32_t i = 1; i <= 20000; i++) {
        step(&world, i);
        check(&world);
    }
    for (unsigned process = 0; process < PROCESSES; process++) {
        effect_table_drop(world.effects, world.processes[process].files);
        plain_drop(world.plain[process]);
    }
    assert_int_equal(world.effects->table_bytes, 0);
    assert_false(world.effects->failed || world.effects->over_limit);
    rn_effects_free(world.effects);
}

static uint64_t resident_mib(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)usage.ru_maxrss >> 10;
}

/* A great number, inherited by many: what each of them has of its own is what it changes. */
static void forks_cost_little(void **state)
{
    enum { FORKS = 200 };
    struct rn_effects *effects = new_effects();
    struct effect_process parent = {0}, children[FORKS] = {0};
    uint64_t before = resident_mib(), shared;

    (void)state;
    effect_fd_set(effects, &parent, 3, effect_open_new(effects, NULL, 1), false, -1);
    effect_fd_set(effects, &parent, 1048575, effect_open_new(effects, NULL, 1), false, -1);
    shared = effects->table_bytes;
    assert_true(shared < 10000);
    for (unsigned i = 0; i < FORKS; i++)
        children[i].files = effect_table_inherit(effects, parent.files, false);
    assert_true(effects->table_bytes - shared < FORKS * 64u);
    for (unsigned i = 0; i < FORKS; i++)
        effect_fd_close(effects, &children[i], 3, 3);
    assert_true(effects->table_bytes - shared < FORKS * 4000u);
    assert_non_null(effect_fd(&parent, 3));
    assert_true(resident_mib() - before < 100);
    for (unsigned i = 0; i < FORKS; i++)
        effect_table_drop(effects, children[i].files);
    effect_table_drop(effects, parent.files);
    assert_int_equal(effects->table_bytes, 0);
    rn_effects_free(effects);
}

/* Over the limit feeding fails and says so; what is there stays whole. */
static void there_is_a_limit(void **state)
{
    struct rn_effects *effects = new_effects();
    struct rn_event event = {.kind = RN_KIND_SIGNAL};
    struct rn_error err = RN_ERROR_INIT;
    struct effect_process process = {0};

    (void)state;
    effect_fd_set(effects, &process, 3, effect_open_new(effects, NULL, 1), false, -1);
    effects->table_bytes += RN_EFFECTS_MAX_TABLE_BYTES - 5000; /* of others */
    assert_int_equal(rn_effects_feed(effects, &event, &err), RN_OK);
    for (uint64_t fd = 1000; fd < 1000000; fd += 1000)
        effect_fd_set(effects, &process, fd, effect_fd(&process, 3)->open, false, -1);
    assert_true(effects->table_bytes <= RN_EFFECTS_MAX_TABLE_BYTES);
    assert_non_null(effect_fd(&process, 1000));
    assert_null(effect_fd(&process, 900000));
    assert_int_equal(rn_effects_feed(effects, &event, &err), RN_E_LIMIT);
    assert_string_equal(err.what, "tables of descriptors of more than 256 MiB");
    effect_table_drop(effects, process.files);
    rn_effects_free(effects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_copies),
        cmocka_unit_test(forks_cost_little),
        cmocka_unit_test(there_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
