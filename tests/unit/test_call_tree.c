/* SPDX-License-Identifier: MIT */
#include "libanalysis/call_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rn_call_tree *tree;

static int begin(void **state)
{
    (void)state;
    tree = rn_call_tree_new();
    return tree ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_call_tree_free(tree);
    return 0;
}

/* Names, innermost first, parted by blanks; "-" is a frame without a name, "a+b" has a inlined in
 * b. */
static void add(const char *names, uint64_t duration_ns)
{
    static struct rn_code_module module = {.path = (char *)"/lib/libx.so"};
    struct rn_symbol_frame functions[256];
    struct rn_symbol symbols[128];
    struct rn_stack_frame frames[128];
    struct rn_call_stack stack = {.frames = frames};
    char *copy = strdup(names), *save = NULL;
    size_t function_count = 0;

    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        struct rn_symbol *symbol = &symbols[stack.count];
        char *rest = word;

        *symbol = (struct rn_symbol){.frames = &functions[function_count]};
        for (char *part = strsep(&rest, "+"); part && strcmp(part, "-") != 0;
             part = strsep(&rest, "+")) {
            functions[function_count++] = (struct rn_symbol_frame){.function = part};
            symbol->count++;
        }
        frames[stack.count++] = (struct rn_stack_frame){.module = &module, .symbol = symbol};
    }
    assert_true(rn_call_tree_add(tree, &stack, duration_ns));
    free(copy);
}

static const struct rn_call_tree_node *child(const struct rn_call_tree_node *node, const char *name)
{
    for (node = node->child; node; node = node->next) {
        if (strcmp(node->name, name) == 0)
            return node;
    }
    fail_msg("no child %s", name);
    return NULL;
}

static void sums(void **state)
{
    const struct rn_call_tree_node *root, *main;

    (void)state;
    add("read load main", 10);
    add("read load main", 20);
    add("write load main", 5);
    add("write save+tiny main", 100);
    add("- main", 3);
    add("load main", 1);
    rn_call_tree_sort(tree);
    root = rn_call_tree_root(tree);
    assert_int_equal(root->calls, 6);
    assert_int_equal(root->total_ns, 139);
    assert_int_equal(root->self_calls, 0);
    main = child(root, "main");
    assert_int_equal(main->total_ns, 139);
    /* The greatest is first. */
    assert_string_equal(main->child->name, "tiny");
    assert_int_equal(child(child(main, "tiny"), "save")->total_ns, 100);
    assert_int_equal(child(main, "load")->calls, 4);
    assert_int_equal(child(main, "load")->total_ns, 36);
    assert_int_equal(child(main, "load")->self_ns, 1);
    assert_int_equal(child(child(main, "load"), "read")->self_ns, 30);
    assert_int_equal(child(main, "[libx.so]")->self_ns, 3);
    assert_false(rn_call_tree_overflowed(tree));
}

/* Recursion far deeper than the tree, and no stack at all. */
static void deep(void **state)
{
    char names[128 * 2 + 1] = "";
    const struct rn_call_tree_node *node;

    (void)state;
    for (unsigned i = 0; i < 127; i++)
        strcat(names, "f ");
    add(names, 7);
    add("", 2);
    rn_call_tree_sort(tree);
    node = rn_call_tree_root(tree);
    assert_int_equal(node->calls, 2);
    assert_int_equal(node->self_ns, 2);
    while (node->child)
        node = node->child;
    assert_int_equal(node->depth, RN_CALL_TREE_DEPTH);
    assert_int_equal(node->self_ns, 7);
}

static size_t count_nodes(const struct rn_call_tree_node *node)
{
    size_t count = 1;

    for (const struct rn_call_tree_node *at = node->child; at; at = at->next)
        count += count_nodes(at);
    return count;
}

/* More different stacks than there is room for: nothing is lost of the sums. */
static void full(void **state)
{
    const struct rn_call_tree_node *root;
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < RN_CALL_TREE_NODES + 1000; i++) {
        char names[64];

        snprintf(names, sizeof names, "g f%u main", i);
        add(names, 1);
    }
    rn_call_tree_sort(tree);
    root = rn_call_tree_root(tree);
    assert_true(rn_call_tree_overflowed(tree));
    assert_int_equal(root->total_ns, RN_CALL_TREE_NODES + 1000);
    assert_in_range(count_nodes(root), RN_CALL_TREE_NODES, RN_CALL_TREE_NODES + 2);
    for (const struct rn_call_tree_node *at = child(root, "main")->child; at; at = at->next)
        sum += at->total_ns;
    assert_int_equal(sum, root->total_ns);
    assert_true(child(child(root, "main"), "(other)")->calls > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sums, begin, end),
        cmocka_unit_test_setup_teardown(deep, begin, end),
        cmocka_unit_test_setup_teardown(full, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
