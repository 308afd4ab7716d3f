/* SPDX-License-Identifier: MIT */
/* Items of expressions: what is meant by a word that is none, and names, directions and APIs. */
#include "filter_item.h"

#include "formats/syscall_table.h"
#include "formats/value_name.h"
#include "formats/xlat.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 64 /* bytes of a bad item that a message repeats */

bool rn_filter_item_is(const struct rn_filter_item *term, const char *word)
{
    return term->length == strlen(word) && memcmp(term->text, word, term->length) == 0;
}

static void suggest_syscalls(struct rn_suggestion *best)
{
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        unsigned limit = rn_syscall_limit((enum rn_abi)abi);

        for (unsigned nr = 0; nr < limit; nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

            if (info)
                rn_suggestion_try(best, info->name);
        }
    }
}

static void suggest(struct rn_suggestion *best, enum rn_filter_list list, bool percent)
{
    static const char *const words[] = {"all", "none", "failed", NULL};
    static const char *const statuses[] = {"successful", "failed", "unfinished", NULL};

    switch (list) {
    case LIST_TRACE:
        rn_suggestion_try_all(best, rn_syscall_class_names);
        if (percent)
            break;
        suggest_syscalls(best);
        rn_suggestion_try_all(best, words);
        break;
    case LIST_KIND:
        for (unsigned kind = 1; kind < RN_KIND_STREAM; kind++)
            rn_suggestion_try(best, rn_kind_name((uint8_t)kind));
        break;
    case LIST_SIGNAL:
        for (unsigned signo = 1; signo < 65; signo++)
            rn_suggestion_try(best, rn_signal_name(signo));
        break;
    case LIST_STATUS:
        rn_suggestion_try_all(best, statuses);
        break;
    case LIST_DIRECTION:
        for (unsigned i = 0; i <= RN_DIRECTION_FILL; i++)
            rn_suggestion_try(best, rn_value_name(RN_VALUE_DIRECTION, i));
        break;
    case LIST_API:
        for (unsigned i = 0; i <= RN_API_VULKAN; i++)
            rn_suggestion_try(best, rn_value_name(RN_VALUE_API, i));
        break;
    default:
        break;
    }
}

enum rn_status rn_filter_item_unknown(const struct rn_filter_item *term, const char *what,
                                      struct rn_error *err)
{
    bool percent = term->text[0] == '%';
    struct rn_suggestion best = rn_suggestion_begin(term->text + percent, term->length - percent);
    int shown = term->length > SHOWN_MAX ? SHOWN_MAX : (int)term->length;

    char place[40] = "";

    if (term->offset != RN_FILTER_ALONE)
        snprintf(place, sizeof place, " at offset %zu", term->offset);
    suggest(&best, term->list, percent);
    if (best.word)
        return rn_fail(err, RN_E_USAGE, "'%.*s'%s is no %s; did you mean '%s'?", shown, term->text,
                       place, what, best.word);
    return rn_fail(err, RN_E_USAGE, "'%.*s'%s is no %s", shown, term->text, place, what);
}

/* What an item of these lists is about. */
static const uint32_t rule_kinds[LISTS] = {
    [LIST_KERNEL] = 1u << RN_KIND_KERNEL,
    [LIST_CALL] = 1u << RN_KIND_API,
    [LIST_DIRECTION] = 1u << RN_KIND_TRANSFER,
    [LIST_API] = RN_FILTER_RULE_KINDS,
};

uint32_t rn_filter_item_kinds(enum rn_filter_list list)
{
    return rule_kinds[list];
}

/* The number of a word of an enumeration; SIZE_MAX: it has no such word. */
static size_t value_of(const struct rn_filter_item *term, enum rn_value_table table, size_t count)
{
    for (size_t value = 0; value < count; value++) {
        if (rn_filter_item_is(term, rn_value_name(table, value)))
            return value;
    }
    return SIZE_MAX;
}

static enum rn_status find_value(const struct rn_filter_item *term, struct rn_filter_rule *rule,
                                 struct rn_error *err)
{
    bool direction = term->list == LIST_DIRECTION;
    size_t value = direction ? value_of(term, RN_VALUE_DIRECTION, RN_DIRECTION_FILL + 1)
                             : value_of(term, RN_VALUE_API, RN_API_VULKAN + 1);

    if (value == SIZE_MAX)
        return rn_filter_item_unknown(term, direction ? "direction of transfers" : "API", err);
    rule->match = direction ? RN_MATCH_DIRECTION : RN_MATCH_API;
    rule->value = value;
    return RN_OK;
}

enum rn_status rn_filter_item_apply(struct rn_filter_set *set, const struct rn_filter_item *term,
                                    struct rn_error *err)
{
    struct rn_filter_rule rule = {.kinds = rule_kinds[term->list], .selected = !term->negated};
    enum rn_status status = RN_OK;

    if (term->list == LIST_DIRECTION || term->list == LIST_API) {
        status = find_value(term, &rule, err);
    } else if (term->length <= RN_FILTER_MAX_PATTERN) {
        rule.length = (uint32_t)term->length;
        memcpy(rule.pattern, term->text, term->length);
    } else {
        status = rn_fail(err, RN_E_USAGE, "the name at offset %zu is longer than %u bytes",
                         term->offset, RN_FILTER_MAX_PATTERN);
    }
    if (status != RN_OK)
        return status;
    rn_filter_set_begin(set, term->negated);
    if (set->rule_count == RN_FILTER_MAX_RULES)
        return rn_fail(err, RN_E_USAGE, "more than %u names, directions and APIs",
                       RN_FILTER_MAX_RULES);
    set->rules[set->rule_count++] = rule;
    return RN_OK;
}
