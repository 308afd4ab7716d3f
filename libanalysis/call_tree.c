/* SPDX-License-Identifier: MIT */
#include "call_tree.h"

#include "formats/crc64.h"
#include "formats/id_map.h"
#include "saturating.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 1024u /* templates have longer names */

struct rn_call_tree {
    struct rn_call_tree_node **nodes; /* all of them; the first is the root */
    size_t count, capacity;
    struct rn_id_map by_key; /* the same, by parent and name: see key_of */
    bool overflowed;
};

static struct rn_call_tree_node *node_add(struct rn_call_tree *tree,
                                          struct rn_call_tree_node *parent, const char *name,
                                          size_t length)
{
    struct rn_call_tree_node *node;

    if (tree->count == tree->capacity) {
        size_t capacity = tree->capacity ? 2 * tree->capacity : 256;
        struct rn_call_tree_node **nodes = reallocarray(tree->nodes, capacity, sizeof(*nodes));

        if (!nodes)
            return NULL;
        tree->nodes = nodes;
        tree->capacity = capacity;
    }
    node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->name = strndup(name, length);
    if (!node->name) {
        free(node);
        return NULL;
    }
    node->parent = parent;
    node->depth = parent ? parent->depth + 1 : 0;
    if (parent) {
        node->next = parent->child;
        parent->child = node;
    }
    tree->nodes[tree->count++] = node;
    return node;
}

struct rn_call_tree *rn_call_tree_new(void)
{
    struct rn_call_tree *tree = calloc(1, sizeof *tree);

    if (tree && node_add(tree, NULL, "(all)", 5))
        return tree;
    rn_call_tree_free(tree);
    return NULL;
}

void rn_call_tree_free(struct rn_call_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i]->name);
        free(tree->nodes[i]);
    }
    free(tree->nodes);
    rn_id_map_free(&tree->by_key);
    free(tree);
}

/* Different nodes could have one key only by a collision of 64-bit checksums. */
static uint64_t key_of(const struct rn_call_tree_node *parent, const char *name, size_t length)
{
    return rn_crc64((uint64_t)(uintptr_t)parent, name, length);
}

/* The child of that name, made if it is new; NULL without memory. */
static struct rn_call_tree_node *child_of(struct rn_call_tree *tree,
                                          struct rn_call_tree_node *parent, const char *name)
{
    static const char other[] = "(other)";
    size_t length = strnlen(name, NAME_MAX_BYTES);
    uint64_t key = key_of(parent, name, length);
    struct rn_call_tree_node *node = rn_id_map_get(&tree->by_key, key);

    if (node)
        return node;
    /* Each node may need one "(other)": there is room for as many again. */
    if (tree->count >= RN_CALL_TREE_NODES) {
        tree->overflowed = true;
        name = other;
        length = sizeof other - 1;
        key = key_of(parent, name, length);
        node = rn_id_map_get(&tree->by_key, key);
        if (node)
            return node;
    }
    node = node_add(tree, parent, name, length);
    return node && rn_id_map_set(&tree->by_key, key, node) ? node : NULL;
}

/* One function further in. */
static struct rn_call_tree_node *enter(struct rn_call_tree *tree, struct rn_call_tree_node *node,
                                       const char *name)
{
    if (node->depth >= RN_CALL_TREE_DEPTH ||
        (tree->overflowed && strcmp(node->name, "(other)") == 0))
        return node;
    return child_of(tree, node, name);
}

/* The functions of one frame, those that are inlined in it included. */
static struct rn_call_tree_node *enter_frame(struct rn_call_tree *tree,
                                             struct rn_call_tree_node *node,
                                             const struct rn_stack_frame *frame)
{
    const struct rn_symbol *symbol = frame->symbol;
    const char *path = frame->module ? frame->module->path : "unknown code", *slash;
    char name[NAME_MAX_BYTES];

    for (uint32_t i = symbol ? symbol->count : 0; i-- > 0 && node;)
        node = enter(tree, node, symbol->frames[i].function);
    if (symbol && symbol->count)
        return node;
    slash = strrchr(path, '/');
    snprintf(name, sizeof name, "[%.*s]", (int)sizeof name - 3, slash ? slash + 1 : path);
    return enter(tree, node, name);
}

bool rn_call_tree_add(struct rn_call_tree *tree, const struct rn_call_stack *stack,
                      uint64_t duration_ns)
{
    struct rn_call_tree_node *node = tree->nodes[0];

    for (uint32_t i = stack->count; i-- > 0 && node;)
        node = enter_frame(tree, node, &stack->frames[i]);
    if (!node)
        return false;
    node->self_calls++;
    node->self_ns = rn_add_saturating(node->self_ns, duration_ns);
    for (; node; node = node->parent) {
        node->calls++;
        node->total_ns = rn_add_saturating(node->total_ns, duration_ns);
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct rn_call_tree_node *x = *(struct rn_call_tree_node *const *)a;
    const struct rn_call_tree_node *y = *(struct rn_call_tree_node *const *)b;

    if (x->total_ns != y->total_ns)
        return x->total_ns > y->total_ns ? -1 : 1;
    if (x->calls != y->calls)
        return x->calls > y->calls ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* All nodes are sorted at once, and put before their siblings from the last to the first. */
void rn_call_tree_sort(struct rn_call_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        tree->nodes[i]->child = NULL;
    if (tree->count > 2)
        qsort(tree->nodes + 1, tree->count - 1, sizeof(*tree->nodes), by_time);
    for (size_t i = tree->count; i-- > 1;) {
        struct rn_call_tree_node *node = tree->nodes[i];

        node->next = node->parent->child;
        node->parent->child = node;
    }
}

const struct rn_call_tree_node *rn_call_tree_root(const struct rn_call_tree *tree)
{
    return tree->nodes[0];
}

bool rn_call_tree_overflowed(const struct rn_call_tree *tree)
{
    return tree->overflowed;
}
