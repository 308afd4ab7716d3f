/* SPDX-License-Identifier: MIT */
/* Inside the filter: what filter_parse.c fills and filter_match.c looks up. */
#ifndef RN_FILTER_SET_H
#define RN_FILTER_SET_H

#include "filter.h"

enum rn_filter_status { RN_STATUS_SUCCESSFUL = 1, RN_STATUS_FAILED = 2, RN_STATUS_UNFINISHED = 4 };
#define RN_STATUS_ALL 7u

struct rn_id_list {
    uint64_t *ids;
    size_t count;
};

/* What an item says of kernels, transfers and calls of APIs: events of these kinds that it matches
 * are selected, or not, whatever was said before. */
struct rn_filter_rule {
    uint32_t kinds; /* bit kind, of RN_FILTER_RULE_KINDS */
    bool selected;
    enum rn_filter_match { RN_MATCH_NAME, RN_MATCH_DIRECTION, RN_MATCH_API } match;
    uint64_t value; /* enum rn_direction, enum rn_api */
    uint32_t length;
    char pattern[RN_FILTER_MAX_PATTERN]; /* of names */
};
#define RN_FILTER_RULE_KINDS (1u << RN_KIND_KERNEL | 1u << RN_KIND_TRANSFER | 1u << RN_KIND_API)

/* The selected events. */
struct rn_filter_set {
    uint64_t syscalls[RN_ABI_COUNT][RN_FILTER_MAX_NR / 64];
    bool syscalls_beyond; /* numbers over the bitmap, ABIs that this build does not know */
    uint64_t signals[2];  /* bit signo, for signo < 128 */
    uint64_t kinds;       /* all other kinds: bit kind; before the rules have their say */
    struct rn_filter_rule rules[RN_FILTER_MAX_RULES]; /* the last one that matches decides */
    uint32_t rule_count;
    unsigned status; /* of system calls: enum rn_filter_status */
    bool begun;      /* a term has worked on the set */
    bool status_given;
};

struct rn_filter {
    struct rn_filter_set set;
    struct rn_id_list pids, tids;
    bool has_time, overlapping;
    uint64_t from_ns, to_ns, min_duration_ns;
};

/* All events that there can be, and none. */
void rn_filter_set_fill(struct rn_filter_set *set, bool selected);
/* Before an item: where it is the first, nothing is selected, or everything where it takes away. */
void rn_filter_set_begin(struct rn_filter_set *set, bool negated);

/* filter_rule.c: what was said of these kinds before is void. */
void rn_filter_rules_void(struct rn_filter_set *set, uint32_t kinds);
/* Kinds that a rule selects something of. */
uint32_t rn_filter_rules_kinds(const struct rn_filter_set *set);
/* Is an event of a kind of RN_FILTER_RULE_KINDS selected, or the events of an aggregate of them? */
bool rn_filter_rules_match(const struct rn_filter_set *set, const struct rn_event *event);
bool rn_filter_rules_match_aggregate(const struct rn_filter_set *set, const struct rn_event *event);
/* `*` is any number of bytes, `?` one. */
bool rn_filter_glob(const char *pattern, size_t pattern_length, const char *text, size_t length);

#endif
