/* SPDX-License-Identifier: MIT */
/* Descriptors, and the open file descriptions that they share.
 *
 * A table is a tree, as high as its greatest number needs: a great number alone takes a few nodes.
 * Tables share nodes: fork copies none, and whoever changes a table copies those on the way to the
 * place. So what a recording can make tables take is some nodes for each of its calls, of which
 * RN_EFFECTS_MAX_TABLE_BYTES is the limit. */
#include "effect_model.h"

#include <stdlib.h>

/* No kernel hands out a greater number by default; a recording that names one is damaged. */
#define FD_LIMIT (1u << 20)

#define PLACE_BITS 4u
#define PLACES     (1u << PLACE_BITS)

struct fd_node {
    uint32_t holders; /* tables, and nodes above */
    uint32_t used;    /* places that are not empty */
    union {
        struct fd_node *below[PLACES];
        struct effect_fd fds[PLACES]; /* at the bottom, where the height is 0 */
    };
};

struct effect_table {
    uint32_t holders;     /* processes */
    unsigned height;      /* of `root`: numbers have (height + 1) * PLACE_BITS bits */
    struct fd_node *root; /* NULL: nothing is open */
};

static void *take(struct rn_effects *effects, size_t size)
{
    void *taken;

    if (size > RN_EFFECTS_MAX_TABLE_BYTES - effects->table_bytes) {
        effects->over_limit = effects->tables_full = true;
        return NULL;
    }
    taken = calloc(1, size);
    if (taken)
        effects->table_bytes += size;
    else
        effects->failed = true;
    return taken;
}

static void give_back(struct rn_effects *effects, void *taken, size_t size)
{
    free(taken);
    effects->table_bytes -= size;
}

struct effect_open *effect_open_new(struct rn_effects *effects, struct effect_object *object,
                                    uint32_t flags)
{
    struct effect_open *open = take(effects, sizeof *open);

    if (!open)
        return NULL;
    open->object = object;
    open->flags = flags;
    if (object)
        object->holders++;
    return open;
}

static void open_drop(struct rn_effects *effects, struct effect_open *open)
{
    struct effect_object *object;

    if (!open || --open->holders)
        return;
    object = open->object;
    give_back(effects, open, sizeof *open);
    if (!object || --object->holders)
        return;
    effect_object_gone(effects, object);
}

/* ---- nodes ---- */

/* Which place of a node of that height a number belongs to. */
static unsigned place_at(uint64_t fd, unsigned height)
{
    return fd >> height * PLACE_BITS & (PLACES - 1);
}

static void node_drop(struct rn_effects *effects, struct fd_node *node, unsigned height)
{
    if (!node || --node->holders)
        return;
    for (unsigned i = 0; i < PLACES; i++) {
        if (height)
            node_drop(effects, node->below[i], height - 1);
        else
            open_drop(effects, node->fds[i].open);
    }
    give_back(effects, node, sizeof *node);
}

static void hold_places(struct fd_node *node, unsigned height)
{
    for (unsigned i = 0; i < PLACES; i++) {
        if (height && node->below[i])
            node->below[i]->holders++;
        else if (!height && node->fds[i].open)
            node->fds[i].open->holders++;
    }
}

/* One that nobody else holds: made where there is none, copied where it is shared. */
static struct fd_node *node_own(struct rn_effects *effects, struct fd_node **node, unsigned height)
{
    struct fd_node *old = *node, *own;

    if (old && old->holders == 1)
        return old;
    own = take(effects, sizeof *own);
    if (!own)
        return NULL;
    if (old) {
        *own = *old;
        hold_places(own, height);
        old->holders--;
    }
    own->holders = 1;
    *node = own;
    return own;
}

/* Is the root high enough for that number? */
static bool reaches(const struct effect_table *table, uint64_t fd)
{
    return fd >> (table->height + 1) * PLACE_BITS == 0;
}

static bool heighten(struct rn_effects *effects, struct effect_table *table)
{
    struct fd_node *root = NULL;

    if (table->root) {
        if (!node_own(effects, &root, table->height + 1))
            return false;
        root->below[0] = table->root;
        root->used = 1;
        table->root = root;
    }
    table->height++;
    return true;
}

/* The bottom node that has the place of `fd`, and the way to it, to be changed; NULL: no memory. */
static struct fd_node *way_to(struct rn_effects *effects, struct effect_table *table, uint64_t fd)
{
    struct fd_node **next = &table->root, *node = NULL;

    while (!reaches(table, fd))
        if (!heighten(effects, table))
            return NULL;
    for (unsigned height = table->height + 1; height--;) {
        bool is_new = !*next;
        struct fd_node *above = node;

        node = node_own(effects, next, height);
        if (!node)
            return NULL;
        if (above)
            above->used += is_new;
        next = &node->below[place_at(fd, height)];
    }
    return node;
}

/* The least number that is open, from `fd` on; FD_LIMIT: none. */
static uint64_t next_open(const struct effect_table *table, uint64_t fd)
{
    while (table && table->root && reaches(table, fd)) {
        const struct fd_node *node = table->root;
        unsigned height = table->height;

        while (height && node->below[place_at(fd, height)])
            node = node->below[place_at(fd, height--)];
        if (!height && node->fds[place_at(fd, 0)].open)
            return fd;
        fd = ((fd >> height * PLACE_BITS) + 1) << height * PLACE_BITS;
    }
    return FD_LIMIT;
}

/* ---- descriptors ---- */

