/* SPDX-License-Identifier: MIT */
/* What diff_rules.c (the user's rules) and diff_learn.c (what varies by itself) share. */
#ifndef RN_DIFF_RULES_PRIVATE_H
#define RN_DIFF_RULES_PRIVATE_H

#include "diff_rules.h"

#include <regex.h>

enum action { ACTION_IGNORE, ACTION_KEEP, ACTION_NUMERIC, ACTION_MASK };

/* What varies from run to run: words of a text, or all of an object. */
struct learned {
    enum rn_effect_kind kind;
    char *name;
    bool whole;
    size_t words;  /* that the text has */
    uint8_t *vary; /* for each word: it varies */
};

struct rule {
    enum action action;
    uint32_t kinds; /* ACTION_IGNORE: bits of enum rn_effect_kind */
    enum rn_rule built_in;
    double share;
    char *pattern;
    regex_t regex;
    bool has_regex;
};

struct rn_diff_rules {
    struct rule *rules;
    size_t count;
    struct learned *learned;
    size_t learned_count;
};

/* Do they agree in all words but those that vary? *applies: something was learned about them. */
bool rn_diff_learned_equal(const struct rn_diff_rules *rules, const char *name,
                           const struct rn_buf *a, const struct rn_buf *b, bool *applies);

#endif
