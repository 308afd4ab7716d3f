/* SPDX-License-Identifier: MIT */
/* Connections and calls: several of one name are compared in order where one thread made them, and
 * as a bag where several did. */
#include "diff_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- connections ---- */

static bool same_sent(const struct rn_connection *a, const struct rn_connection *b)
{
    return a->refused == b->refused && a->sent_length == b->sent_length &&
           ((a->sent_known && b->sent_known && a->sent_crc == b->sent_crc) ||
            diff_digests(&a->sent_digest, &b->sent_digest) == DIGESTS_EQUAL);
}

static bool same_received(const struct rn_connection *a, const struct rn_connection *b)
{
    return a->received_length == b->received_length &&
           ((a->received_known && b->received_known && a->received_crc == b->received_crc) ||
            diff_digests(&a->received_digest, &b->received_digest) == DIGESTS_EQUAL);
}

static bool same_connection(const struct rn_connection *a, const struct rn_connection *b)
{
    return same_sent(a, b) && same_received(a, b) && a->turn_sum == b->turn_sum;
}

/* A finding about one connection or two; NULL: none on that side. */
static struct rn_finding *finding_of(struct diff_job *job, const struct rn_connection *a,
                                     const struct rn_connection *b, enum rn_finding_kind kind,
                                     const char *what)
{
    struct rn_finding *finding = diff_finding(job, NULL, NULL, kind, "%s", what);

    if (!finding)
        return NULL;
    snprintf(finding->name, sizeof finding->name, "connection %s", a ? a->name : b->name);
    finding->has_place_a = a != NULL;
    finding->has_place_b = b != NULL;
    if (a)
        finding->place_a = a->place;
    if (b)
        finding->place_b = b->place;
    return finding;
}

static void diff_sent(struct diff_job *job, const struct rn_connection *a,
                      const struct rn_connection *b)
{
    struct rn_image_difference difference;
    struct rn_finding *finding;
    char what[200];

    if (a->refused != b->refused) {
        finding_of(job, a, b, RN_FINDING_DIFFERENT, a->refused ? "refused in A" : "refused in B");
        return;
    }
    if ((!a->sent_known || !b->sent_known) &&
        diff_digests(&a->sent_digest, &b->sent_digest) != DIGESTS_DIFFER) {
        finding_of(job, a, b, RN_FINDING_UNKNOWN, "bytes were sent without a fingerprint");
        return;
    }
    snprintf(what, sizeof what, "bytes sent differ; %llu bytes against %llu",
             (unsigned long long)a->sent_length, (unsigned long long)b->sent_length);
    finding = finding_of(job, a, b, RN_FINDING_DIFFERENT, what);
    if (!finding || !a->sent || !b->sent ||
        rn_image_compare(a->sent, b->sent, false, false, &difference) != RN_IMAGE_DIFFER)
        return;
    finding->has_difference = true;
    finding->difference = difference;
    snprintf(finding->what, sizeof finding->what,
             "bytes sent differ from byte %llu on; %llu bytes against %llu",
             (unsigned long long)difference.from, (unsigned long long)a->sent_length,
             (unsigned long long)b->sent_length);
    if (difference.a)
        finding->place_a = difference.a->place;
    if (difference.b)
        finding->place_b = difference.b->place;
}

static void diff_pair(struct diff_job *job, const struct rn_connection *a,
                      const struct rn_connection *b)
{
    char what[200];

    if (!same_sent(a, b)) {
        diff_sent(job, a, b);
    } else if (!same_received(a, b)) {
        finding_of(job, a, b, RN_FINDING_INPUT, "the same was sent, and something else received");
    } else if (a->turn_sum != b->turn_sum) {
        snprintf(
            what, sizeof what,
            "the same bytes, but requests and responses in another order (%u turns against %u)",
            a->turns, b->turns);
        finding_of(job, a, b, RN_FINDING_DIFFERENT, what);
    } else {
        finding_of(job, a, b, RN_FINDING_EQUAL, "");
    }
}

struct group {
    const struct rn_connection *list;
    size_t count;
};

static bool one_thread(const struct group *group)
{
    for (size_t i = 1; i < group->count; i++) {
        if (group->list[i].thread != group->list[0].thread)
            return false;
    }
    return true;
}

