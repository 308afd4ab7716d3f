/* SPDX-License-Identifier: MIT */
/* System calls by the stacks that they were made from, as a tree: from the outermost function
 * inwards, the time and number of calls beneath each.
 *
 * Memory: some 150 bytes a node, up to RN_CALL_TREE_NODES; stacks that would need more end in a
 * node "(other)" of where they leave the tree, and functions further in than RN_CALL_TREE_DEPTH
 * count for the one there. Not thread-safe. */
#ifndef RN_CALL_TREE_H
#define RN_CALL_TREE_H

#include "call_stack.h"

#define RN_CALL_TREE_NODES (1u << 16)
#define RN_CALL_TREE_DEPTH 64u

struct rn_call_tree_node {
    char *name; /* of the function; "[FILE]" where it has none; owned by the tree */
    struct rn_call_tree_node *parent, *child, *next; /* child: the first one; next: sibling */
    uint32_t depth;                                  /* 0: the root */
    uint64_t calls, total_ns;                        /* of it and beneath it; saturating */
    uint64_t self_calls, self_ns;                    /* whose innermost function it is */
};

struct rn_call_tree;
struct rn_call_tree *rn_call_tree_new(void); /* NULL: no memory */
void rn_call_tree_free(struct rn_call_tree *tree);

/* False without memory. */
bool rn_call_tree_add(struct rn_call_tree *tree, const struct rn_call_stack *stack,
                      uint64_t duration_ns);
/* Children in order of time, greatest first; once everything has been added. */
void rn_call_tree_sort(struct rn_call_tree *tree);
/* Its name is "(all)"; borrowed as long as the tree. */
const struct rn_call_tree_node *rn_call_tree_root(const struct rn_call_tree *tree);
bool rn_call_tree_overflowed(const struct rn_call_tree *tree); /* there is an "(other)" */

#endif
