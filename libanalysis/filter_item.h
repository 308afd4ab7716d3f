/* SPDX-License-Identifier: MIT */
/* Inside the filter: an item of an expression; what filter_parse.c and filter_item.c share. */
#ifndef RN_FILTER_ITEM_H
#define RN_FILTER_ITEM_H

#include "filter_set.h"

enum rn_filter_list {
    LIST_TRACE,
    LIST_KIND,
    LIST_SIGNAL,
    LIST_STATUS,
    LIST_KERNEL,
    LIST_CALL,
    LIST_DIRECTION,
    LIST_API,
    LISTS
};

#define RN_FILTER_ALONE SIZE_MAX
struct rn_filter_item {
    const char *text; /* without "!" */
    size_t length, offset; /* offset: in an expression; RN_FILTER_ALONE: it is in none */
    enum rn_filter_list list;
    bool negated;
};

/* Is it that word? */
bool rn_filter_item_is(const struct rn_filter_item *term, const char *word);
/* RN_E_USAGE: it is no `what`; with what was probably meant. */
enum rn_status rn_filter_item_unknown(const struct rn_filter_item *term, const char *what,
                                      struct rn_error *err);
/* Kinds of events that items of a list with names, directions or APIs are about; 0: another list.
 */
uint32_t rn_filter_item_kinds(enum rn_filter_list list);
/* An item of such a list. */
enum rn_status rn_filter_item_apply(struct rn_filter_set *set, const struct rn_filter_item *term,
                                    struct rn_error *err);

#endif