const struct effect_fd *effect_fd(const struct effect_process *process, uint64_t fd)
{
    const struct effect_table *table = process ? process->files : NULL;
    const struct fd_node *node = table && reaches(table, fd) ? table->root : NULL;

    for (unsigned height = node ? table->height : 0; node && height; height--)
        node = node->below[place_at(fd, height)];
    return node && node->fds[place_at(fd, 0)].open ? &node->fds[place_at(fd, 0)] : NULL;
}

static struct effect_table *table_new(struct rn_effects *effects)
{
    struct effect_table *table = take(effects, sizeof *table);

    if (table)
        table->holders = 1;
    return table;
}

void effect_fd_set(struct rn_effects *effects, struct effect_process *process, uint64_t fd,
                   struct effect_open *open, bool close_on_exec, int slot)
{
    struct effect_open *old;
    struct fd_node *node = NULL;

    open->holders++;
    if (!process->files)
        process->files = table_new(effects);
    if (process->files && fd < FD_LIMIT)
        node = way_to(effects, process->files, fd);
    if (!node) {
        open_drop(effects, open);
        return;
    }
    old = node->fds[place_at(fd, 0)].open;
    node->fds[place_at(fd, 0)] =
        (struct effect_fd){.open = open, .close_on_exec = close_on_exec, .slot = (int8_t)slot};
    node->used += !old;
    open_drop(effects, old);
}

void effect_fd_mark(struct rn_effects *effects, struct effect_process *process, uint64_t first,
                    uint64_t last, bool close_on_exec)
{
    uint64_t fd = next_open(process->files, first);

    for (; fd <= last && fd < FD_LIMIT; fd = next_open(process->files, fd + 1)) {
        const struct effect_fd *entry = effect_fd(process, fd);

        if (entry->close_on_exec != close_on_exec)
            effect_fd_set(effects, process, fd, entry->open, close_on_exec, entry->slot);
    }
}

/* What is closed: of the numbers from first to last all, or those marked alone. */
struct closing {
    uint64_t first, last;
    bool marked;
};

static bool is_closed(const struct closing *closing, const struct effect_fd *fd)
{
    return fd->open && (fd->close_on_exec || !closing->marked);
}

/* Of a node whose first number is `base`: the first place that numbers from `first` on have. */
static uint64_t first_place(const struct closing *closing, uint64_t base, unsigned height)
{
    return closing->first > base ? (closing->first - base) >> height * PLACE_BITS : 0;
}

/* Asked before a node is copied: most calls close nothing in most nodes. */
static bool any_closed(const struct closing *closing, const struct fd_node *node, unsigned height,
                       uint64_t base)
{
    uint64_t step = (uint64_t)1 << height * PLACE_BITS, i = first_place(closing, base, height);

    for (; i < PLACES && base + i * step <= closing->last; i++) {
        if (height
                ? node->below[i] && any_closed(closing, node->below[i], height - 1, base + i * step)
                : is_closed(closing, &node->fds[i]))
            return true;
    }
    return false;
}

static void close_in(struct rn_effects *effects, const struct closing *closing, struct fd_node **at,
                     unsigned height, uint64_t base)
{
    uint64_t step = (uint64_t)1 << height * PLACE_BITS, i = first_place(closing, base, height);
    struct fd_node *node;

    if (!*at || !any_closed(closing, *at, height, base))
        return;
    node = node_own(effects, at, height);
    for (; node && i < PLACES && base + i * step <= closing->last; i++) {
        if (height && node->below[i]) {
            close_in(effects, closing, &node->below[i], height - 1, base + i * step);
            node->used -= !node->below[i];
        } else if (!height && is_closed(closing, &node->fds[i])) {
            struct effect_open *open = node->fds[i].open;

            node->fds[i] = (struct effect_fd){.slot = -1};
            node->used--;
            open_drop(effects, open);
        }
    }
    if (node && node->used == 0) {
        give_back(effects, node, sizeof *node);
        *at = NULL;
    }
}

static void close_of(struct rn_effects *effects, struct effect_table *table,
                     const struct closing *closing)
{
    if (!table)
        return;
    close_in(effects, closing, &table->root, table->height, 0);
    if (!table->root)
        table->height = 0;
}

void effect_fd_close(struct rn_effects *effects, struct effect_process *process, uint64_t first,
                     uint64_t last)
{
    close_of(effects, process->files, &(struct closing){first, last, false});
}

/* ---- tables ---- */

void effect_table_drop(struct rn_effects *effects, struct effect_table *table)
{
    if (!table || --table->holders)
        return;
    node_drop(effects, table->root, table->height);
    give_back(effects, table, sizeof *table);
}

static struct effect_table *table_copy(struct rn_effects *effects, const struct effect_table *table)
{
    struct effect_table *copy = table_new(effects);

    if (!copy)
        return NULL;
    copy->height = table->height;
    copy->root = table->root;
    if (copy->root)
        copy->root->holders++;
    return copy;
}

struct effect_table *effect_table_inherit(struct rn_effects *effects, struct effect_table *table,
                                          bool shared)
{
    if (!table)
        return NULL;
    if (!shared)
        return table_copy(effects, table);
    table->holders++;
    return table;
}

void effect_table_exec(struct rn_effects *effects, struct effect_process *process)
{
    struct effect_table *table = process->files;

    if (table && table->holders > 1) {
        process->files = table_copy(effects, table);
        effect_table_drop(effects, table);
    }
    close_of(effects, process->files, &(struct closing){0, FD_LIMIT, true});
}
