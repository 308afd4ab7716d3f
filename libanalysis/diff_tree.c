/* SPDX-License-Identifier: MIT */
/* The tree of files: what has a path is found by its path on the other side, whatever it is there;
 * else by a name that differs in a random part only. */
#include "diff_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_MIN 6u

struct side {
    const struct rn_effect **list; /* in order of names */
    size_t count;
};

static bool has_path(enum rn_effect_kind kind)
{
    return kind == RN_EFFECT_FILE || kind == RN_EFFECT_DIRECTORY || kind == RN_EFFECT_SYMLINK ||
           kind == RN_EFFECT_SPECIAL || kind == RN_EFFECT_REMOVED;
}

/* What programs keep to start faster the next time, and may leave out: compiled modules, and what
 * is in a directory that is named so. */
static bool is_cache(const char *path)
{
    size_t length = strlen(path);

    return strstr(path, "/__pycache__/") || strstr(path, "/.cache/") ||
           strncmp(path, ".cache/", 7) == 0 || strncmp(path, "__pycache__", 11) == 0 ||
           (length > 12 && strcmp(path + length - 12, "/__pycache__") == 0) ||
           (length > 7 && strcmp(path + length - 7, "/.cache") == 0) ||
           (length > 4 && strcmp(path + length - 4, ".pyc") == 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct rn_effect *const *)a)->name,
                  (*(const struct rn_effect *const *)b)->name);
}

static bool collect(struct diff_job *job, const struct rn_effects *effects, struct side *side,
                    uint64_t *caches)
{
    size_t total;
    const struct rn_effect *list = rn_effects_list(effects, &total);
    bool keep = rn_diff_rules_keep(job->rules, RN_RULE_CACHES);

    side->count = 0;
    side->list = malloc((total + 1) * sizeof(*side->list));
    if (!side->list)
        return false;
    for (size_t i = 0; i < total; i++) {
        if (!has_path(list[i].kind))
            continue;
        if (!keep && is_cache(list[i].absolute ? list[i].absolute : list[i].name))
            ++*caches;
        else
            side->list[side->count++] = &list[i];
    }
    if (side->count)
        qsort(side->list, side->count, sizeof(*side->list), by_name);
    return true;
}

/* ---- names with a random part ---- */

