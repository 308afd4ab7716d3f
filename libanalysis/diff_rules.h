/* SPDX-License-Identifier: MIT */
/* The user's rules for comparing: a text file, one rule a line, '#' begins a comment.
 *
 *     ignore KIND PATTERN     objects of that kind and name are not compared; KIND: file (anything
 *                             that has a path), stream, connection, datagrams, call, input, any
 *     keep NAME               the built-in rule of that name erases nothing
 *     numeric PATTERN SHARE   numbers in the text of that object may differ by SHARE of the larger
 *     mask PATTERN REGEX      in the text of that object, what matches (POSIX extended) is equal
 *
 * PATTERN is a shell pattern over the name as reports show it ('*' also matches '/'). numeric and
 * mask need the bytes themselves (rn-record --content). */
#ifndef RN_DIFF_RULES_H
#define RN_DIFF_RULES_H

#include "effect.h"

struct rn_diff_rules;

struct rn_diff_rules *rn_diff_rules_new(void); /* NULL: no memory */
void rn_diff_rules_free(struct rn_diff_rules *rules);

/* One line; RN_E_USAGE where it makes no sense. */
RN_MUST_CHECK enum rn_status rn_diff_rules_add(struct rn_diff_rules *rules, const char *line,
                                               struct rn_error *err);
/* A whole text; errors name the line. */
RN_MUST_CHECK enum rn_status rn_diff_rules_parse(struct rn_diff_rules *rules, const char *text,
                                                 size_t size, struct rn_error *err);

/* Two runs of one program differ in this object (one may be NULL): that is how it is. Where both
 * have their bytes kept, and differ in words only, those words are learned; else the object. */
RN_MUST_CHECK enum rn_status rn_diff_rules_learn(struct rn_diff_rules *rules,
                                                 const struct rn_effect *a,
                                                 const struct rn_effect *b, struct rn_error *err);
/* Names of the objects that something was learned about, separated by commas, cut to `size`. */
void rn_diff_rules_learned(const struct rn_diff_rules *rules, char *out, size_t size);
/* Does the whole object vary by itself? */
bool rn_diff_rules_varies(const struct rn_diff_rules *rules, enum rn_effect_kind kind,
                          const char *name);

/* All accept NULL for no rules. */
bool rn_diff_rules_keep(const struct rn_diff_rules *rules, enum rn_rule rule);
bool rn_diff_rules_ignore(const struct rn_diff_rules *rules, enum rn_effect_kind kind,
                          const char *name);

/* Are the texts equal under the rules for the object of that name? *applies: there are some. */
bool rn_diff_rules_equal(const struct rn_diff_rules *rules, const char *name,
                         const struct rn_buf *a, const struct rn_buf *b, bool *applies);

#endif