static int by_content(const void *left, const void *right)
{
    const struct rn_connection *a = *(const struct rn_connection *const *)left;
    const struct rn_connection *b = *(const struct rn_connection *const *)right;
    int order;

    if (a->sent_length != b->sent_length)
        return a->sent_length < b->sent_length ? -1 : 1;
    if (a->sent_crc != b->sent_crc)
        return a->sent_crc < b->sent_crc ? -1 : 1;
    if (a->received_length != b->received_length)
        return a->received_length < b->received_length ? -1 : 1;
    if (a->received_crc != b->received_crc)
        return a->received_crc < b->received_crc ? -1 : 1;
    if (a->turn_sum != b->turn_sum)
        return a->turn_sum < b->turn_sum ? -1 : 1;
    order = memcmp(&a->sent_digest.bytes, &b->sent_digest.bytes, sizeof a->sent_digest.bytes);
    return order ? order
                 : memcmp(&a->received_digest.bytes, &b->received_digest.bytes,
                          sizeof a->received_digest.bytes);
}

static const struct rn_connection **sorted(struct diff_job *job, const struct group *group)
{
    const struct rn_connection **list = malloc((group->count + 1) * sizeof(*list));

    if (!list) {
        job->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < group->count; i++)
        list[i] = &group->list[i];
    if (group->count)
        qsort(list, group->count, sizeof(*list), by_content);
    return list;
}

/* Equal ones are taken out of both; what is left is compared one by one. */
static void diff_bags(struct diff_job *job, const struct group *a, const struct group *b)
{
    const struct rn_connection **left = sorted(job, a), **right = sorted(job, b);
    size_t i = 0, j = 0, left_a = 0, left_b = 0;

    while (left && right && (i < a->count || j < b->count)) {
        int order = i == a->count ? 1 : j == b->count ? -1 : by_content(&left[i], &right[j]);

        if (order == 0 && same_connection(left[i], right[j])) {
            finding_of(job, left[i], right[j], RN_FINDING_EQUAL, "");
            i++;
            j++;
        } else if (order <= 0) {
            left[left_a++] = left[i++];
        } else {
            right[left_b++] = right[j++];
        }
    }
    for (size_t k = 0; left && right && (k < left_a || k < left_b); k++) {
        if (k < left_a && k < left_b)
            diff_pair(job, left[k], right[k]);
        else
            finding_of(job, k < left_a ? left[k] : NULL, k < left_b ? right[k] : NULL,
                       RN_FINDING_DIFFERENT, k < left_a ? "only in A" : "only in B");
    }
    free(left);
    free(right);
}

static void diff_group(struct diff_job *job, const struct group *a, const struct group *b)
{
    size_t both = a->count < b->count ? a->count : b->count;

    if (!one_thread(a) || !one_thread(b)) {
        diff_bags(job, a, b);
        return;
    }
    for (size_t i = 0; i < both; i++)
        diff_pair(job, &a->list[i], &b->list[i]);
    for (size_t i = both; i < a->count; i++)
        finding_of(job, &a->list[i], NULL, RN_FINDING_DIFFERENT, "only in A");
    for (size_t i = both; i < b->count; i++)
        finding_of(job, NULL, &b->list[i], RN_FINDING_DIFFERENT, "only in B");
}

static struct group next_group(const struct rn_connection *list, size_t count, size_t *at)
{
    struct group group = {.list = list + *at};

    do
        group.count++;
    while (*at + group.count < count &&
           (list[*at + group.count].name == group.list->name ||
            strcmp(list[*at + group.count].name, group.list->name) == 0));
    *at += group.count;
    return group;
}

void diff_connections(struct diff_job *job)
{
    size_t count_a, count_b, i = 0, j = 0;
    const struct rn_connection *a = rn_effects_connections(job->effects_a, &count_a);
    const struct rn_connection *b = rn_effects_connections(job->effects_b, &count_b);

    while (i < count_a || j < count_b) {
        int order = i == count_a ? 1 : j == count_b ? -1 : strcmp(a[i].name, b[j].name);
        const char *name = order <= 0 ? a[i].name : b[j].name;
        struct group left = {NULL, 0}, right = {NULL, 0};

        if (order <= 0)
            left = next_group(a, count_a, &i);
        if (order >= 0)
            right = next_group(b, count_b, &j);
        if (rn_diff_rules_ignore(job->rules, RN_EFFECT_CONNECTION, name))
            diff_use_rule(job, RN_RULE_USER, left.count, right.count);
        else
            diff_group(job, &left, &right);
    }
}

/* ---- calls ---- */

void diff_calls(struct diff_job *job)
{
    size_t count_a, count_b, i = 0, j = 0;
    const struct rn_effect *a = diff_kind(job->effects_a, RN_EFFECT_CALL, &count_a);
    const struct rn_effect *b = diff_kind(job->effects_b, RN_EFFECT_CALL, &count_b);

    while (i < count_a || j < count_b) {
        int order = i == count_a ? 1 : j == count_b ? -1 : strcmp(a[i].name, b[j].name);

        diff_object(job, order <= 0 ? &a[i] : NULL, order >= 0 ? &b[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
}