struct span {
    size_t from, to;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where two names differ, widened to whole words. */
static void differing(const char *a, const char *b, struct span *in_a, struct span *in_b)
{
    size_t length_a = strlen(a), length_b = strlen(b), head = 0, tail = 0;

    while (a[head] && a[head] == b[head])
        head++;
    while (tail < length_a - head && tail < length_b - head &&
           a[length_a - 1 - tail] == b[length_b - 1 - tail])
        tail++;
    while (head > 0 && is_word(a[head - 1]))
        head--;
    while (tail > 0 && is_word(a[length_a - tail]))
        tail--;
    *in_a = (struct span){head, length_a - tail};
    *in_b = (struct span){head, length_b - tail};
}

/* Lower case, upper case and digits: names that people give rarely mix them without a sign between.
 */
static unsigned classes(const char *text, struct span span)
{
    unsigned found = 0;

    for (size_t i = span.from; i < span.to; i++) {
        if (!is_word(text[i]))
            return 0;
        found |= islower((unsigned char)text[i])   ? 1u
                 : isupper((unsigned char)text[i]) ? 2u
                 : isdigit((unsigned char)text[i]) ? 4u
                                                   : 0;
    }
    return (found & 1) + (found >> 1 & 1) + (found >> 2 & 1);
}

/* The word without the letters it begins with: "tmpab12cd", "out.1234". */
static bool is_pid(const struct rn_effects *effects, const char *text, struct span span)
{
    uint64_t value = 0;

    while (span.from < span.to && !isdigit((unsigned char)text[span.from]))
        span.from++;
    if (span.from == span.to || span.to - span.from > 10)
        return false;
    for (size_t i = span.from; i < span.to; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    return rn_effects_has_pid(effects, value);
}

static bool is_private(const struct rn_effect *effect)
{
    return effect->has & RN_EFFECT_HAS_MODE && (effect->mode & 077) == 0;
}

bool diff_names_match(const struct diff_job *job, const struct rn_effect *a,
                      const struct rn_effect *b)
{
    struct span in_a, in_b;

    if (a->kind != b->kind || strcmp(a->name, b->name) == 0)
        return false;
    differing(a->name, b->name, &in_a, &in_b);
    if (is_pid(job->effects_a, a->name, in_a) && is_pid(job->effects_b, b->name, in_b))
        return true;
    if (in_a.to - in_a.from != in_b.to - in_b.from || in_a.to - in_a.from < RANDOM_MIN ||
        !classes(a->name, in_a) || !classes(b->name, in_b))
        return false;
    return (classes(a->name, in_a) > 1 && classes(b->name, in_b) > 1) ||
           (is_private(a) && is_private(b));
}

/* Leftovers of both sides; each is used once. */
static void match_leftovers(struct diff_job *job, struct side *a, struct side *b)
{
    bool keep = rn_diff_rules_keep(job->rules, RN_RULE_TEMPORARY_NAMES);

    for (size_t i = 0; i < a->count; i++) {
        const struct rn_effect *match = NULL;

        for (size_t j = 0; j < b->count && !match && !keep; j++) {
            if (!b->list[j] || !diff_names_match(job, a->list[i], b->list[j]))
                continue;
            match = b->list[j];
            b->list[j] = NULL;
            diff_use_rule(job, RN_RULE_TEMPORARY_NAMES, 1, 1);
        }
        diff_object(job, a->list[i], match);
    }
    for (size_t j = 0; j < b->count; j++) {
        if (b->list[j])
            diff_object(job, NULL, b->list[j]);
    }
}

/* One side took away what was there; the finding is about what the other one left. */
static void removed_by_one(struct diff_job *job, const struct rn_effect *a,
                           const struct rn_effect *b)
{
    bool by_a = a->kind == RN_EFFECT_REMOVED;
    const struct rn_effect *left = by_a ? b : a;
    struct rn_finding *finding =
        diff_finding(job, a, b, RN_FINDING_DIFFERENT, "%s takes away what was there, %s leaves one",
                     by_a ? "A" : "B", by_a ? "B" : "A");

    if (finding)
        snprintf(finding->name, sizeof finding->name, "%s %s", rn_effect_kind_name(left->kind),
                 left->name);
}

static void both(struct diff_job *job, const struct rn_effect *a, const struct rn_effect *b)
{
    if (a->kind == b->kind)
        diff_object(job, a, b);
    else if (a->kind == RN_EFFECT_REMOVED || b->kind == RN_EFFECT_REMOVED)
        removed_by_one(job, a, b);
    else
        diff_finding(job, a, b, RN_FINDING_DIFFERENT, "%s against %s", rn_effect_kind_name(a->kind),
                     rn_effect_kind_name(b->kind));
}

/* Those with the same name are compared; what is left stays in the lists. */
static void match_names(struct diff_job *job, struct side *a, struct side *b)
{
    size_t i = 0, j = 0, left_a = 0, left_b = 0;

    while (i < a->count || j < b->count) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : strcmp(a->list[i]->name, b->list[j]->name);

        if (order == 0)
            both(job, a->list[i++], b->list[j++]);
        else if (order < 0)
            a->list[left_a++] = a->list[i++];
        else
            b->list[left_b++] = b->list[j++];
    }
    a->count = left_a;
    b->count = left_b;
}

void diff_tree(struct diff_job *job)
{
    struct side a = {NULL, 0}, b = {NULL, 0};
    uint64_t caches_a = 0, caches_b = 0;

    if (!collect(job, job->effects_a, &a, &caches_a) ||
        !collect(job, job->effects_b, &b, &caches_b)) {
        job->failed = true;
    } else {
        match_names(job, &a, &b);
        match_leftovers(job, &a, &b);
        if (caches_a != caches_b)
            diff_use_rule(job, RN_RULE_CACHES, caches_a, caches_b);
    }
    free(a.list);
    free(b.list);
}
