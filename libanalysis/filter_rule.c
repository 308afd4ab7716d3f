/* SPDX-License-Identifier: MIT */
/* Selection of kernels, transfers and calls of APIs by what they carry. */
#include "filter_set.h"

#include <string.h>

/* Goes back to the last star alone: time is the product of the lengths at most. */
bool rn_filter_glob(const char *pattern, size_t pattern_length, const char *text, size_t length)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

    while (t < length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern_length && (pattern[p] == '?' || pattern[p] == text[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}

void rn_filter_rules_void(struct rn_filter_set *set, uint32_t kinds)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->rule_count; i++) {
        set->rules[i].kinds &= ~kinds;
        if (set->rules[i].kinds)
            set->rules[kept++] = set->rules[i];
    }
    set->rule_count = kept;
}

uint32_t rn_filter_rules_kinds(const struct rn_filter_set *set)
{
    uint32_t kinds = 0;

    for (uint32_t i = 0; i < set->rule_count; i++) {
        if (set->rules[i].selected)
            kinds |= set->rules[i].kinds;
    }
    return kinds;
}

static bool name_matches(const struct rn_filter_rule *rule, const struct rn_event *event)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);

    if (!name || !name->data)
        return rn_filter_glob(rule->pattern, rule->length, "?", 1);
    return rn_filter_glob(rule->pattern, rule->length, (const char *)name->data, name->size);
}

static uint64_t direction_of(uint64_t direction)
{
    return direction <= RN_DIRECTION_FILL ? direction : RN_DIRECTION_UNKNOWN;
}

static uint64_t api_of(const struct rn_event *event)
{
    uint64_t api = event->kind == RN_KIND_KERNEL ? event->u.kernel.api
                   : event->kind == RN_KIND_API  ? event->u.api.api
                                                 : event->u.transfer.api;

    return api <= RN_API_VULKAN ? api : RN_API_OTHER;
}

static bool rule_matches(const struct rn_filter_rule *rule, const struct rn_event *event)
{
    if (!(rule->kinds >> event->kind & 1))
        return false;
    switch (rule->match) {
    case RN_MATCH_NAME:
        return name_matches(rule, event);
    case RN_MATCH_DIRECTION:
        return direction_of(event->u.transfer.direction) == rule->value;
    case RN_MATCH_API:
        return api_of(event) == rule->value;
    }
    return false;
}

bool rn_filter_rules_match(const struct rn_filter_set *set, const struct rn_event *event)
{
    for (uint32_t i = set->rule_count; i-- > 0;) {
        if (rule_matches(&set->rules[i], event))
            return set->rules[i].selected;
    }
    return set->kinds >> event->kind & 1;
}

/* Its interface is not known, so no rule of an interface speaks of it. */
bool rn_filter_rules_match_aggregate(const struct rn_filter_set *set, const struct rn_event *event)
{
    uint64_t of = event->u.aggregate.of;

    for (uint32_t i = set->rule_count; i-- > 0;) {
        const struct rn_filter_rule *rule = &set->rules[i];

        if (!(rule->kinds >> of & 1) || rule->match == RN_MATCH_API)
            continue;
        if (rule->match == RN_MATCH_NAME
                ? name_matches(rule, event)
                : direction_of(event->u.aggregate.direction) == rule->value)
            return rule->selected;
    }
    return set->kinds >> of & 1;
}
